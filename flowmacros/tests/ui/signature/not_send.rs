use std::rc::Rc;

use flowrt::prelude::*;

#[task]
async fn count() -> Result<u32> {
    let shared = Rc::new(1);
    tokio::task::yield_now().await;
    Ok(*shared)
}

#[flow]
async fn report() -> Result<u32> {
    let shared = Rc::new(1);
    let one = count().await?;
    Ok(one + *shared)
}

fn main() {}
