use flowrt::prelude::*;

#[task]
async fn count() -> Result<u32> {
    Ok(1)
}

#[flow]
async fn report() -> Result<u32> {
    tokio::select! {
        one = count() => one,
        two = count() => two,
    }
}

fn main() {}
