//! A race of one, and a poll that does not know what it waits for.

use flowrt::prelude::*;

#[task]
async fn status() -> Result<u32> {
    Ok(2)
}

#[flow]
async fn race_of_one() -> Result<u32> {
    race((status(),)).await
}

#[flow]
async fn poll_without_until() -> Result<u32> {
    poll(Duration::from_secs(1), || status()).await
}

#[flow]
async fn no_such_number() -> Result<String> {
    Ok(random::<String>())
}

fn main() {}
