use flowrt::Engine;
use flowrt::model::state::RunState;
use flowrt::prelude::*;

use super::Crowd;
use crate::until::until_it_holds;

static GOING_ON: Crowd = Crowd::new();

#[task]
async fn go_on() {
    GOING_ON.stay_until(0, || GOING_ON.most() >= 2).await;
}

#[flow(max_runs = 2)]
async fn two_at_a_time() -> Result<()> {
    go_on().await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_runs_go_on_at_once_than_the_flow_says() -> Result<()> {
    let engine = Engine::open("memory:").await?;
    let mut runs = Vec::new();
    for _ in 0..6 {
        runs.push(engine.start(two_at_a_time()).await?);
    }
    for run in runs {
        assert_eq!(run.wait().await?.state, RunState::Completed);
    }
    assert_eq!((GOING_ON.all(), GOING_ON.most()), (6, 2));
    Ok(())
}

static WAITING: Crowd = Crowd::new();

#[task]
async fn wait_for_end(ctx: &TaskContext) {
    WAITING.pass(0).await;
    ctx.on_cancel().await;
}

/// Only a run whose body has begun surely has the place: one that was started later may have asked first.
async fn until_bodies(count: u32) {
    until_it_holds(|| WAITING.all() == count).await;
}

#[flow(max_runs = 1, when_full = fail)]
async fn alone_or_fail() -> Result<()> {
    wait_for_end().await
}

#[flow(max_runs = 1, when_full = skip)]
async fn alone_or_skip() -> Result<()> {
    wait_for_end().await
}

#[flow(max_runs = 1, when_full = cancel_previous)]
async fn alone_instead(last: bool) -> Result<()> {
    if last { Ok(()) } else { wait_for_end().await }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_finds_no_room_fails_is_skipped_or_takes_the_place() -> Result<()> {
    let engine = Engine::open("memory:").await?;
    let first = engine.start(alone_or_fail()).await?;
    until_bodies(1).await;
    let second = engine.start(alone_or_fail()).await?.wait().await?;
    assert_eq!(second.state, RunState::Failed);
    engine.cancel(first.id).await?;
    assert_eq!(first.wait().await?.state, RunState::Cancelled);

    let first = engine.start(alone_or_skip()).await?;
    until_bodies(2).await;
    assert_eq!(
        engine.start(alone_or_skip()).await?.wait().await?.state,
        RunState::Skipped
    );
    engine.cancel(first.id).await?;

    let first = engine.start(alone_instead(false)).await?;
    until_bodies(3).await;
    let last = engine.start(alone_instead(true)).await?.wait().await?;
    assert_eq!(
        (first.wait().await?.state, last.state),
        (RunState::Cancelled, RunState::Completed)
    );
    Ok(())
}
