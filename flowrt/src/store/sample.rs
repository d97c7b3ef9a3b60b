//! Records for the tests of the stores.

use uuid::Uuid;

use super::{Ending, Options, Process, Store};
use crate::model::deployment::{Catchup, Deployment, DeploymentRecord, ScheduleRecord, Source};
use crate::model::ids::{ProcessId, RunId};
use crate::model::payload::{Digest, Payload};
use crate::model::record::{
    AttemptRecord, LogLine, NewRun, RunRecord, StepKind, StepRecord, WaitRecord,
};
use crate::model::state::{RunState, TaskState};

pub(super) fn options(number: u64) -> Options {
    Options::new(Process {
        id: ProcessId(Uuid::from_u64_pair(1, number)),
        pid: std::process::id(),
        host: "here".into(),
        started: 3,
        build: "b1".into(),
    })
}

pub(super) fn run_id(number: u64) -> RunId {
    RunId(Uuid::from_u64_pair(0x0192_0000_0000_7000, number))
}

pub(super) fn payload(text: &str) -> Payload {
    Payload::from_json(format!("{text:?}"))
}

pub(super) fn new_run(number: u64, name: &str) -> NewRun {
    NewRun {
        id: run_id(number),
        name: name.into(),
        flow: "offers".into(),
        input: Payload::from_json("{}"),
        parent: None,
        origin: None,
        idempotency_key: None,
        seed: u64::MAX - number,
        created: 1,
        logical_time: 2,
        build: "b1".into(),
        cache: crate::model::record::CacheUse::default(),
        dispatch: crate::model::dispatch::Dispatch::default(),
        due: None,
        steps: vec![],
    }
}

pub(super) fn step(seq: u64, name: &str) -> StepRecord {
    StepRecord {
        seq,
        step: name.into(),
        scope: String::new(),
        position: 1,
        task: "fetch".into(),
        kind: StepKind::Task,
        digest: Digest([7; 16]),
        fingerprint: 8,
        input: Some(payload("in")),
        state: TaskState::Completed,
        output: Some(payload("out")),
        attempts: 1,
        started: 10,
        finished: 11,
        signal: None,
        reused_from: None,
        tolerated: false,
        label: None,
    }
}

pub(super) fn attempt(step: &str, attempt: u32) -> AttemptRecord {
    AttemptRecord {
        step: step.into(),
        attempt,
        started: 1,
        finished: 2,
        error: payload("broken"),
        next: Some(3),
    }
}

pub(super) fn wait(step: &str) -> WaitRecord {
    WaitRecord {
        step: step.into(),
        kind: "signal".into(),
        due: None,
        detail: serde_json::json!({"name": step, "schema": {"type": "string"}}),
    }
}

pub(super) fn line(run: u64, step: &str, message: &str) -> LogLine {
    LogLine {
        run: run_id(run),
        step: step.into(),
        attempt: 1,
        time: 5,
        level: "INFO".into(),
        target: "t".into(),
        message: message.into(),
    }
}

pub(super) fn ending(state: RunState) -> Ending {
    Ending {
        state,
        output: None,
        error: None,
        at: 99,
    }
}

pub(super) fn deployment(name: &str) -> DeploymentRecord {
    let deployment = Deployment {
        tags: vec!["nightly".into()],
        queue: Some("q".into()),
        timeout: Some(5),
        ..Deployment::new(name, "offers", Source::File)
    };
    DeploymentRecord {
        changed: 4,
        ..DeploymentRecord::new(deployment, 3)
    }
}

pub(super) fn schedule(deployment: &str, slug: &str) -> ScheduleRecord {
    ScheduleRecord {
        catchup: Catchup::Last,
        ..ScheduleRecord::new(
            deployment,
            slug,
            serde_json::json!({"cron": "0 10 * * *"}),
            1,
        )
    }
}

/// Claims a run that nobody has claimed.
pub(super) async fn claimed(store: &dyn Store, number: u64) -> RunRecord {
    let claim = store.claim(run_id(number), 0, false, 6).await;
    claim.expect("a claim").expect("an unclaimed run")
}
