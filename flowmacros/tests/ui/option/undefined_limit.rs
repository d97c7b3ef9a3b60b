use flowrt::prelude::*;

limit!(OFFERS_API, "100 per minute");

#[task(limit = OFERS_API)]
async fn fetch() -> Result<u32> {
    Ok(1)
}

#[flow]
async fn report() -> Result<u32> {
    fetch().await
}

fn main() {}
