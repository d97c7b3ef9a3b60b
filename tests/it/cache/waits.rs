//! Calls of one key at once.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use flowrt::model::state::TaskState;
use flowrt::prelude::*;
use flowrt::testing;

static SLOW: AtomicU32 = AtomicU32::new(0);

#[task(cache = "24h")]
async fn slow_double(n: u32) -> Result<u32> {
    SLOW.fetch_add(1, SeqCst);
    flowrt::clock::Clock::real()
        .sleep(Duration::from_millis(30))
        .await;
    Ok(n * 2)
}

#[flow]
async fn doubles(items: Vec<u32>) -> Result<Vec<u32>> {
    map(items, |n| slow_double(n)).await
}

#[tokio::test]
async fn equal_calls_at_once_are_computed_once() {
    let engine = Engine::open("memory:").await.expect("opens");
    let items: Vec<u32> = (0..60).map(|n| n % 3).collect();
    let (one, two) = (doubles(items.clone()), doubles(items));
    let one = engine.start(one).await.expect("starts");
    let two = engine.start(two).await.expect("starts");
    let mut cached = 0;
    for run in [one, two] {
        let record = run.wait().await.expect("ends");
        let steps = engine.journal(record.id).await.expect("reads").steps;
        assert_eq!(steps.len(), 60);
        cached += steps
            .iter()
            .filter(|step| step.state == TaskState::Cached)
            .count();
    }
    assert_eq!((SLOW.load(SeqCst), cached), (3, 117));
}

static FAILS: AtomicU32 = AtomicU32::new(0);

#[task(cache = "24h", retries = 1)]
async fn fails_twice() -> Result<u32> {
    match FAILS.fetch_add(1, SeqCst) {
        n @ 0..2 => Err(format!("failure {n}").into()),
        n => Ok(n),
    }
}

#[flow]
async fn one_fails() -> Result<u32> {
    let values = map(0..3, |_| fails_twice()).tolerate(0.5).await?;
    let failed = values.iter().filter(|value| value.is_err()).count();
    Ok(u32::try_from(failed)?)
}

#[tokio::test]
async fn the_next_one_runs_if_the_first_fails() {
    let engine = Engine::open("memory:").await.expect("opens");
    assert_eq!(engine.run(one_fails()).await.expect("runs"), 1);
    assert_eq!(FAILS.load(SeqCst), 3, "two attempts, and one that succeeds");
}

static LEFT: AtomicU32 = AtomicU32::new(0);

#[task(cache = "24h")]
async fn first_is_left() -> Result<u32> {
    if LEFT.fetch_add(1, SeqCst) == 0 {
        std::future::pending::<()>().await;
    }
    Ok(5)
}

#[flow]
async fn race_for_one_key() -> Result<u32> {
    let stuck = race((first_is_left(), sleep(Duration::from_millis(20))));
    let (_, value) = futures_util::join!(stuck, first_is_left());
    value
}

#[tokio::test]
async fn a_call_that_is_dropped_lets_the_next_one_run() {
    let engine = Engine::open("memory:").await.expect("opens");
    assert_eq!(engine.run(race_for_one_key()).await.expect("runs"), 5);
}

static PAID: AtomicU32 = AtomicU32::new(0);

#[task(cache = "24h")]
async fn paid_for() -> Result<u32> {
    Ok(PAID.fetch_add(1, SeqCst))
}

#[flow]
async fn pays() -> Result<u32> {
    paid_for().await
}

#[tokio::test]
async fn a_death_before_the_record_does_not_repeat_what_is_kept() {
    let engine = testing::Engine::new();
    engine.crash_before(1);
    let run = engine.start(pays()).await.expect("starts");
    let id = run.id;
    run.wait().await.expect_err("its process died");
    let engine = engine.restart();
    let value: u32 = engine
        .resume(id)
        .await
        .expect("resumes")
        .wait()
        .await
        .expect("ends");
    assert_eq!((value, PAID.load(SeqCst)), (0, 1));
    let steps = engine.journal(id).await.expect("reads").steps;
    assert_eq!(steps[0].state, TaskState::Completed, "it was done here");
    assert_eq!((steps[0].attempts, steps[0].reused_from), (1, None));
}
