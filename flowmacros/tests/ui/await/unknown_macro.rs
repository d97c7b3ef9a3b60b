use flowrt::prelude::*;

macro_rules! twice {
    ($value:expr) => {
        $value + $value
    };
}

#[task]
async fn count() -> Result<u32> {
    Ok(1)
}

#[flow]
async fn report() -> Result<u32> {
    Ok(twice!(count().await?))
}

fn main() {}
