//! What a hit is: a result of an earlier run, without an attempt, and never a failure.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use flowrt::model::record::{Journal, StepRecord};
use flowrt::model::state::{RunState, TaskState};
use flowrt::ops::Rerun;
use flowrt::prelude::*;
use flowrt::testing;

limit!(FEW, "2 per hour");

static SUMS: AtomicU32 = AtomicU32::new(0);

#[task(cache = "24h", limit = FEW, limit_key = set)]
async fn cached_sum(set: String, numbers: Vec<u32>) -> Result<u32> {
    SUMS.fetch_add(1, SeqCst);
    Ok(numbers.iter().sum::<u32>() + u32::try_from(set.len())?)
}

#[flow]
async fn sum_once(set: String, numbers: Vec<u32>) -> Result<u32> {
    cached_sum(set, numbers).await
}

fn only(journal: &Journal) -> &StepRecord {
    assert_eq!(journal.steps.len(), 1, "{journal:?}");
    &journal.steps[0]
}

#[tokio::test]
async fn a_hit_names_its_run_and_takes_no_limit_and_no_attempt() {
    let engine = Engine::open("memory:").await.expect("opens");
    let start = || engine.start(sum_once("abc".into(), vec![1, 2]));
    let first = start().await.expect("starts").wait().await.expect("ends");
    // The third would wait for an hour if a hit took a place.
    for _ in 0..3 {
        let later = start().await.expect("starts").wait().await.expect("ends");
        assert_eq!(later.state, RunState::Completed, "{later:?}");
        assert_eq!(later.output, first.output);
        let journal = engine.journal(later.id).await.expect("reads");
        let step = only(&journal);
        assert_eq!((step.state, step.attempts), (TaskState::Cached, 0));
        assert_eq!(step.reused_from, Some(first.id));
        let counts = engine.task_counts(vec![later.id]).await.expect("reads")[0];
        assert_eq!((counts.total, counts.completed), (1, 1));
        assert_eq!((counts.cached, counts.reused), (1, 0));
    }
    assert_eq!(SUMS.load(SeqCst), 1);
    let other = engine.run(sum_once("abc".into(), vec![2, 1])).await;
    assert_eq!(other.expect("runs"), 6);
    assert_eq!(SUMS.load(SeqCst), 2, "other inputs are another key");
}

static TRIES: AtomicU32 = AtomicU32::new(0);

#[task(cache = "24h", version = "1")]
async fn cached_after_a_failure() -> Result<u32> {
    match TRIES.fetch_add(1, SeqCst) {
        0 => Err("not yet".into()),
        n => Ok(n),
    }
}

#[flow]
fn dag_after_a_failure() -> Result<u32> {
    cached_after_a_failure()
}

#[tokio::test]
async fn a_failure_is_never_kept() {
    let engine = Engine::open("memory:").await.expect("opens");
    engine
        .run(dag_after_a_failure())
        .await
        .expect_err("not yet");
    assert!(engine.cached(None, 0).await.expect("reads").is_empty());
    for _ in 0..2 {
        assert_eq!(engine.run(dag_after_a_failure()).await.expect("runs"), 1);
    }
    assert_eq!(TRIES.load(SeqCst), 2);
}

static RATES: AtomicU32 = AtomicU32::new(0);

#[task(cache = "2h")]
async fn cached_rates(day: String) -> Result<u32> {
    let _ = day;
    Ok(RATES.fetch_add(1, SeqCst))
}

#[flow]
async fn rates(day: String) -> Result<u32> {
    cached_rates(day).await
}

#[tokio::test]
async fn an_expired_result_is_not_taken() {
    let engine = testing::Engine::new();
    let ask = || engine.run(rates("monday".into()));
    assert_eq!(ask().await.expect("runs"), 0);
    engine.advance(Duration::from_secs(7_199)).await;
    assert_eq!(ask().await.expect("runs"), 0);
    engine.advance(Duration::from_secs(1)).await;
    assert_eq!(ask().await.expect("runs"), 1, "counted from the computing");
    engine.advance(Duration::from_secs(7_199)).await;
    assert_eq!(ask().await.expect("runs"), 1);
}

static POLLED: AtomicU32 = AtomicU32::new(0);

#[task(cache = "24h")]
async fn cached_status() -> Result<u32> {
    Ok(POLLED.fetch_add(1, SeqCst))
}

#[flow]
async fn polls_a_cached_task() -> Result<u32> {
    poll(Duration::from_millis(1), || cached_status())
        .until(|n| *n >= 3)
        .await
}

#[tokio::test]
async fn a_poll_asks_anew() {
    let engine = Engine::open("memory:").await.expect("opens");
    assert_eq!(engine.run(polls_a_cached_task()).await.expect("runs"), 3);
}

static RESUMED: AtomicU32 = AtomicU32::new(0);

#[task(cache = "24h")]
async fn cached_half() -> Result<u32> {
    Ok(RESUMED.fetch_add(1, SeqCst) + 7)
}

static BREAKS: AtomicU32 = AtomicU32::new(0);

#[task]
async fn breaks_once(n: u32) -> Result<u32> {
    match BREAKS.fetch_add(1, SeqCst) {
        1 => Err("the second time".into()),
        _ => Ok(n),
    }
}

#[flow]
fn half_then_break() -> Result<u32> {
    let half = cached_half();
    breaks_once(half)
}

#[tokio::test]
async fn resume_and_rerun_reuse_what_was_cached() {
    let engine = Engine::open("memory:").await.expect("opens");
    assert_eq!(engine.run(half_then_break()).await.expect("runs"), 7);
    let failed = engine.start(half_then_break()).await.expect("starts");
    let failed = failed.wait().await.expect("ends");
    assert_eq!(failed.state, RunState::Failed);
    engine.clear_cache(None, None).await.expect("clears");
    let resumed = engine.resume(failed.id).await.expect("resumes");
    let resumed = resumed.wait().await.expect("ends");
    assert_eq!(resumed.state, RunState::Completed, "{resumed:?}");
    let again = engine.rerun(resumed.id, &Rerun::default()).await;
    let again = again.expect("starts").wait().await.expect("ends");
    let journal = engine.journal(again.id).await.expect("reads");
    let half = journal.steps.iter().find(|step| step.task == "cached_half");
    assert_eq!(half.map(|step| step.state), Some(TaskState::Cached));
    assert_eq!(
        RESUMED.load(SeqCst),
        1,
        "what is recorded is not computed again"
    );
}
