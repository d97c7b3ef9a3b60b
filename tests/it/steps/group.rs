//! Helpers whose steps are bounded and tried again together.

use flowrt::model::state::{RunState, TaskState};
use flowrt::prelude::*;
use flowrt::testing::Engine;
use flowrt::{Error, ErrorKind};

const HOUR: Duration = Duration::from_secs(3600);

#[task]
async fn group_log_in(user: String) -> Result<String> {
    Ok(format!("token of {user}"))
}

/// Works in the third attempt of its group only.
#[task]
async fn group_use(ctx: &TaskContext, token: String, page: u32) -> Result<u32> {
    if ctx.idempotency_key().contains("attempt3/") {
        return Ok(page * 10 + u32::try_from(token.len())?);
    }
    Err("the token is no longer valid".into())
}

#[task]
async fn group_endless() -> Result<u32> {
    Ok(0)
}

#[task]
async fn group_fatal() -> Result<u32> {
    Err(Error::fatal("no such account"))
}

/// Logs in again for each attempt.
#[flow(inline, retries = 2, retry_delay = "1h")]
async fn session(user: &str, mut page: u32) -> Result<u32> {
    let token = group_log_in(user.to_owned()).await?;
    page += 1;
    group_use(token, page).await
}

#[flow]
async fn group_works() -> Result<u32> {
    let first = session("ann", 1).await?;
    let second = session("bob", 2).await?;
    Ok(first * 100 + second)
}

#[flow(inline, retries = 1, backoff = "1h..2h")]
async fn too_few(user: String) -> Result<u32> {
    let token = group_log_in(user).await?;
    group_use(token, 1).await
}

#[flow]
async fn group_fails() -> Result<u32> {
    too_few("eve".to_owned()).await
}

#[flow(inline, timeout = "30m")]
async fn hurried<F: Fn(u32) -> u32 + Send>(change: F) -> Result<u32> {
    let one = group_endless().await?;
    let two = group_endless().await?;
    Ok(change(one + two))
}

#[flow]
async fn group_out_of_time() -> Result<String> {
    match hurried(|n| n + 1).await {
        Ok(n) => Ok(format!("gave {n}")),
        Err(error) => Ok(format!("{:?}: {error}", error.kind())),
    }
}

/// All attempts together have that time.
#[flow(inline, timeout = "90m", retries = 100, retry_delay = "1h")]
async fn never_in_time() -> Result<u32> {
    group_use("none".to_owned(), 1).await
}

#[flow]
async fn group_retries_out_of_time() -> Result<u32> {
    never_in_time().await
}

#[flow(inline, retries = 5)]
async fn hopeless() -> Result<u32> {
    group_fatal().await
}

#[flow]
async fn group_hopeless() -> Result<u32> {
    hopeless().await
}

struct Account {
    user: String,
}

impl Account {
    #[flow(inline, retries = 2, timeout = "1d")]
    async fn page(&self, page: u32) -> Result<u32> {
        let token = group_log_in(self.user.clone()).await?;
        group_use(token, page).await
    }
}

#[flow]
async fn group_of_a_method() -> Result<u32> {
    let account = Account {
        user: "kim".to_owned(),
    };
    account.page(1).await
}

async fn steps(engine: &Engine, run: flowrt::model::ids::RunId) -> Vec<(String, TaskState)> {
    let journal = engine.journal(run).await.expect("reads");
    let steps = journal.steps.into_iter();
    steps.map(|step| (step.step, step.state)).collect()
}

