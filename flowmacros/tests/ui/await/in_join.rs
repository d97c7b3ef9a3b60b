use flowrt::prelude::*;
use futures_util::join;

#[task]
async fn count() -> Result<u32> {
    Ok(1)
}

#[flow]
async fn report() -> Result<u32> {
    let (one, ()) = join!(count(), tokio::task::yield_now());
    one
}

fn main() {}
