use flowrt::prelude::*;

#[task]
async fn count() -> Result<u32> {
    Ok(1)
}

#[task]
async fn double(number: u32) -> Result<u32> {
    Ok(number * 2)
}

#[flow]
async fn report() -> Result<u32> {
    let number = count().await;
    double(number).await
}

#[flow]
async fn not_awaited() -> Result<u32> {
    let number = count();
    double(number).await
}

fn main() {}
