use flowrt::prelude::*;

fn transient(message: &str) -> bool {
    message.contains("again")
}

fn shout() {}

fn key_of(page: &String) -> String {
    page.clone()
}

#[task(retry_if = transient, on_failure = shout, cache = "1h", cache_key = key_of)]
async fn one(page: u32) -> Result<u32> {
    Ok(page)
}

#[flow(on_failure = shout)]
async fn two() -> Result<u32> {
    one(1).await
}

fn main() {}