#[tokio::test]
async fn each_attempt_of_a_group_does_all_of_its_steps_again() {
    let engine = Engine::new();
    let begun = engine.now();
    let run = engine.start(group_works()).await.expect("starts");
    let id = run.id;
    assert_eq!(run.wait().await.expect("completes"), 3242);
    assert_eq!(engine.now().duration_since(begun).as_hours(), 4);
    let steps = steps(&engine, id).await;
    let of_first: Vec<_> = steps
        .iter()
        .take(8)
        .map(|(step, state)| (step.as_str(), *state))
        .collect();
    assert_eq!(
        of_first,
        [
            ("session/group_log_in", TaskState::Completed),
            ("session/group_use", TaskState::Failed),
            ("session/retry", TaskState::Completed),
            ("session/attempt2/group_log_in", TaskState::Completed),
            ("session/attempt2/group_use", TaskState::Failed),
            ("session/retry#2", TaskState::Completed),
            ("session/attempt3/group_log_in", TaskState::Completed),
            ("session/attempt3/group_use", TaskState::Completed),
        ]
    );
    assert_eq!(steps.len(), 16);
}

#[tokio::test]
async fn a_group_goes_on_after_a_crash_at_every_write() {
    let engine = Engine::new();
    let sweep = engine
        .crash_everywhere(group_works)
        .await
        .expect("each ends alike");
    assert_eq!(sweep.value, 3242);
    assert!(sweep.crashes >= 16, "{}", sweep.crashes);
    let engine = Engine::new();
    let _slow = engine.mock(group_endless, |()| Ok(1)).takes(HOUR);
    let sweep = engine
        .crash_everywhere(group_out_of_time)
        .await
        .expect("each ends alike");
    assert_eq!(
        sweep.value,
        "TimedOut: the steps of `hurried` did not end within their timeout of 30 min"
    );
}

#[tokio::test]
async fn a_group_whose_attempts_are_used_up_fails_with_the_last_error() {
    let engine = Engine::new();
    let error = engine.run(group_fails()).await.expect_err("it fails");
    assert_eq!(error.message(), "the token is no longer valid");
    let runs = engine.runs(Default::default()).await.expect("reads");
    assert_eq!(runs[0].state, RunState::Failed);
    assert_eq!(steps(&engine, runs[0].id).await.len(), 5);
}

#[tokio::test]
async fn a_group_has_its_time_for_all_of_its_steps() {
    let engine = Engine::new();
    let slow = engine.mock(group_endless, |()| Ok(1)).takes(HOUR / 4);
    // Two quarters of an hour are just as long as the group may take: the step that was built first wins.
    let said = engine.run(group_out_of_time()).await.expect("completes");
    assert!(
        said.starts_with("gave 3") || said.starts_with("TimedOut"),
        "{said}"
    );
    drop(slow);
    let _slow = engine.mock(group_endless, |()| Ok(1)).takes(HOUR / 3);
    let run = engine.start(group_out_of_time()).await.expect("starts");
    let id = run.id;
    let said = run.wait().await.expect("completes");
    assert_eq!(
        said,
        "TimedOut: the steps of `hurried` did not end within their timeout of 30 min"
    );
    assert_eq!(
        steps(&engine, id).await,
        [
            ("hurried/group_endless".to_owned(), TaskState::Completed),
            ("hurried/timeout".to_owned(), TaskState::Completed),
            ("hurried/group_endless#2".to_owned(), TaskState::Cancelled),
        ]
    );
}

#[tokio::test]
async fn the_time_of_a_group_counts_its_attempts_and_waits() {
    let engine = Engine::new();
    let begun = engine.now();
    let error = engine
        .run(group_retries_out_of_time())
        .await
        .expect_err("it fails");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(engine.now().duration_since(begun).as_secs(), 5400);
}

#[tokio::test]
async fn what_is_fatal_ends_a_group_at_once() {
    let engine = Engine::new();
    let error = engine.run(group_hopeless()).await.expect_err("it fails");
    assert_eq!(error.kind(), ErrorKind::Fatal);
    let runs = engine.runs(Default::default()).await.expect("reads");
    assert_eq!(steps(&engine, runs[0].id).await.len(), 1);
}

#[tokio::test]
async fn a_group_may_be_a_method() {
    let engine = Engine::new();
    assert_eq!(
        engine.run(group_of_a_method()).await.expect("completes"),
        22
    );
}
