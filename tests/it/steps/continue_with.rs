//! `continue_with`: a run that goes on in another, over crashes, for whoever waits.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use flowrt::model::ids::RunId;
use flowrt::model::record::{Journal, RunRecord};
use flowrt::model::state::RunState;
use flowrt::ops::RunFilter;
use flowrt::prelude::*;
use flowrt::{ErrorKind, testing};
use futures_util::join;

use super::crash::{crashed, resumed, store};
use crate::until::until_some;

#[task]
async fn count_up(n: u32) -> Result<u32> {
    Ok(n + 1)
}

#[flow]
async fn rounds(n: u32, until: u32) -> Result<String> {
    let next = count_up(n).await?;
    if next < until {
        return continue_with(rounds(next, until)).await;
    }
    Ok(format!("{next} rounds"))
}

#[flow]
async fn rounds_below(until: u32) -> Result<String> {
    let said = rounds(0, until).await?;
    Ok(format!("below: {said}"))
}

async fn all(engine: &Engine) -> Vec<RunRecord> {
    let mut runs = engine.runs(RunFilter::default()).await.expect("lists");
    runs.reverse();
    runs
}

#[tokio::test]
async fn whoever_waits_gets_the_result_of_the_last_run() {
    let engine = Engine::open("memory:").await.expect("opens");
    assert_eq!(engine.run(rounds(0, 3)).await.expect("runs"), "3 rounds");
    let runs = all(&engine).await;
    assert_eq!(runs.len(), 3);
    for (run, next) in runs.iter().zip(&runs[1..]) {
        assert_eq!(run.state, RunState::Completed);
        assert_eq!(next.origin, Some(run.id));
        assert_eq!(run.continued_as(), Some(next.id));
        assert_eq!(next.logical_time, run.logical_time);
        let steps = engine.journal(run.id).await.expect("reads").steps;
        assert_eq!(steps.len(), 1, "each has a history of its own: {steps:?}");
    }
    let base = &runs[0].name;
    assert_eq!(runs[1].name, format!("{base}-2"));
    assert_eq!(runs[2].name, format!("{base}-3"));
    let last = engine.last_of(runs[0].id).await.expect("reads");
    assert_eq!(last.id, runs[2].id);
}

#[tokio::test]
async fn a_parent_gets_it_too() {
    let engine = Engine::open("memory:").await.expect("opens");
    let value = engine.run(rounds_below(4)).await.expect("runs");
    assert_eq!(value, "below: 4 rounds");
    let runs = all(&engine).await;
    assert_eq!(runs.len(), 5);
    let parents = runs[1..].iter().map(|run| run.parent.as_ref());
    let step = (runs[0].id, "rounds".to_owned());
    assert!(parents.into_iter().all(|parent| parent == Some(&step)));
}

#[tokio::test]
async fn no_crash_between_two_runs_loses_anything() {
    let engine = testing::Engine::new();
    let sweep = engine
        .crash_everywhere(|| rounds(0, 3))
        .await
        .expect("fine");
    assert_eq!(sweep.value, "3 rounds");
    let sweep = engine
        .crash_everywhere(|| rounds_below(3))
        .await
        .expect("fine");
    assert_eq!(sweep.value, "below: 3 rounds");
}

static BROKEN: AtomicBool = AtomicBool::new(true);

#[task]
async fn breaks_in_the_third(n: u32) -> Result<u32> {
    if n == 2 && BROKEN.load(SeqCst) {
        return Err("the third".into());
    }
    Ok(n + 1)
}

#[flow]
async fn fails_in_the_third(n: u32) -> Result<u32> {
    match breaks_in_the_third(n).await? {
        next @ 0..5 => continue_with(fails_in_the_third(next)).await,
        last => Ok(last),
    }
}

#[flow]
async fn above_a_failure() -> Result<u32> {
    Ok(fails_in_the_third(0).await? + 100)
}

#[tokio::test]
async fn a_resume_goes_on_with_the_last_run() {
    let engine = Engine::open("memory:").await.expect("opens");
    BROKEN.store(true, SeqCst);
    let run = engine.start(fails_in_the_third(0)).await.expect("starts");
    let first = run.id;
    let failed = run.wait().await.expect("ends");
    assert_eq!(failed.state, RunState::Failed);
    assert_ne!(failed.id, first);
    let above = engine.start(above_a_failure()).await.expect("starts");
    let above = above.wait().await.expect("ends");
    assert_eq!(above.state, RunState::Failed);
    BROKEN.store(false, SeqCst);
    for (run, value) in [(first, "5"), (above.id, "105")] {
        let resumed = engine.resume(run).await.expect("resumes");
        let resumed = resumed.wait().await.expect("ends");
        assert_eq!(resumed.output.as_deref(), Some(value), "{resumed:?}");
    }
    assert_eq!(all(&engine).await.len(), 5 + 6, "no run was made twice");
}

static IN_SECOND: AtomicBool = AtomicBool::new(false);

