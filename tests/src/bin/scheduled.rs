//! Puts what is due into the queue until it is killed, and drives nothing: the tests count what it has accepted.

use flowrt::Engine;
use flowrt::prelude::*;

/// Does nothing.
#[flow]
async fn tick(who: u32) -> Result<u32> {
    Ok(who)
}

#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).ok_or("the address of a store")?;
    let engine = Engine::open(&url).await?;
    engine.schedule(std::future::pending()).await
}
