//! Attempts of flows.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{double, on_a_fake_clock};
use crate::__private as p;
use crate::model::state::RunState;
use crate::ops::Engine;
use crate::{Error, ErrorKind, Result};

const HOUR: Duration = Duration::from_secs(3600);

static SHAKY: AtomicU32 = AtomicU32::new(0);
static BELOW: AtomicU32 = AtomicU32::new(0);
static FATAL: AtomicU32 = AtomicU32::new(0);
static KEPT: AtomicU32 = AtomicU32::new(0);

callable!(Task shake / Shake () -> u32 {
    match SHAKY.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => Err("shaken".into()),
        _ => Ok(5),
    }
});
callable!(Task kept / Kept () -> u32 { Ok(KEPT.fetch_add(1, Ordering::SeqCst)) });
callable!(Task never / Never () -> u32 { Err("never".into()) });
callable!(Task doomed / Doomed () -> u32 {
    FATAL.fetch_add(1, Ordering::SeqCst);
    Err(Error::fatal("doomed"))
});
callable!(Task below_fails / BelowFails () -> u32 {
    match BELOW.fetch_add(1, Ordering::SeqCst) {
        0 => Err("first".into()),
        n => Ok(n),
    }
});
callable!(Program [retries = 2] [delay = p::Delay::List(&[HOUR])] shaky / Shaky () -> u32 {
    let first = p::step(kept()).await?;
    p::step(crate::sleep(Duration::ZERO)).await;
    Ok(first + p::step(shake()).await?)
});
callable!(Program [retries = 5] [delay = p::Delay::List(&[HOUR])] [timeout = Some(Duration::from_secs(5400))] hopeless / Hopeless () -> u32 {
    p::step(never()).await
});
callable!(Program [retries = 5] fatal / Fatal () -> u32 { p::step(doomed()).await });
callable!(Program [retries = 1] below / Below () -> u32 { p::step(below_fails()).await });
callable!(Program over / Over () -> u32 { Ok(p::step(below()).await? + p::step(double(4)).await?) });

async fn until_retrying(engine: &Engine, run: crate::model::ids::RunId, attempt: u32) {
    loop {
        let record = engine.record(run).await.expect("reads");
        if (record.state, record.attempt) == (RunState::Retrying, attempt) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn each_attempt_reuses_what_is_recorded_and_waits_its_time() {
    let (engine, clock) = on_a_fake_clock();
    let run = engine.start(shaky()).await.expect("starts");
    let id = run.id;
    until_retrying(&engine, id, 2).await;
    clock.advance(HOUR);
    until_retrying(&engine, id, 3).await;
    clock.advance(HOUR);
    let record = run.wait().await.expect("ends");
    assert_eq!(
        (record.state, record.output.as_deref(), record.attempt),
        (RunState::Completed, Some("5"), 3)
    );
    assert_eq!(
        KEPT.load(Ordering::SeqCst),
        1,
        "what is recorded is not run again"
    );
    let attempts = engine.journal(id).await.expect("reads").attempts;
    assert_eq!(attempts.iter().filter(|at| at.step.is_empty()).count(), 2);
}

#[tokio::test]
async fn the_runs_time_goes_on_through_its_attempts() {
    let (engine, clock) = on_a_fake_clock();
    let run = engine.start(hopeless()).await.expect("starts");
    until_retrying(&engine, run.id, 2).await;
    clock.advance(HOUR);
    until_retrying(&engine, run.id, 3).await;
    clock.advance(HOUR);
    assert_eq!(run.wait().await.expect("ends").state, RunState::TimedOut);
}

#[tokio::test]
async fn a_cancel_ends_the_wait_for_the_next_attempt() {
    let (engine, _clock) = on_a_fake_clock();
    let run = engine.start(hopeless()).await.expect("starts");
    until_retrying(&engine, run.id, 2).await;
    engine.cancel(run.id).await.expect("is accepted");
    assert_eq!(run.wait().await.expect("ends").state, RunState::Cancelled);
}

#[tokio::test]
async fn an_interrupt_keeps_the_attempts_and_the_next_instant() {
    let (engine, clock) = on_a_fake_clock();
    let run = engine.start(hopeless()).await.expect("starts");
    let id = run.id;
    until_retrying(&engine, id, 2).await;
    run.interrupt();
    assert_eq!(
        run.wait().await.expect("stops").state,
        RunState::Interrupted
    );
    let run = engine.resume(id).await.expect("resumes");
    until_retrying(&engine, id, 2).await;
    clock.advance(HOUR);
    until_retrying(&engine, id, 3).await;
    engine.cancel(id).await.expect("is accepted");
    assert_eq!(run.wait().await.expect("ends").state, RunState::Cancelled);
}

#[tokio::test]
async fn a_fatal_error_is_not_tried_again() {
    let (engine, _clock) = on_a_fake_clock();
    let error = engine.run(fatal()).await.expect_err("fails");
    assert_eq!(
        (error.kind(), FATAL.load(Ordering::SeqCst)),
        (ErrorKind::Fatal, 1)
    );
}

#[tokio::test]
async fn a_child_is_tried_again_by_itself() {
    let (engine, _clock) = on_a_fake_clock();
    assert_eq!(engine.run(over()).await.expect("completes"), 1 + 8);
}
