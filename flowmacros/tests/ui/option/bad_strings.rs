use flowrt::prelude::*;

limit!(OFFERS_API, "100 per fortnigth");

#[task(timeout = "20 sconds", retry_delay = "1s, 5x", cache = "1d 2")]
async fn one() -> Result<u32> {
    Ok(1)
}

#[task(backoff = "5m..1s")]
async fn two() -> Result<u32> {
    Ok(1)
}

#[flow(schedule = "0 25 * * *", timezone = "Europe/Viena")]
async fn three() -> Result<u32> {
    Ok(1)
}

#[task(isolate, memory = "64mib", cpu = "1 hour and a half")]
async fn four() -> Result<u32> {
    Ok(1)
}

fn main() {}
