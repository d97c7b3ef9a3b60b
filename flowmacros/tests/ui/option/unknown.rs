use flowrt::prelude::*;

#[task(retires = 3, colour = "red", schedule = "0 10 * * *")]
async fn one() -> Result<u32> {
    Ok(1)
}

#[flow(retries = 1, retries = 2, cache = "1h", concurency = 3)]
async fn two(#[arg(defualt = 3)] pages: u32) -> Result<u32> {
    Ok(pages)
}

#[flow]
async fn callers() -> Result<u32> {
    Ok(one().await? + two(1).await?)
}

fn main() {}
