//! The engine of tests, tested.

mod limited;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;

use super::Engine;
use crate::model::state::{RunState, TaskState};
use crate::prelude::*;
use crate::{ErrorKind, ops::RunFilter};

static REAL: AtomicU32 = AtomicU32::new(0);

#[task(retries = 3, retry_delay = "1h")]
async fn far(n: u32) -> Result<u32> {
    REAL.fetch_add(1, Ordering::SeqCst);
    Err(format!("{n} is too far").into())
}

#[task(timeout = "20s")]
async fn slow() -> Result<u32> {
    Ok(1)
}

#[task]
fn blocking(n: u32) -> u32 {
    n + 1
}

#[task]
async fn twice(n: u32) -> Result<u32> {
    Ok(n * 2)
}

#[flow]
async fn far_away(n: u32) -> Result<u32> {
    far(n).await
}

#[flow]
async fn slowly() -> Result<u32> {
    slow().await
}

#[flow]
async fn calls_a_flow(n: u32) -> Result<u32> {
    Ok(far_away(n).await? + 1)
}

#[flow]
async fn long_sleep() -> Result<i64> {
    let before = now();
    sleep(Duration::from_secs(86_400)).await;
    Ok(now().as_second() - before.as_second())
}

#[flow]
async fn asks() -> Result<String> {
    receive::<String>("name").await
}

#[flow]
async fn many_ways(n: u32) -> Result<u32> {
    let mut sum = 0;
    for doubled in join_all((0..n).map(twice)).await {
        sum += doubled?;
    }
    sleep(Duration::from_secs(60)).await;
    let more: u32 = receive("more").await?;
    let _when = now();
    Ok(blocking(sum).await? + inner(more).await?)
}

#[flow]
fn inner(n: u32) -> Result<u32> {
    let doubled = twice(n);
    blocking(doubled)
}

static LEAK: AtomicU32 = AtomicU32::new(0);

#[flow]
async fn leaks_what_is_not_recorded() -> Result<u32> {
    let before = LEAK.fetch_add(1, Ordering::SeqCst);
    Ok(before + twice(2).await?)
}

#[flow]
async fn draws() -> Result<String> {
    Ok(format!("{} {}", uuid(), key().await?))
}

#[task]
async fn key(ctx: &TaskContext) -> Result<String> {
    Ok(ctx.idempotency_key())
}

