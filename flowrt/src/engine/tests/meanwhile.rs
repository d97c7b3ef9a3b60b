//! What others do to a run between two looks of its driver: each interleaving is forced, not hoped for.

use std::sync::Arc;

use super::{engine, waits};
use crate::__private as p;
use crate::failpoint::meanwhile;
use crate::model::state::RunState;
use crate::ops::Engine;
use crate::store::{RunFilter, Store};
use crate::{ErrorKind, Result};

callable!(Program calls_one / CallsOne () -> String { p::step(waits()).await });
callable!(Program goes_on / GoesOn (n: u32) -> u32 {
    if n == 0 {
        return p::step(crate::continue_with(goes_on(1))).await;
    }
    Ok(n)
});

/// Answers at once: nothing in this store waits.
fn now<T>(answer: impl Future<Output = T>) -> T {
    let answer = futures_util::FutureExt::now_or_never(answer);
    answer.expect("the memory store answers at once")
}

/// Cancels the only run of that kind that nobody drives yet; `true` if there was one.
fn cancel_undriven(store: &dyn Store, flow: &str) -> bool {
    let filter = RunFilter {
        flow: Some(flow.to_owned()),
        ..RunFilter::default()
    };
    let runs = now(store.list_runs(filter)).expect("lists");
    let Some(run) = runs
        .iter()
        .find(|run| run.owner.is_none() && !run.state.is_final())
    else {
        return false;
    };
    now(store.request_cancel(run.id, 0)).expect("is accepted");
    true
}

fn store(engine: &Engine) -> Arc<dyn Store> {
    engine.store().clone()
}

/// The child was accepted, and somebody cancels it before its parent claims it.
#[tokio::test]
async fn a_child_that_is_cancelled_before_its_claim_was_cancelled() {
    let engine = engine().await;
    let there = store(&engine);
    meanwhile::at("engine::after_child", move || {
        cancel_undriven(&*there, "waits");
    });
    let run = engine.start(calls_one()).await.expect("starts");
    let record = run.wait().await.expect("its driver has not lost it");
    assert_eq!(record.state, RunState::Failed);
    let error = record.error.expect("has one");
    let error = crate::Error::from_json(&error);
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    assert_eq!(
        engine
            .runs(RunFilter::default())
            .await
            .expect("lists")
            .len(),
        2
    );
}

/// The run and what it goes on in are cancelled together, before the latter is claimed.
#[tokio::test]
async fn a_run_that_is_cancelled_before_it_goes_on_was_cancelled() {
    let engine = engine().await;
    let there = store(&engine);
    meanwhile::at("engine::before_follow", move || {
        cancel_undriven(&*there, "goes_on");
    });
    let run = engine.start(goes_on(0)).await.expect("starts");
    let record = run.wait().await.expect("its driver has not lost it");
    assert_eq!(record.state, RunState::Cancelled);
}

/// Whoever wants to take a run that has ended since he looked is told as one who came too late.
#[tokio::test]
async fn a_resume_that_comes_after_a_cancel_comes_too_late() {
    let engine = engine().await;
    let run = engine.start(waits()).await.expect("starts");
    let id = run.id;
    run.interrupt();
    assert_eq!(
        run.wait().await.expect("stops").state,
        RunState::Interrupted
    );
    let there = store(&engine);
    meanwhile::at("ops::before_claim", move || {
        now(there.request_cancel(id, 0)).expect("is accepted");
    });
    let error = engine.resume(id).await.expect_err("it has ended");
    assert_eq!(error.kind(), ErrorKind::LeaseLost, "{error}");
    assert!(
        error.message().contains("has ended as Cancelled"),
        "{error}"
    );
}
