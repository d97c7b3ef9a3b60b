use flowrt::prelude::*;

#[task]
async fn name() -> &'static str {
    "name"
}

#[task]
async fn numbers() -> Result<impl Iterator<Item = u32>> {
    Ok(0..3)
}

#[task]
async fn forever() -> ! {
    loop {
        tokio::task::yield_now().await;
    }
}

fn main() {}