#[task]
async fn waits_in_the_second(n: u32) -> Result<u32> {
    if n == 1 {
        IN_SECOND.store(true, SeqCst);
        std::future::pending::<()>().await;
    }
    Ok(n + 1)
}

#[flow]
async fn hangs_in_the_second(n: u32) -> Result<u32> {
    let next = waits_in_the_second(n).await?;
    continue_with(hangs_in_the_second(next)).await
}

#[tokio::test]
async fn a_cancel_reaches_the_last_run() {
    let engine = Engine::open("memory:").await.expect("opens");
    let engine = engine.grace(Duration::from_millis(1));
    let run = engine.start(hangs_in_the_second(0)).await.expect("starts");
    until_some(async || IN_SECOND.load(SeqCst).then_some(())).await;
    engine.cancel(run.id).await.expect("cancels");
    let first = run.id;
    let ended = run.wait().await.expect("ends");
    assert_eq!(ended.state, RunState::Cancelled);
    assert_eq!(ended.continues(), Some(first));
}

static LETS_GO: AtomicBool = AtomicBool::new(false);

#[task]
async fn waits_for_the_test(n: u32) -> Result<u32> {
    while n == 2 && !LETS_GO.load(SeqCst) {
        flowrt::clock::Clock::real()
            .sleep(Duration::from_millis(2))
            .await;
    }
    Ok(n + 1)
}

#[flow]
async fn dies_in_the_third(n: u32) -> Result<u32> {
    match waits_for_the_test(n).await? {
        next @ 0..4 => continue_with(dies_in_the_third(next)).await,
        last => Ok(last),
    }
}

#[tokio::test]
async fn a_crash_in_a_later_run_is_taken_up_by_the_name_of_the_first() {
    let store = store();
    let there = store.clone();
    let run = crashed(&store, dies_in_the_third(0), move |_: &Journal| {
        let runs = futures_util::FutureExt::now_or_never(there.list_runs(RunFilter::default()));
        runs.is_some_and(|runs| runs.expect("lists").len() == 3)
    })
    .await;
    LETS_GO.store(true, SeqCst);
    let ended = resumed(&store, run).await;
    assert_eq!(ended.output.as_deref(), Some("4"), "{ended:?}");
}

#[flow]
async fn tells(n: u32) -> Result<String> {
    if n == 0 {
        count_up(n).await?;
        let _: Result<u32> = receive("first").await;
        return continue_with(tells(1)).await;
    }
    receive::<String>("second").await
}

#[tokio::test]
async fn signals_that_nobody_received_go_over() {
    let engine = Engine::open("memory:").await.expect("opens");
    let run = engine.start(tells(0)).await.expect("starts");
    for (name, value) in [("second", "early".into()), ("first", serde_json::json!(7))] {
        engine.signal(run.id, name, &value).await.expect("sends");
    }
    let ended = run.wait().await.expect("ends");
    assert_eq!(ended.output.as_deref(), Some("\"early\""));
}

static SUBMITTED: AtomicU32 = AtomicU32::new(0);

#[task]
async fn takes_its_time() -> Result<u32> {
    flowrt::clock::Clock::real()
        .sleep(Duration::from_millis(20))
        .await;
    Ok(SUBMITTED.fetch_add(1, SeqCst))
}

#[task]
async fn is_never_begun() -> Result<u32> {
    Ok(SUBMITTED.fetch_add(100, SeqCst))
}

#[flow]
async fn leaves_work(n: u32) -> Result<u32> {
    if n == 1 {
        return Ok(n);
    }
    let _handle = takes_its_time().submit();
    let (next, _) = join!(continue_with(leaves_work(1)), is_never_begun());
    next
}

#[tokio::test]
async fn what_was_submitted_ends_first_and_what_was_not_does_not_begin() {
    let engine = Engine::open("memory:").await.expect("opens");
    assert_eq!(engine.run(leaves_work(0)).await.expect("runs"), 1);
    assert_eq!(SUBMITTED.load(SeqCst), 1);
}

#[flow]
async fn continues_with_a_task() -> Result<u32> {
    continue_with(count_up(1)).await
}

#[tokio::test]
async fn a_task_cannot_go_on_for_a_run() {
    let engine = Engine::open("memory:").await.expect("opens");
    let error = engine
        .run(continues_with_a_task())
        .await
        .expect_err("a task");
    assert_eq!(error.kind(), ErrorKind::Misuse, "{error}");
    assert!(error.message().contains("`count_up` is a task"), "{error}");
}

#[tokio::test]
async fn a_deleted_successor_is_said() {
    let engine = Engine::open("memory:").await.expect("opens");
    let run = engine.start(rounds(0, 2)).await.expect("starts");
    let first: RunId = run.id;
    let last = run.wait().await.expect("ends");
    assert!(engine.delete(last.id).await.expect("deletes"));
    let left = engine.last_of(first).await.expect("reads");
    assert_eq!((left.id, left.state), (first, RunState::Completed));
    let error = engine.resume(first).await.expect_err("it has completed");
    assert!(error.message().contains("has completed"), "{error}");
}
