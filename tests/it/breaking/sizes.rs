//! Much of everything: wide, deep, large, long; and a typed error where there is a limit.

use std::sync::atomic::{AtomicU64, Ordering};

use flowrt::ErrorKind;
use flowrt::model::state::RunState;
use flowrt::ops::RunFilter;
use flowrt::prelude::*;
use flowrt::store::PAYLOAD_BYTES_MAX;
use futures_util::future::try_join_all;

const WIDE: u64 = 100_000;

static STEPPED: AtomicU64 = AtomicU64::new(0);

#[task]
async fn step_of_many(n: u64) -> Result<u64> {
    STEPPED.fetch_add(1, Ordering::Relaxed);
    Ok(n)
}

#[flow]
async fn sizes_wide(n: u64) -> Result<u64> {
    let all = try_join_all((0..n).map(step_of_many)).await?;
    Ok(all.into_iter().sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_tasks_side_by_side_run_once_each_and_are_all_recorded() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::open(&super::victim::url(folder.path()))
        .await
        .expect("opens");
    let run = engine.start(sizes_wide(WIDE)).await.expect("starts");
    let id = run.id;
    let record = run.wait().await.expect("the store works");
    assert_eq!(record.state, RunState::Completed, "{:?}", record.error);
    let sum = WIDE * (WIDE - 1) / 2;
    assert_eq!(record.output.as_deref(), Some(sum.to_string().as_str()));
    assert_eq!(STEPPED.load(Ordering::Relaxed), WIDE);
    let journal = engine.journal(id).await.expect("reads");
    assert_eq!(journal.steps.len() as u64, WIDE);
}

#[flow]
async fn sizes_chain(n: u64) -> Result<u64> {
    let mut sum = 0;
    for k in 0..n {
        sum += step_one_by_one(k).await?;
    }
    Ok(sum)
}

static ONE_BY_ONE: AtomicU64 = AtomicU64::new(0);

#[task]
async fn step_one_by_one(n: u64) -> Result<u64> {
    ONE_BY_ONE.fetch_add(1, Ordering::Relaxed);
    Ok(n)
}

#[flow]
async fn sizes_beside(n: u64) -> Result<u64> {
    let all = try_join_all((0..n).map(step_one_by_one)).await?;
    Ok(all.into_iter().sum())
}

#[tokio::test]
async fn a_history_has_a_limit_in_a_chain_and_in_a_fan_out() {
    let engine = Engine::open("memory:")
        .await
        .expect("opens")
        .history_steps_max(100);
    assert_eq!(engine.run(sizes_chain(100)).await.expect("completes"), 4950);
    assert_eq!(
        engine.run(sizes_beside(100)).await.expect("completes"),
        4950
    );
    let before = ONE_BY_ONE.load(Ordering::Relaxed);
    for flow in ["sizes_chain", "sizes_beside"] {
        let params = serde_json::json!({ "n": 101 });
        let run = engine.start_named(flow, &params).await.expect("starts");
        let record = run.wait().await.expect("the store works");
        assert_eq!(record.state, RunState::Failed, "{flow}");
        let error = record.error.expect("it failed");
        assert!(
            error.contains("\"Limit\"") && error.contains("history_steps_max"),
            "{error:?}"
        );
        assert!(error.contains("continue_with"), "{error:?}");
    }
    let ran = ONE_BY_ONE.load(Ordering::Relaxed) - before;
    assert!(
        ran <= 200,
        "{ran} tasks ran, although their results could not be recorded"
    );
}

#[flow]
async fn sizes_nested(depth: u32) -> Result<u32> {
    if depth == 0 {
        return Ok(0);
    }
    Ok(1 + sizes_nested(depth - 1).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn child_runs_nest_up_to_the_limit_and_no_further() {
    let engine = Engine::open("memory:").await.expect("opens");
    assert_eq!(engine.run(sizes_nested(64)).await.expect("completes"), 64);
    let error = engine.run(sizes_nested(65)).await.expect_err("is too deep");
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    assert!(error.message().contains("depth_max"), "{error}");
    assert!(error.try_this().is_some(), "{error}");
    let runs = engine.runs(RunFilter::default()).await.expect("lists");
    assert!(runs.iter().all(|run| run.state.is_final()));
}

#[task]
async fn measure(text: String) -> Result<usize> {
    Ok(text.len())
}

#[task]
async fn long_text(bytes: usize) -> Result<String> {
    Ok("x".repeat(bytes))
}

#[flow]
async fn sizes_result(bytes: usize) -> Result<usize> {
    Ok(long_text(bytes).await?.len())
}

#[flow]
async fn sizes_argument(bytes: usize) -> Result<usize> {
    measure("x".repeat(bytes)).await
}

#[flow]
async fn sizes_output(bytes: usize) -> Result<String> {
    Ok("x".repeat(bytes))
}

#[flow]
async fn sizes_parameter(text: String) -> Result<usize> {
    Ok(text.len())
}

#[flow]
async fn sizes_child_parameter(bytes: usize) -> Result<usize> {
    sizes_parameter("x".repeat(bytes)).await
}

/// Runs a flow at the limit, and one byte beyond it.
macro_rules! at_the_limit {
    ($url:expr, $flow:ident, $overhead:expr, $accepted:expr) => {{
        let engine = Engine::open($url).await.expect("opens");
        let most = PAYLOAD_BYTES_MAX - $overhead;
        let value = engine.run($flow(most)).await.expect("is accepted");
        assert_eq!(value, $accepted(most));
        let error = engine.run($flow(most + 1)).await.expect_err("is refused");
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
        assert!(error.message().contains("payload_bytes_max"), "{error}");
        for run in engine.runs(RunFilter::default()).await.expect("lists") {
            assert!(run.state.is_final(), "{}: {}", run.name, run.state);
        }
    }};
}

/// Two quotes around a string, two brackets around arguments, and the name of a parameter.
const STRING: usize = 2;
const ARGUMENT: usize = 4;
const PARAMETER: usize = r#"{"text":""}"#.len();

#[tokio::test]
async fn a_result_of_64_mib_is_recorded_and_one_byte_more_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = super::victim::url(folder.path());
    at_the_limit!(&url, sizes_result, STRING, |bytes| bytes);
    at_the_limit!("memory:", sizes_result, STRING, |bytes| bytes);
}

#[tokio::test]
async fn an_argument_of_64_mib_is_recorded_and_one_byte_more_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = super::victim::url(folder.path());
    at_the_limit!(&url, sizes_argument, ARGUMENT, |bytes| bytes);
}

#[tokio::test]
async fn an_output_of_64_mib_is_recorded_and_one_byte_more_is_not() {
    at_the_limit!("memory:", sizes_output, STRING, |bytes| "x".repeat(bytes));
}

#[tokio::test]
async fn a_parameter_of_a_child_has_the_same_limit() {
    at_the_limit!("memory:", sizes_child_parameter, PARAMETER, |bytes| bytes);
}

#[tokio::test]
async fn a_huge_parameter_is_refused_before_anything_starts() {
    let engine = Engine::open("memory:").await.expect("opens");
    let most = PAYLOAD_BYTES_MAX - PARAMETER;
    let length = engine.run(sizes_parameter("x".repeat(most))).await;
    assert_eq!(length.expect("is accepted"), most);
    let error = engine.run(sizes_parameter("x".repeat(most + 1))).await;
    assert_eq!(error.expect_err("is refused").kind(), ErrorKind::Limit);
    let runs = engine.runs(RunFilter::default()).await.expect("lists");
    assert_eq!(runs.len(), 1, "nothing was recorded of the second");
}

#[flow]
async fn sizes_names(n: u64) -> Result<u64> {
    let name = "name ".repeat(2000);
    let a = step_of_many(n).named(&name).await?;
    let b = step_of_many(n).named(&name).await?;
    let c = step_of_many(n).named("").await?;
    let d = step_of_many(n).named("a/b#2\n\u{0}").await?;
    Ok(a + b + c + d)
}

#[tokio::test]
async fn names_may_be_long_or_strange() {
    let folder = tempfile::tempdir().expect("a folder");
    for url in ["memory:".to_owned(), super::victim::url(folder.path())] {
        let engine = Engine::open(&url).await.expect("opens");
        let run = engine.start(sizes_names(1)).await.expect("starts");
        let id = run.id;
        let record = run.wait().await.expect("the store works");
        assert_eq!(
            record.output.as_deref(),
            Some("4"),
            "{url}: {:?}",
            record.error
        );
        let steps = engine.journal(id).await.expect("reads").steps;
        let mut names: Vec<_> = steps.iter().map(|step| step.step.clone()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 4, "{url}: each has its own name");
    }
}

#[task]
async fn long_error(bytes: usize) -> Result<()> {
    Err("e".repeat(bytes).into())
}

#[flow]
async fn sizes_error(bytes: usize) -> Result<String> {
    match long_error(bytes).await {
        Ok(()) => Ok("no error".to_owned()),
        Err(error) => Ok(format!(
            "{:?} {}",
            error.kind(),
            error.message().len() > 100
        )),
    }
}

#[tokio::test]
async fn an_error_beyond_the_limit_does_not_stop_the_run() {
    let engine = Engine::open("memory:").await.expect("opens");
    let said = engine.run(sizes_error(1000)).await.expect("completes");
    assert_eq!(said, "Failed true");
    let said = engine.run(sizes_error(PAYLOAD_BYTES_MAX + 1)).await;
    assert!(said.is_ok() || said.is_err_and(|error| error.kind() == ErrorKind::Limit));
}
