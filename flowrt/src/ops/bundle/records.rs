//! Records to lines and back.

use serde_json::value::RawValue;

use super::lines::{Artifact, Attempt, Json, Run, Signal, Step};
use crate::model::artifact::{ArtifactRecord, Place};
use crate::model::ids::RunId;
use crate::model::payload::{Digest, Payload};
use crate::model::record::{AttemptRecord, RunRecord, SignalRecord, StepKind, StepRecord};
use crate::model::state::{RunState, TaskState};

/// Why a line is no record, in words.
pub(super) type Fault = String;

/// A value for a line. A line break in JSON is only ever space between its parts.
pub(super) fn json(payload: &Payload) -> Json {
    let text = payload.replace(['\n', '\r'], " ");
    RawValue::from_string(text).unwrap_or_else(|_| {
        // What is not JSON is shown as a string elsewhere too.
        let text = serde_json::Value::String(payload.to_string()).to_string();
        RawValue::from_string(text).expect("a string is JSON")
    })
}

fn json_of(payload: &Option<Payload>) -> Option<Json> {
    payload.as_ref().map(json)
}

fn payload(json: &Json) -> Payload {
    Payload::from_json(json.get())
}

fn payload_of(json: &Option<Json>) -> Option<Payload> {
    json.as_ref().map(payload)
}

fn bits(text: &str) -> Result<u64, Fault> {
    u64::from_str_radix(text, 16).map_err(|_| format!("{text:?} is not a number of 64 bits"))
}

pub(super) fn run(record: &RunRecord) -> Run {
    Run {
        id: record.id,
        name: record.name.clone(),
        flow: record.flow.clone(),
        state: record.state.as_str().to_owned(),
        parent: record.parent.clone(),
        origin: record.origin,
        seed: format!("{:016x}", record.seed),
        build: record.build.clone(),
        cache: record.cache,
        dispatch: record.dispatch.clone(),
        attempt: record.attempt,
        epoch: record.epoch,
        crashes: record.crashes,
        created: record.created,
        logical_time: record.logical_time,
        started: record.started,
        finished: record.finished,
        cancel_requested: record.cancel_requested,
        input: json(&record.input),
        output: json_of(&record.output),
        error: json_of(&record.error),
    }
}

pub(super) fn run_record(line: Run) -> Result<RunRecord, Fault> {
    let state = RunState::parse(&line.state);
    Ok(RunRecord {
        id: line.id,
        flow: line.flow,
        input: payload(&line.input),
        parent: line.parent,
        origin: line.origin,
        idempotency_key: None,
        seed: bits(&line.seed)?,
        created: line.created,
        logical_time: line.logical_time,
        build: line.build,
        cache: line.cache,
        dispatch: line.dispatch,
        due: None,
        state: state.ok_or_else(|| format!("{:?} is no state of a run", line.state))?,
        epoch: line.epoch,
        owner: None,
        crashes: line.crashes,
        attempt: line.attempt,
        started: line.started,
        finished: line.finished,
        output: payload_of(&line.output),
        error: payload_of(&line.error),
        cancel_requested: line.cancel_requested,
        name: line.name,
    })
}

pub(super) fn step(run: RunId, record: &StepRecord) -> Step {
    let digest = u128::from_be_bytes(record.digest.0);
    Step {
        run,
        seq: record.seq,
        step: record.step.clone(),
        scope: record.scope.clone(),
        position: record.position,
        task: record.task.clone(),
        kind: record.kind.as_str().to_owned(),
        state: record.state.as_str().to_owned(),
        attempts: record.attempts,
        started: record.started,
        finished: record.finished,
        digest: format!("{digest:032x}"),
        fingerprint: format!("{:016x}", record.fingerprint),
        signal: record.signal,
        reused_from: record.reused_from,
        tolerated: record.tolerated,
        label: record.label.clone(),
        input: json_of(&record.input),
        output: json_of(&record.output),
    }
}

pub(super) fn step_record(line: Step) -> Result<StepRecord, Fault> {
    let digest = u128::from_str_radix(&line.digest, 16)
        .map_err(|_| format!("{:?} is not a digest", line.digest))?;
    let kind = StepKind::parse(&line.kind);
    let state = TaskState::parse(&line.state);
    Ok(StepRecord {
        seq: line.seq,
        step: line.step,
        scope: line.scope,
        position: line.position,
        task: line.task,
        kind: kind.ok_or_else(|| format!("{:?} is no kind of step", line.kind))?,
        digest: Digest(digest.to_be_bytes()),
        fingerprint: bits(&line.fingerprint)?,
        input: payload_of(&line.input),
        state: state
            .filter(|state| state.is_final())
            .ok_or_else(|| format!("{:?} is no end of a step", line.state))?,
        output: payload_of(&line.output),
        attempts: line.attempts,
        started: line.started,
        finished: line.finished,
        signal: line.signal,
        reused_from: line.reused_from,
        tolerated: line.tolerated,
        label: line.label,
    })
}

pub(super) fn attempt(run: RunId, record: &AttemptRecord) -> Attempt {
    Attempt {
        run,
        step: record.step.clone(),
        attempt: record.attempt,
        started: record.started,
        finished: record.finished,
        next: record.next,
        error: json(&record.error),
    }
}

pub(super) fn attempt_record(line: Attempt) -> AttemptRecord {
    AttemptRecord {
        step: line.step,
        attempt: line.attempt,
        started: line.started,
        finished: line.finished,
        error: payload(&line.error),
        next: line.next,
    }
}

pub(super) fn signal(run: RunId, record: &SignalRecord) -> Signal {
    Signal {
        run,
        seq: record.seq,
        name: record.name.clone(),
        sent: record.sent,
        payload: json(&record.payload),
    }
}

pub(super) fn signal_record(line: Signal) -> SignalRecord {
    SignalRecord {
        seq: line.seq,
        name: line.name,
        payload: payload(&line.payload),
        sent: line.sent,
    }
}

pub(super) fn artifact(record: &ArtifactRecord) -> Artifact {
    let place = &record.place;
    Artifact {
        run: record.run,
        key: place.key.clone(),
        version: record.version,
        kind: record.kind,
        step: place.step.clone(),
        attempt: place.attempt,
        at: place.at,
        failed: record.failed,
        description: record.description.clone(),
        data: json(&Payload::from_json(record.data.as_str())),
        blob: record.blob.map(|blob| blob.to_string()),
    }
}

pub(super) fn artifact_record(line: Artifact) -> Result<ArtifactRecord, Fault> {
    let blob = line.blob.map(|blob| {
        let id = blob.parse();
        id.map_err(|()| format!("{blob:?} is no name of bytes"))
    });
    Ok(ArtifactRecord {
        run: line.run,
        place: Place {
            key: line.key,
            step: line.step,
            attempt: line.attempt,
            at: line.at,
        },
        version: line.version,
        kind: line.kind,
        failed: line.failed,
        description: line.description,
        data: line.data.get().to_owned(),
        blob: blob.transpose()?,
    })
}
