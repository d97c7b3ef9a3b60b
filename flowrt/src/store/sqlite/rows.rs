//! Rows to records and back. Numbers of 64 bits without a sign are kept as the same bits with one.

use rusqlite::Row;
use rusqlite::types::ValueRef;
use uuid::Uuid;

use super::fault::{Fault, Outcome};
use crate::model::dispatch::{Dispatch, Slot};
use crate::model::ids::{ProcessId, RunId};
use crate::model::payload::{Digest, Payload};
use crate::model::record::{
    AttemptRecord, CacheUse, LogLine, RunRecord, SignalRecord, StepKind, StepRecord, WaitRecord,
};
use crate::model::state::{RunState, TaskState};

/// The columns of `select_run.sql`.
pub(super) fn run(row: &Row<'_>) -> Outcome<RunRecord> {
    let parent = match (uuid(row, 4)?, row.get(5)?) {
        (Some(id), Some(step)) => Some((RunId(id), step)),
        _ => None,
    };
    Ok(RunRecord {
        id: run_id(row, 0)?,
        name: row.get(1)?,
        flow: row.get(2)?,
        input: payload(row, 3)?.ok_or_else(|| Fault::damaged("a run without an input"))?,
        parent,
        origin: uuid(row, 6)?.map(RunId),
        idempotency_key: row.get(7)?,
        seed: row.get::<_, i64>(8)?.cast_unsigned(),
        created: row.get(9)?,
        logical_time: row.get(10)?,
        build: row.get(11)?,
        state: run_state(row, 12)?,
        epoch: row.get::<_, i64>(13)?.cast_unsigned(),
        owner: uuid(row, 14)?.map(ProcessId),
        crashes: row.get(15)?,
        attempt: row.get(16)?,
        started: row.get(17)?,
        finished: row.get(18)?,
        output: payload(row, 19)?,
        error: payload(row, 20)?,
        cancel_requested: row.get(21)?,
        cache: CacheUse::parse(text(row, 22)?)
            .ok_or_else(|| Fault::damaged("an unknown use of the cache"))?,
        due: row.get(24)?,
        dispatch: dispatch(row)?,
    })
}

fn dispatch(row: &Row<'_>) -> Outcome<Dispatch> {
    let slot = match (row.get(26)?, row.get(27)?) {
        (Some(schedule), Some(at)) => Some(Slot { schedule, at }),
        _ => None,
    };
    let tags = match row.get_ref(28)? {
        ValueRef::Null => Vec::new(),
        _ => serde_json::from_str(text(row, 28)?)
            .map_err(|_| Fault::damaged("the tags of a run are not JSON"))?,
    };
    Ok(Dispatch {
        queue: row.get(23)?,
        deployment: row.get(25)?,
        slot,
        backfill: row.get(29)?,
        shown: row.get(30)?,
        tags,
    })
}

/// Tags as a column: null for none, as most runs have.
pub(super) fn tags(tags: &[String]) -> Option<String> {
    (!tags.is_empty()).then(|| serde_json::Value::from(tags).to_string())
}

/// The columns of `select_step.sql`.
pub(super) fn step(row: &Row<'_>) -> Outcome<StepRecord> {
    Ok(StepRecord {
        seq: row.get::<_, i64>(0)?.cast_unsigned(),
        step: row.get(1)?,
        scope: row.get(2)?,
        position: row.get(3)?,
        task: row.get(4)?,
        kind: step_kind(row, 5)?,
        digest: Digest(row.get(6)?),
        fingerprint: row.get::<_, i64>(7)?.cast_unsigned(),
        input: payload(row, 8)?,
        state: task_state(row, 9)?,
        output: payload(row, 10)?,
        attempts: row.get(11)?,
        started: row.get(12)?,
        finished: row.get(13)?,
        signal: row.get::<_, Option<i64>>(14)?.map(i64::cast_unsigned),
        reused_from: uuid(row, 15)?.map(RunId),
        tolerated: row.get(16)?,
        label: row.get(17)?,
    })
}

/// `step, attempt, started, finished, error, next`.
pub(super) fn attempt(row: &Row<'_>) -> Outcome<AttemptRecord> {
    Ok(AttemptRecord {
        step: row.get(0)?,
        attempt: row.get(1)?,
        started: row.get(2)?,
        finished: row.get(3)?,
        error: payload(row, 4)?.ok_or_else(|| Fault::damaged("an attempt without an error"))?,
        next: row.get(5)?,
    })
}

/// `step, kind, due, detail`.
pub(super) fn wait(row: &Row<'_>) -> Outcome<WaitRecord> {
    Ok(WaitRecord {
        step: row.get(0)?,
        kind: row.get(1)?,
        due: row.get(2)?,
        detail: serde_json::from_str(text(row, 3)?)
            .map_err(|_| Fault::damaged("the detail of a wait is not JSON"))?,
    })
}

/// `seq, name, payload, sent`.
pub(super) fn signal(row: &Row<'_>) -> Outcome<SignalRecord> {
    Ok(SignalRecord {
        seq: row.get::<_, i64>(0)?.cast_unsigned(),
        name: row.get(1)?,
        payload: payload(row, 2)?.ok_or_else(|| Fault::damaged("a signal without a value"))?,
        sent: row.get(3)?,
    })
}

/// `id, step, attempt, time, level, target, message`.
pub(super) fn line(row: &Row<'_>, run: RunId) -> Outcome<(i64, LogLine)> {
    Ok((
        row.get(0)?,
        LogLine {
            run,
            step: row.get(1)?,
            attempt: row.get(2)?,
            time: row.get(3)?,
            level: row.get(4)?,
            target: row.get(5)?,
            message: row.get(6)?,
        },
    ))
}

pub(super) fn run_id(row: &Row<'_>, column: usize) -> Outcome<RunId> {
    Ok(RunId(Uuid::from_bytes(row.get(column)?)))
}

pub(super) fn uuid(row: &Row<'_>, column: usize) -> Outcome<Option<Uuid>> {
    Ok(row
        .get::<_, Option<[u8; 16]>>(column)?
        .map(Uuid::from_bytes))
}

pub(super) fn run_state(row: &Row<'_>, column: usize) -> Outcome<RunState> {
    RunState::parse(text(row, column)?).ok_or_else(|| Fault::damaged("an unknown state of a run"))
}

pub(super) fn task_state(row: &Row<'_>, column: usize) -> Outcome<TaskState> {
    TaskState::parse(text(row, column)?).ok_or_else(|| Fault::damaged("an unknown state of a step"))
}

pub(super) fn step_kind(row: &Row<'_>, column: usize) -> Outcome<StepKind> {
    StepKind::parse(text(row, column)?).ok_or_else(|| Fault::damaged("an unknown kind of step"))
}

/// Borrows the text, so that a payload is copied once and not twice.
pub(super) fn text<'a>(row: &'a Row<'_>, column: usize) -> Outcome<&'a str> {
    row.get_ref(column)?
        .as_str()
        .map_err(|_| Fault::damaged("a text that is not UTF-8"))
}

fn payload(row: &Row<'_>, column: usize) -> Outcome<Option<Payload>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => Ok(Some(Payload::from_json(text(row, column)?))),
    }
}
