//! `poll`: one record however often it asks, retries, failure, and a restart in the middle.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use flowrt::model::record::{Journal, StepKind};
use flowrt::model::state::{RunState, TaskState};
use flowrt::prelude::*;

use super::crash::{crashed, journal, resumed, store};

const NOW: Duration = Duration::from_millis(1);

static ASKS: AtomicUsize = AtomicUsize::new(0);

#[task]
async fn poll_status(job: u32) -> Result<u32> {
    Ok(u32::try_from(ASKS.fetch_add(1, SeqCst)).unwrap_or(0) + job)
}

#[flow]
async fn poll_program() -> Result<u32> {
    poll(NOW, || poll_status(100)).until(|n| *n >= 105).await
}

static DAG_ASKS: AtomicUsize = AtomicUsize::new(0);

#[task]
async fn poll_dag_status(job: String) -> Result<usize> {
    Ok(DAG_ASKS.fetch_add(1, SeqCst) + job.len())
}

#[flow]
fn poll_dag(job: String) -> Result<usize> {
    let done = poll(NOW, || poll_dag_status(job.clone())).until(|n| *n > job.len() + 2);
    let twice = { done * 2 };
    twice
}

static FLAKY_ASKS: AtomicUsize = AtomicUsize::new(0);

#[task(retries = 1, retry_delay = "1ms")]
async fn poll_flaky() -> Result<usize> {
    match FLAKY_ASKS.fetch_add(1, SeqCst) {
        n if n % 2 == 0 => Err("busy".into()),
        n => Ok(n),
    }
}

#[flow]
async fn poll_retries() -> Result<usize> {
    poll(NOW, || poll_flaky()).until(|n| *n >= 7).await
}

#[task]
async fn poll_broken() -> Result<usize> {
    Err("no such job".into())
}

#[flow]
async fn poll_fails() -> Result<usize> {
    poll(NOW, || poll_broken())
        .named("status")
        .until(|_| true)
        .await
}

async fn ended<M: flowrt::__private::Callable>(
    call: flowrt::TaskCall<M>,
) -> (flowrt::model::record::RunRecord, Journal) {
    let engine = Engine::open("memory:").await.expect("opens");
    let handle = engine.start(call).await.expect("starts");
    let id = handle.id;
    let run = handle.wait().await.expect("the store works");
    let journal = engine.journal(id).await.expect("reads");
    (run, journal)
}

#[tokio::test]
async fn however_often_it_asks_it_is_one_step() {
    let (run, journal) = ended(poll_program()).await;
    assert_eq!(run.output.as_deref(), Some("105"), "{:?}", run.error);
    let steps: Vec<_> = journal
        .steps
        .iter()
        .map(|step| (step.seq, step.step.as_str(), step.kind, step.attempts))
        .collect();
    assert_eq!(steps, [(0, "poll", StepKind::Poll, 6)]);
    assert!(journal.waits.is_empty() && journal.attempts.is_empty());
}

#[tokio::test]
async fn in_a_dag_it_is_a_node() {
    let (run, journal) = ended(poll_dag("job".into())).await;
    assert_eq!(run.output.as_deref(), Some("12"), "{:?}", run.error);
    assert_eq!(journal.steps.len(), 1);
}

#[tokio::test]
async fn an_ask_that_fails_is_retried_as_its_task_says() {
    let (run, journal) = ended(poll_retries()).await;
    assert_eq!(run.output.as_deref(), Some("7"), "{:?}", run.error);
    assert_eq!(journal.steps[0].attempts, 4);
    assert_eq!(journal.attempts.len(), 4);
    let (run, journal) = ended(poll_fails()).await;
    assert_eq!(run.state, RunState::Failed);
    assert!(
        run.error
            .as_deref()
            .expect("failed")
            .contains("no such job")
    );
    assert_eq!(
        (journal.steps[0].step.as_str(), journal.steps[0].state),
        ("status", TaskState::Failed)
    );
}

static CRASH_ASKS: AtomicUsize = AtomicUsize::new(0);
static DONE: AtomicBool = AtomicBool::new(false);

#[task]
async fn poll_until_done() -> Result<bool> {
    CRASH_ASKS.fetch_add(1, SeqCst);
    Ok(DONE.load(SeqCst))
}

#[flow]
async fn poll_survives(every_ms: u64) -> Result<bool> {
    poll(Duration::from_millis(every_ms), || poll_until_done())
        .until(|done| *done)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_asks_again_at_the_instant_that_was_due() {
    let store = store();
    let run = crashed(&store, poll_survives(300), |journal| {
        !journal.waits.is_empty()
    })
    .await;
    let waits = journal(&store, run).await.waits;
    let due = waits[0].due.expect("a poll is due again");
    assert_eq!(
        (waits[0].kind.as_str(), waits[0].step.as_str()),
        ("poll", "poll")
    );
    assert_eq!(CRASH_ASKS.load(SeqCst), 1);
    DONE.store(true, SeqCst);
    let record = resumed(&store, run).await;
    assert_eq!(record.output.as_deref(), Some("true"), "{:?}", record.error);
    let step = &journal(&store, run).await.steps[0];
    assert!(step.finished >= due, "asked {} before {due}", step.finished);
    assert_eq!((step.attempts, CRASH_ASKS.load(SeqCst)), (2, 2));
}

#[task]
async fn poll_in_a_task() -> Result<u32> {
    poll(NOW, || poll_status(0)).until(|n| *n >= 3).await
}

#[flow]
async fn poll_inside() -> Result<u32> {
    poll_in_a_task().await
}

#[tokio::test]
async fn inside_a_task_it_just_asks() {
    let (run, journal) = ended(poll_inside()).await;
    assert_eq!(run.state, RunState::Completed, "{:?}", run.error);
    assert_eq!(journal.steps.len(), 1);
}

#[flow]
async fn poll_cancelled() -> Result<u32> {
    Ok(
        match race((
            poll(NOW, || poll_broken_never()).until(|n| *n == 1),
            sleep(NOW * 20),
        ))
        .await
        {
            Race2::First(n) => n?,
            Race2::Second(()) => 9,
        },
    )
}

#[task]
async fn poll_broken_never() -> Result<u32> {
    Ok(0)
}

#[tokio::test]
async fn a_poll_that_loses_a_race_is_cancelled_with_its_asks() {
    let (run, journal) = ended(poll_cancelled()).await;
    assert_eq!(run.output.as_deref(), Some("9"), "{:?}", run.error);
    let mut states: Vec<_> = journal
        .steps
        .iter()
        .map(|step| (step.step.as_str(), step.state))
        .collect();
    states.sort_unstable_by_key(|(step, _)| *step);
    assert_eq!(
        states,
        [
            ("poll", TaskState::Cancelled),
            ("sleep", TaskState::Completed)
        ]
    );
}
