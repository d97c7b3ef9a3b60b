//! Attempts of a flow as a whole: each reuses what is recorded and does again what failed.

use super::again::redo_of;
use super::{Shared, patiently, trouble};
use crate::author::cancel::Stops;
use crate::author::meta::Meta;
use crate::error::{Error, Result};
use crate::model::payload::Payload;
use crate::model::record::{AttemptRecord, Entry, Journal, Micros, RunRecord, WaitRecord};
use crate::model::retry::may_come_as_a_whole;
use crate::model::state::RunState;
use crate::store::Durability;

/// What stands for the flow itself where steps have their ids.
pub(super) const FLOW: &str = "";

/// Under this id the instant is recorded at which the run's time is over.
pub(super) const TIMEOUT: &str = "(timeout)";

/// Failed attempts of the flow since somebody started or resumed it.
pub(super) fn failed_attempts(journal: &Journal) -> u32 {
    let of_flow = journal.attempts.iter().filter(|at| at.step == FLOW);
    of_flow.map(|at| at.attempt).max().unwrap_or(0)
}

/// When the next attempt is due, if the last one failed and the next has not begun.
pub(super) fn pending(journal: &Journal) -> Option<Micros> {
    let mut waits = journal.waits.iter();
    waits
        .find(|wait| wait.step == FLOW && wait.kind == "retry")
        .and_then(|wait| wait.due)
}

/// Whether the flow is tried again after that many failed attempts and this error.
pub(super) fn may_retry(retries: u32, failed: u32, error: &Error) -> bool {
    failed < retries && may_come_as_a_whole(error)
}

/// What is written down of an attempt that failed: its count, and the instant of the next.
pub(super) fn failed_attempt(
    meta: &Meta,
    attempt: u32,
    started: Micros,
    now: Micros,
    error: &Error,
) -> Vec<Entry> {
    let delay = meta.flow.delay.after(attempt);
    let next = now.saturating_add(crate::clock::micros(delay));
    let record = AttemptRecord {
        step: FLOW.to_owned(),
        attempt,
        started,
        finished: now,
        error: Payload::from_json(error.to_json()),
        next: Some(next),
    };
    let wait = WaitRecord {
        step: FLOW.to_owned(),
        kind: "retry".to_owned(),
        due: Some(next),
        detail: serde_json::Value::Null,
    };
    vec![Entry::Attempt(record), Entry::Wait(wait)]
}

/// What comes of the wait for the next attempt.
pub(super) enum Waited {
    /// The run is taken up for it.
    Again(Box<RunRecord>),
    /// It ends, or stops, instead.
    Ends(RunState, Option<Error>),
}

/// Waits until the next attempt is due and takes the records up for it.
pub(super) async fn next_attempt(
    shared: &Shared,
    record: &RunRecord,
    attempt: u32,
    stops: &Stops,
    due: Micros,
    deadline: Option<Micros>,
) -> Result<Waited> {
    let store = &shared.store;
    let (run, epoch) = (record.id, record.epoch);
    let retrying = RunState::Retrying;
    if record.state != RunState::Cancelling {
        patiently(|| store.set_state(run, epoch, retrying, attempt, Durability::Soon))
            .await
            .map_err(trouble)?;
    }
    tokio::select! {
        biased;
        () = stops.cancel.wait() => {
            Ok(Waited::Ends(RunState::Cancelled, Some(super::end::cancelled())))
        }
        () = stops.interrupt.wait() => Ok(Waited::Ends(RunState::Interrupted, None)),
        () = shared.clock.sleep_until(due.min(deadline.unwrap_or(due))) => {
            if deadline.is_none_or(|deadline| deadline >= due) {
                let again = take_up(shared, record).await?;
                return Ok(Waited::Again(Box::new(again)));
            }
            Ok(Waited::Ends(RunState::TimedOut, Some(super::end::timed_out())))
        }
    }
}

async fn take_up(shared: &Shared, record: &RunRecord) -> Result<RunRecord> {
    let store = &shared.store;
    let mut changes = redo_of(shared, record).await?;
    // The attempts of the flow go on being counted.
    changes.redo.retain(|step| step != FLOW);
    let now = shared.clock.now();
    let taken = patiently(|| store.reopen(record.id, record.epoch, changes.clone(), now))
        .await
        .map_err(trouble)?
        .ok_or_else(|| trouble(crate::store::Error::LeaseLost))?;
    let over = || vec![Entry::WaitOver(FLOW.to_owned())];
    patiently(|| store.record(taken.id, taken.epoch, over(), Durability::Soon))
        .await
        .map_err(trouble)?;
    Ok(taken)
}
