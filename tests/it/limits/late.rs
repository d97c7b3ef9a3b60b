//! What stands before a body may take long: its limit holds for the bodies all the same.

use std::sync::Mutex;
use std::time::Instant;

use flowrt::prelude::*;
use futures_util::future::{join, try_join_all};

use super::rates::most;

const WINDOW: Duration = Duration::from_millis(500);
const LONG: Duration = Duration::from_millis(300);

limit!(SLOW_CLIENT, "2 per 500ms");
static ASKED: Mutex<Vec<Instant>> = Mutex::new(Vec::new());

struct SlowClient;

#[resource]
async fn slow_client() -> Result<SlowClient> {
    tokio::time::sleep(LONG).await;
    Ok(SlowClient)
}

#[task(limit = SLOW_CLIENT)]
async fn ask_slowly(number: u32, #[resource] _client: &SlowClient) -> u32 {
    ASKED.lock().expect("no panic inside").push(Instant::now());
    number
}

#[flow]
async fn ask_at_first() -> Result<u32> {
    Ok(try_join_all((0..6).map(ask_slowly))
        .await?
        .into_iter()
        .sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_holds_for_bodies_that_wait_for_a_resource() -> Result<()> {
    let engine = Engine::open("memory:").await?;
    assert_eq!(engine.run(ask_at_first()).await?, 15);
    let asked = ASKED.lock().expect("no panic inside").clone();
    assert_eq!((asked.len(), most(&asked, WINDOW)), (6, 2));
    Ok(())
}

limit!(FEW_THREADS, "2 per 500ms");
static COUNTED: Mutex<Vec<Instant>> = Mutex::new(Vec::new());

#[task]
fn keep_the_thread() {
    std::thread::sleep(LONG);
}

#[task(limit = FEW_THREADS)]
fn count_slowly(number: u32) -> u32 {
    COUNTED
        .lock()
        .expect("no panic inside")
        .push(Instant::now());
    number
}

#[flow]
async fn count_behind_another() -> Result<u32> {
    let (kept, counted) = join(keep_the_thread(), try_join_all((0..6).map(count_slowly))).await;
    kept?;
    Ok(counted?.into_iter().sum())
}

#[test]
fn a_rate_holds_for_bodies_that_wait_for_a_thread() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(1)
        .enable_all()
        .build()?;
    let sum = runtime.block_on(async {
        let engine = Engine::open("memory:").await?;
        engine.run(count_behind_another()).await
    });
    assert_eq!(sum?, 15);
    let counted = COUNTED.lock().expect("no panic inside").clone();
    assert_eq!((counted.len(), most(&counted, WINDOW)), (6, 2));
    Ok(())
}
