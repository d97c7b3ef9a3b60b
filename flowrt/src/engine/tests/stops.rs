//! Runs that are cancelled, interrupted, dropped, or whose engine is closed.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::join;

use super::{double, engine, moment, on_a_fake_clock, parent, waits};
use crate::__private as p;
use crate::model::ids::RunId;
use crate::model::record::{RunRecord, StepKind};
use crate::model::state::{RunState, TaskState};
use crate::ops::{Engine, RunFilter};
use crate::{ErrorKind, Result};

static OPEN: AtomicBool = AtomicBool::new(false);
static DEAF: AtomicU32 = AtomicU32::new(0);
static GRACED: AtomicBool = AtomicBool::new(false);
static GRACE_BEGAN: AtomicBool = AtomicBool::new(false);

callable!(Task deaf / Deaf () -> u32 {
    let blocked = tokio::task::spawn_blocking(|| {
        DEAF.fetch_add(1, Ordering::SeqCst);
        while !OPEN.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
    });
    let _ = blocked.await;
    Ok(1)
});
callable!(Program blocked / Blocked () -> u32 { p::step(deaf()).await });
callable!(Task graceful / Graceful () -> u32 {
    GRACE_BEGAN.store(true, Ordering::SeqCst);
    while !GRACED.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    Ok(9)
});
callable!(Program slow_to_go / SlowToGo () -> u32 { p::step(graceful()).await });
callable!(Program above / Above () -> String { p::step(waits()).await });
callable!(Program [timeout = Some(Duration::from_secs(60))] hurried / Hurried () -> String { p::step(waits()).await });
callable!(Program impatient / Impatient () -> u32 {
    let mut child = waits();
    // Polled once, then dropped: as the loser of a race is.
    let _ = futures_util::poll!(&mut child);
    p::step(double(1)).await?;
    drop(child);
    p::step(double(2)).await
});

async fn until(engine: &Engine, run: RunId, state: RunState) -> RunRecord {
    loop {
        let record = engine.record(run).await.expect("reads");
        if record.state == state {
            return record;
        }
        moment(1).await;
    }
}

async fn child_of(engine: &Engine, run: RunId) -> RunRecord {
    loop {
        let filter = RunFilter {
            parent: Some(run),
            ..RunFilter::default()
        };
        if let Some(child) = engine.runs(filter).await.expect("lists").pop() {
            return child;
        }
        moment(1).await;
    }
}

#[tokio::test]
async fn an_interrupted_run_and_its_child_go_on_where_they_stopped() {
    let engine = engine().await;
    let run = engine.start(above()).await.expect("starts");
    let id = run.id;
    let child = child_of(&engine, id).await.id;
    while engine.journal(child).await.expect("reads").steps.is_empty() {
        tokio::task::yield_now().await;
    }
    run.interrupt();
    assert_eq!(
        run.wait().await.expect("stops").state,
        RunState::Interrupted
    );
    let stopped = engine.record(child).await.expect("reads");
    assert_eq!(
        (stopped.state, stopped.owner),
        (RunState::Interrupted, None)
    );
    let waits = engine.journal(child).await.expect("reads").waits;
    assert!(waits.iter().any(|wait| wait.kind == "signal"), "{waits:?}");
    engine
        .signal(child, "answer", &serde_json::json!("on"))
        .await
        .expect("is accepted");
    let run = engine.resume(id).await.expect("resumes");
    let record = run.wait().await.expect("ends");
    assert_eq!(record.output.as_deref(), Some("\"on\""));
    let steps = engine.journal(child).await.expect("reads").steps;
    let sleeps = steps.iter().filter(|step| step.kind == StepKind::Sleep);
    assert_eq!(sleeps.count(), 1);
}

#[tokio::test]
async fn a_run_goes_on_when_its_handle_and_its_engine_are_dropped() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("store.db").display());
    let engine = Engine::open(&url).await.expect("opens");
    let run = engine.start(waits()).await.expect("starts");
    let id = run.id;
    drop((run, engine));
    let other = Engine::open(&url).await.expect("opens");
    other
        .signal(id, "answer", &serde_json::json!("heard"))
        .await
        .expect("is accepted");
    let record = until(&other, id, RunState::Completed).await;
    assert_eq!(record.output.as_deref(), Some("\"heard\""));
}

