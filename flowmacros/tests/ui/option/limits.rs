use flowrt::prelude::*;

limit!(DB, 0);
limit!(SLOTS, 4, burst = 2, kind = fixed);
limit!(API, "10/s", kind = quick);
limit!("10/s");

#[task(limit = OFERS_API)]
async fn one() -> Result<u32> {
    Ok(1)
}

#[task(limit = API, limit_key = regoin)]
async fn two(region: String) -> Result<u32> {
    drop(region);
    Ok(1)
}

#[task(limit = "api")]
async fn three() -> Result<u32> {
    Ok(1)
}

#[task(limit = API * 0)]
async fn four() -> Result<u32> {
    Ok(1)
}

fn main() {}
