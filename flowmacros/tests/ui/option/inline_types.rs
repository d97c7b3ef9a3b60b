use flowrt::prelude::*;

#[task]
async fn one(n: u32) -> Result<u32> {
    Ok(n)
}

#[flow(inline, timeout = "5s")]
async fn no_result() -> u32 {
    one(1).await.unwrap_or(0)
}

#[flow(inline, retries = 2)]
async fn other_error() -> Result<u32, String> {
    one(1).await.map_err(|error| error.to_string())
}

struct Once;

#[flow(inline, retries = 2)]
async fn not_clone(once: Once, n: u32) -> Result<u32> {
    let _ = once;
    one(n).await
}

fn main() {}