#[tokio::test]
async fn a_mock_stands_in_and_remembers() {
    let engine = Engine::new();
    let mocked = engine.mock(far, |(n,)| Ok(n + 1));
    assert_eq!(engine.run(far_away(4)).await.unwrap(), 5);
    assert_eq!(engine.run(far_away(5)).await.unwrap(), 6);
    assert_eq!((mocked.count(), mocked.inputs()), (2, vec![(4,), (5,)]));
    assert_eq!(REAL.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn retries_take_no_time_and_the_clock_shows_that_they_did() {
    let engine = Engine::new();
    let before = engine.now();
    let mocked = engine.mock(far, |_| Err("no".into()));
    let failed = engine.run(far_away(1)).await.unwrap_err();
    assert_eq!((failed.message(), failed.attempts()), ("no", 4));
    assert_eq!(mocked.count(), 4);
    assert_eq!(engine.now().as_second() - before.as_second(), 3 * 3600);
}

#[tokio::test]
async fn a_mock_that_takes_long_meets_its_timeout() {
    let engine = Engine::new();
    let _mocked = engine.mock(slow, |()| Ok(7)).takes(Duration::from_secs(21));
    let late = engine.run(slowly()).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::TimedOut);
    let _mocked = engine.mock(slow, |()| Ok(7)).takes(Duration::from_secs(19));
    assert_eq!(engine.run(slowly()).await.unwrap(), 7);
}

#[tokio::test]
async fn a_child_flow_is_mocked_like_a_task() {
    let engine = Engine::new();
    let mocked = engine.mock(far_away, |(n,)| Ok(n * 10));
    assert_eq!(engine.run(calls_a_flow(3)).await.unwrap(), 31);
    assert_eq!(mocked.inputs(), [(3,)]);
    assert_eq!(engine.runs(RunFilter::default()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn time_passes_only_while_somebody_waits() {
    let engine = Engine::new();
    let run = engine.start(long_sleep()).await.unwrap();
    engine.settle().await;
    let record = engine.record(run.id).await.unwrap();
    assert!(!record.state.is_final(), "{record:?}");
    engine.advance(Duration::from_secs(86_399)).await;
    assert!(!engine.record(run.id).await.unwrap().state.is_final());
    engine.advance(Duration::from_secs(1)).await;
    assert_eq!(
        engine.record(run.id).await.unwrap().state,
        RunState::Completed
    );
    assert_eq!(run.wait().await.unwrap(), 86_400);
}

#[tokio::test]
async fn a_run_that_nothing_can_move_is_told_not_waited_for() {
    let engine = Engine::new();
    let stuck = engine.run(asks()).await.unwrap_err();
    assert_eq!(stuck.kind(), ErrorKind::Misuse);
    assert!(
        stuck.try_this().unwrap().contains("engine.answer"),
        "{stuck}"
    );
    engine.answer("name", &"Ann");
    assert_eq!(engine.run(asks()).await.unwrap(), "Ann");
    engine.answer("name", &"Bob");
    assert_eq!(engine.run(asks()).await.unwrap(), "Bob");
}

#[tokio::test]
async fn a_mock_that_panics_fails_the_attempt_only() {
    let engine = Engine::new();
    let calls = Arc::new(AtomicU32::new(0));
    let _mocked = engine.mock(far, move |(n,)| {
        assert!(calls.fetch_add(1, Ordering::SeqCst) > 0, "the first call");
        Ok(n)
    });
    assert_eq!(engine.run(far_away(2)).await.unwrap(), 2);
}

#[tokio::test]
async fn a_crash_loses_what_was_not_recorded_and_only_that() {
    for (written, begun) in [(false, 3), (true, 2)] {
        let engine = Engine::new();
        engine.answer("more", &1_u32);
        if written {
            engine.crash_after(6);
        } else {
            engine.crash_before(6);
        }
        let doubled = engine.spy(twice);
        let added = engine.spy(blocking);
        let run = engine.start(many_ways(3)).await.unwrap();
        let id = run.id;
        assert_eq!(run.wait().await.unwrap_err().kind(), ErrorKind::Stopped);
        assert_eq!(doubled.count(), 3);
        let engine = engine.restart();
        let value = engine
            .resume::<u32>(id)
            .await
            .unwrap()
            .wait()
            .await
            .unwrap();
        assert_eq!((value, doubled.count(), added.count()), (10, 4, begun));
        let journal = engine.journal(id).await.unwrap();
        assert!(
            journal
                .steps
                .iter()
                .all(|step| step.state == TaskState::Completed)
        );
    }
}

#[tokio::test]
async fn a_crash_everywhere_changes_nothing() {
    let engine = Engine::new();
    engine.answer("more", &4_u32);
    let sweep = engine.crash_everywhere(|| many_ways(3)).await.unwrap();
    assert_eq!(sweep.value, 16);
    assert!(sweep.crashes > 20, "{sweep:?}");
    assert_eq!((sweep.most_begun(twice), sweep.most_begun(slow)), (2, 0));
}

#[tokio::test]
async fn a_sweep_finds_a_value_that_a_crash_changes() {
    let engine = Engine::new();
    let told = engine
        .crash_everywhere(leaks_what_is_not_recorded)
        .await
        .unwrap_err();
    assert!(told.message().contains("another value"), "{told}");
}

/// A connection that is there only at the third try.
struct Line(u32);

static DIALLED: AtomicU32 = AtomicU32::new(0);
static TALKED: AtomicU32 = AtomicU32::new(0);

#[resource]
async fn line() -> Result<Line> {
    match DIALLED.fetch_add(1, Ordering::SeqCst) {
        tries @ 0..2 => Err(format!("busy, {tries}").into()),
        tries => Ok(Line(tries)),
    }
}

#[task]
async fn talk(#[resource] line: &Line, ctx: &TaskContext) -> Result<u32> {
    TALKED.fetch_add(1, Ordering::SeqCst);
    Ok(line.0 * 10 + ctx.attempt())
}

#[flow]
async fn talks() -> Result<u32> {
    talk().await
}

#[tokio::test]
async fn a_resource_that_fails_is_waited_for_and_spends_no_attempt() {
    let engine = Engine::new();
    let before = engine.now();
    let run = engine.start(talks()).await.unwrap();
    let id = run.id;
    engine.settle().await;
    let journal = engine.journal(id).await.unwrap();
    let wait = journal.waits.first().unwrap();
    assert_eq!(
        (
            wait.step.as_str(),
            wait.kind.as_str(),
            &wait.detail["error"]
        ),
        ("talk", "resource", &"busy, 0".into())
    );
    assert_eq!(run.wait().await.unwrap(), 21);
    let step = &engine.journal(id).await.unwrap().steps[0];
    assert_eq!((step.attempts, TALKED.load(Ordering::SeqCst)), (1, 1));
    assert_eq!(engine.now().as_second() - before.as_second(), 1 + 2);
}

/// Nothing that waiting would mend.
struct Never;

#[resource]
async fn never() -> Result<Never> {
    Err(Error::fatal("no such place"))
}

#[task(retries = 2)]
async fn asks_in_vain(#[resource] never: &Never) -> Result<u32> {
    let _ = never;
    Ok(1)
}

#[flow]
async fn in_vain() -> Result<u32> {
    asks_in_vain().await
}

#[tokio::test]
async fn a_resource_that_can_never_be_made_fails_the_task_at_once() {
    let failed = Engine::new().run(in_vain()).await.unwrap_err();
    assert_eq!((failed.kind(), failed.attempts()), (ErrorKind::Fatal, 1));
    assert_eq!(asks_in_vain().await.unwrap_err().message(), "no such place");
}

#[tokio::test]
async fn ids_and_draws_are_the_same_in_every_test() {
    let first = Engine::new().run(draws()).await.unwrap();
    let engine = Engine::new();
    assert_eq!(engine.run(draws()).await.unwrap(), first);
    assert_ne!(engine.run(draws()).await.unwrap(), first);
    let sweep = engine.crash_everywhere(draws).await.unwrap();
    assert_eq!(sweep.value, first);
}

#[test]
fn an_engine_needs_no_runtime_around_it() {
    let value = futures_util::FutureExt::now_or_never(async { Engine::new().now() });
    assert!(value.is_some());
}
