use flowrt::prelude::*;

fn key_of() -> String {
    String::new()
}

#[task(retry_delay = "1s", backoff = "1s..5m", limit_key = region, cache_key = key_of, when_full = skip)]
async fn one() -> Result<u32> {
    Ok(1)
}

#[task(timeout = "20s")]
fn two() -> Result<u32> {
    Ok(1)
}

#[task(cache = "1h")]
async fn three(ctx: &TaskContext) -> Result<u32> {
    Ok(ctx.attempt())
}

#[flow(inline, max_runs = 3)]
async fn four() -> Result<u32> {
    Ok(1)
}

#[flow(fail_fast, timezone = "Asia/Tokyo", when_full = skip)]
async fn five() -> Result<u32> {
    Ok(1)
}

#[flow(inline)]
fn six() -> Result<u32> {
    Ok(1)
}

#[task(memory = "64MiB", cpu = "1m")]
async fn seven() -> Result<u32> {
    Ok(1)
}

fn main() {}
