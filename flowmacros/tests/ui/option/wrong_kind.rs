use flowrt::prelude::*;

#[task(
    retries = "3",
    retry_delay = 5,
    timeout = 20,
    jitter = 2,
    tags = [1, "etl"],
    name = "",
    durable = "yes",
    on_crash = park,
    retry_if = "transient",
    isolate = "yes",
)]
async fn one() -> Result<u32> {
    Ok(1)
}

#[flow(concurrency = 0, name = "a/b", retries = -1, timeout, fail_fast(true), when_full = "skip")]
async fn two(#[arg] pages: u32, #[arg(flag = "--Max")] lines: u32) -> Result<u32> {
    Ok(pages + lines)
}

fn main() {}
