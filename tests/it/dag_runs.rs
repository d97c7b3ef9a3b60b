//! How runs of DAG flows end, node by node.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use flowrt::model::state::{RunState, TaskState};
use flowrt::prelude::*;
use tokio::sync::Barrier;

#[task]
async fn good(x: u32) -> Result<u32> {
    Ok(x)
}

#[task]
async fn bad(x: u32) -> Result<u32> {
    Err(format!("cannot {x}").into())
}

/// Runs a flow to its end: the run's state and those of its steps.
macro_rules! ended {
    ($call:expr) => {{
        let engine = Engine::open("memory:")
            .await
            .expect("a store in memory opens");
        let handle = engine.start($call).await.expect("the run starts");
        let id = handle.id;
        let run = handle.wait().await.expect("the store works");
        let journal = engine.journal(id).await.expect("the store works");
        let steps: BTreeMap<String, TaskState> = journal
            .steps
            .into_iter()
            .map(|step| (step.step, step.state))
            .collect();
        (run, steps)
    }};
}

fn states(pairs: &[(&str, TaskState)]) -> BTreeMap<String, TaskState> {
    pairs
        .iter()
        .map(|(step, state)| ((*step).to_owned(), *state))
        .collect()
}

#[flow]
fn one_failure(x: u32) -> Result<u32> {
    let a = bad(x);
    let b = good(a).named("needs it");
    let c = good(b).named("needs that");
    let d = good(x).named("independent");
    good(x).named("cleanup").after((c, d)).on(Trigger::AllDone);
    good(x).named("alarm").after(c).on(Trigger::OneFailed);
    good(x).named("party").after((a, d)).on(Trigger::AllFailed);
    d
}

#[tokio::test]
async fn a_failure_stops_its_dependents_and_fails_the_run() {
    let (run, steps) = ended!(one_failure(3));
    assert_eq!(run.state, RunState::Failed);
    assert!(run.error.expect("it failed").contains("cannot 3"));
    assert_eq!(
        steps,
        states(&[
            ("bad", TaskState::Failed),
            ("needs it", TaskState::UpstreamFailed),
            ("needs that", TaskState::UpstreamFailed),
            ("independent", TaskState::Completed),
            ("cleanup", TaskState::Completed),
            ("alarm", TaskState::Completed),
            ("party", TaskState::Skipped),
        ])
    );
}

#[flow]
fn one_branch(x: u32) -> Result<u32> {
    let v = if x > 1 {
        let a = good(x);
        good(a)
    } else {
        good(x).named("other")
    };
    good(v).named("join")
}

#[tokio::test]
async fn the_branch_not_taken_is_skipped_and_the_run_completes() {
    let (run, steps) = ended!(one_branch(1));
    assert_eq!(run.state, RunState::Completed);
    assert_eq!(
        steps,
        states(&[
            ("good", TaskState::Skipped),
            ("good#2", TaskState::Skipped),
            ("other", TaskState::Completed),
            ("join", TaskState::Completed),
        ])
    );
}

#[flow]
fn tolerant(x: u32) -> Result<bool> {
    let tried = bad(x).attempt();
    let after = good(x).after(tried);
    { tried.is_err() && after == x }
}

#[tokio::test]
async fn a_tolerated_failure_does_not_fail_the_run() {
    let (run, steps) = ended!(tolerant(1));
    assert_eq!(run.state, RunState::Completed);
    assert_eq!(steps["bad"], TaskState::Failed);
    assert_eq!(steps["good"], TaskState::Completed);
}

#[flow]
fn skipped_tail(x: u32) -> Result<u32> {
    let a = good(x);
    let never = good(x).named("never").after(a).on(Trigger::OneFailed);
    good(never).named("tail")
}

#[tokio::test]
async fn a_tail_that_depends_on_a_skipped_node_ends_the_run_skipped() {
    let (run, steps) = ended!(skipped_tail(1));
    assert_eq!(run.state, RunState::Skipped);
    assert_eq!(steps["tail"], TaskState::Skipped);
}

#[flow]
fn hidden_call(x: u32) -> Result<u32> {
    let n = {
        let call = good(x);
        drop(call);
        3
    };
    good(n)
}

#[tokio::test]
async fn a_call_in_plain_code_fails_the_run_in_words() {
    let (run, steps) = ended!(hidden_call(1));
    assert_eq!(run.state, RunState::Failed);
    assert!(
        run.error
            .expect("it failed")
            .contains("inside plain code of a DAG flow")
    );
    assert_eq!(steps["good"], TaskState::UpstreamFailed);
}

#[flow]
fn panicking_glue(x: u32) -> Result<u32> {
    let n = { [1, 2, 3][usize::try_from(x).unwrap_or(9)] };
    good(x).named("independent");
    good(n)
}

#[tokio::test]
async fn a_panic_in_plain_code_fails_its_node_only() {
    let (run, steps) = ended!(panicking_glue(7));
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(steps["independent"], TaskState::Completed);
    assert_eq!(steps["good"], TaskState::UpstreamFailed);
}

static MEETING: OnceLock<Barrier> = OnceLock::new();

#[task]
async fn meet(x: u32) -> Result<u32> {
    MEETING.get_or_init(|| Barrier::new(2)).wait().await;
    Ok(x)
}

#[flow]
fn meeting(x: u32) -> Result<u32> {
    let a = meet(x);
    let b = meet(x);
    a + b
}

#[tokio::test]
async fn independent_nodes_run_at_the_same_time() {
    let (run, _) = ended!(meeting(2));
    assert_eq!(run.state, RunState::Completed);
}

#[flow(fail_fast)]
fn hasty(x: u32) -> Result<u32> {
    let slow = forever(x);
    let later = good(slow);
    bad(x);
    later
}

#[task]
async fn forever(x: u32) -> Result<u32> {
    std::future::pending::<()>().await;
    Ok(x)
}

#[tokio::test]
async fn fail_fast_cancels_what_runs() {
    let (run, steps) = ended!(hasty(1));
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(steps["bad"], TaskState::Failed);
    assert_eq!(steps["forever"], TaskState::Cancelled);
    assert_eq!(steps["good"], TaskState::Cancelled);
}

static TRIES: AtomicU32 = AtomicU32::new(0);
static BEFORE: AtomicU32 = AtomicU32::new(0);

#[task]
async fn counted(x: u32) -> Result<u32> {
    BEFORE.fetch_add(1, Ordering::SeqCst);
    Ok(x)
}

#[task]
async fn second_time(x: u32) -> Result<u32> {
    if TRIES.fetch_add(1, Ordering::SeqCst) == 0 {
        return Err("not yet".into());
    }
    Ok(x + 1)
}

#[flow]
fn resumable(x: u32) -> Result<u32> {
    let a = counted(x);
    let b = second_time(a);
    let c = if b > 1 { good(b) } else { bad(b) };
    good(c)
}

#[tokio::test]
async fn a_resumed_run_redoes_what_failed_and_nothing_else() {
    let engine = Engine::open("memory:")
        .await
        .expect("a store in memory opens");
    let handle = engine.start(resumable(1)).await.expect("the run starts");
    let id = handle.id;
    let run = handle.wait().await.expect("the store works");
    assert_eq!(run.state, RunState::Failed);
    let again = engine
        .resume(id)
        .await
        .expect("a failed run can be resumed");
    let run = again.wait().await.expect("the store works");
    assert_eq!(run.state, RunState::Completed, "{:?}", run.error);
    assert_eq!(BEFORE.load(Ordering::SeqCst), 1);
    assert_eq!(TRIES.load(Ordering::SeqCst), 2);
}