#[tokio::test]
async fn a_closed_engine_has_let_go_of_its_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("store.db").display());
    let engine = Engine::open(&url).await.expect("opens");
    let run = engine.start(above()).await.expect("starts");
    let id = run.id;
    child_of(&engine, id).await;
    let clone = engine.clone();
    engine.close().await.expect("closes");
    assert!(clone.record(id).await.is_err(), "the store is closed");
    assert_eq!(
        run.wait().await.expect("stops").state,
        RunState::Interrupted
    );
    let other = Engine::open(&url).await.expect("opens");
    assert_eq!(
        other.record(id).await.expect("reads").state,
        RunState::Interrupted
    );
    let child = child_of(&other, id).await;
    assert_eq!(child.state, RunState::Interrupted);
    other
        .signal(child.id, "answer", &serde_json::json!("later"))
        .await
        .expect("is accepted");
    let record = other.resume(id).await.expect("resumes").wait().await;
    assert_eq!(record.expect("ends").output.as_deref(), Some("\"later\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_ignores_the_cancel_holds_nothing() {
    let engine = engine().await.grace(Duration::from_millis(1));
    let run = engine.start(blocked()).await.expect("starts");
    while DEAF.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    engine.cancel(run.id).await.expect("is accepted");
    let id = run.id;
    // The body still blocks its thread.
    assert_eq!(run.wait().await.expect("ends").state, RunState::Cancelled);
    OPEN.store(true, Ordering::SeqCst);
    let steps = engine.journal(id).await.expect("reads").steps;
    assert_eq!(steps[0].state, TaskState::Cancelled);
}

#[tokio::test]
async fn what_ends_within_the_grace_is_recorded() {
    let engine = engine().await;
    let run = engine.start(slow_to_go()).await.expect("starts");
    let id = run.id;
    while !GRACE_BEGAN.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    engine.cancel(id).await.expect("is accepted");
    until(&engine, id, RunState::Cancelling).await;
    GRACED.store(true, Ordering::SeqCst);
    assert_eq!(run.wait().await.expect("ends").state, RunState::Cancelled);
    let steps = engine.journal(id).await.expect("reads").steps;
    assert_eq!(steps[0].output.as_deref(), Some("9"));
}

#[tokio::test]
async fn a_run_out_of_time_takes_its_child_along_and_gets_its_time_again_when_resumed() {
    let (engine, clock) = on_a_fake_clock();
    let run = engine.start(hurried()).await.expect("starts");
    let id = run.id;
    let child = child_of(&engine, id).await.id;
    clock.advance(Duration::from_secs(60));
    assert_eq!(run.wait().await.expect("ends").state, RunState::TimedOut);
    until(&engine, child, RunState::Cancelled).await;
    let run = engine.resume(id).await.expect("resumes");
    until(&engine, child, RunState::Running).await;
    clock.advance(Duration::from_secs(1));
    let yes = serde_json::json!("now");
    let sent = engine.signal(child, "answer", &yes);
    sent.await.expect("is accepted");
    let record = run.wait().await.expect("ends");
    assert_eq!(record.output.as_deref(), Some("\"now\""));
}

#[tokio::test]
async fn a_child_that_is_dropped_ends_before_its_parent() {
    let engine = engine().await;
    let run = engine.start(impatient()).await.expect("starts");
    let id = run.id;
    assert_eq!(run.wait().await.expect("ends").state, RunState::Completed);
    assert_eq!(child_of(&engine, id).await.state, RunState::Cancelled);
}

#[tokio::test]
async fn a_child_that_somebody_cancels_fails_its_parent_once_and_for_all() {
    let engine = engine().await;
    let run = engine.start(above()).await.expect("starts");
    let id = run.id;
    let child = child_of(&engine, id).await.id;
    engine.cancel(child).await.expect("is accepted");
    let record = run.wait().await.expect("ends");
    assert_eq!(record.state, RunState::Failed);
    let error = crate::Error::from_json(&record.error.expect("says why"));
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    let steps = engine.journal(id).await.expect("reads").steps;
    assert_eq!(steps[0].state, TaskState::Cancelled);
    assert!(steps[0].is_handed_out());
}

#[tokio::test]
async fn a_run_whose_process_died_too_often_is_driven_only_by_hand() {
    let engine = engine().await.crashes_max(1);
    let run = engine.start(waits()).await.expect("starts");
    let id = run.id;
    while engine.journal(id).await.expect("reads").waits.is_empty() {
        tokio::task::yield_now().await;
    }
    // As if two processes had taken it and died.
    for _ in 0..2 {
        let record = engine.record(id).await.expect("reads");
        let claimed = engine.store().claim(id, record.epoch, true, 0).await;
        claimed.expect("answers").expect("claims");
    }
    engine
        .signal(id, "answer", &serde_json::json!("x"))
        .await
        .expect("is accepted");
    assert_eq!(
        run.wait().await.expect_err("lost it").kind(),
        ErrorKind::LeaseLost
    );
    let record = engine.record(id).await.expect("reads");
    if record.crashes > 1 {
        let crashed = engine.resume(id).await.expect("takes it").wait().await;
        let crashed = crashed.expect("ends");
        assert_eq!(crashed.state, RunState::Crashed);
    }
    let record = engine.resume(id).await.expect("resumes").wait().await;
    let record = record.expect("ends");
    assert_eq!((record.state, record.crashes), (RunState::Completed, 0));
}

#[tokio::test]
async fn cancel_reaches_a_run_of_another_engine_on_the_same_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("store.db").display());
    let (one, two) = (Engine::open(&url).await, Engine::open(&url).await);
    let (one, two) = (one.expect("opens"), two.expect("opens"));
    let run = one.start(above()).await.expect("starts");
    two.cancel(run.id).await.expect("is accepted");
    assert_eq!(run.wait().await.expect("ends").state, RunState::Cancelled);
    // Both at once: the children run beside each other, and both end.
    let run = one.start(parent()).await.expect("starts");
    let (asked, ended) = join(two.cancel(run.id), run.wait()).await;
    asked.expect("is accepted");
    let state = ended.expect("ends").state;
    assert!(matches!(state, RunState::Cancelled | RunState::Completed));
}
