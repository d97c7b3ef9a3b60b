//! A flow called in a flow: a run of its own below the run that called it.

use std::sync::Arc;

use super::host::{Message, RunHost};
use super::patience::patiently;
use super::{DEPTH_MAX, Shared, drive, redo_of};
use crate::author::core::Core;
use crate::author::meta::Meta;
use crate::author::record::named;
use crate::author::slot::{Finished, Key, Recorded};
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint::failpoint;
use crate::model::payload::Payload;
use crate::model::record::{NewRun, RunRecord};
use crate::model::state::{RunState, TaskState};

/// Runs a flow that another flow called: a run of its own, with an id that every replay finds again.
pub(super) async fn run_child(
    host: Arc<RunHost>,
    core: Arc<Core>,
    key: Key,
    meta: &'static Meta,
    input: Payload,
) -> Finished {
    let started = core.clock.now();
    let step = core.step_id(key).to_string();
    core.set_cancel(key, Arc::default());
    let result = match child(&host, &core, &step, meta, &input).await {
        Ok(result) => result,
        Err(message) => {
            // What stops the parent is no outcome of the step: nothing is recorded.
            let _ = host.messages.send(message);
            return std::future::pending().await;
        }
    };
    let (state, output) = match result {
        Ok(output) => (TaskState::Completed, output),
        Err(error) if error.kind() == ErrorKind::Skipped => {
            (TaskState::Skipped, Payload::from_json(error.to_json()))
        }
        Err(error) => (
            TaskState::Failed,
            Payload::from_json(error.at(&step, None, 1).to_json()),
        ),
    };
    let recorded = Recorded { state, output };
    Finished {
        key,
        recorded,
        attempts: 1,
        started,
        ended: core.clock.now(),
        fingerprint: meta.fingerprint,
        signal: None,
        synced: true,
    }
}

/// The child's outcome, or what stops its parent.
async fn child(
    host: &Arc<RunHost>,
    core: &Arc<Core>,
    step: &str,
    meta: &'static Meta,
    input: &Payload,
) -> Result<Result<Payload>, Message> {
    if core.facts.depth >= DEPTH_MAX {
        let message =
            format!("child runs are nested {DEPTH_MAX} deep, the most that may be (depth_max)");
        return Ok(Err(Error::new(ErrorKind::Limit, message)
            .hint("give the recursion a base case that is reached sooner")));
    }
    let shared = &host.shared;
    let id = host.run.child(step);
    let run = NewRun {
        id,
        name: format!("{}-{}", meta.name, &id.to_string()[..6]),
        flow: meta.name.to_owned(),
        input: named(meta, input),
        parent: Some((host.run, step.to_owned())),
        origin: None,
        idempotency_key: None,
        seed: id.0.as_u64_pair().0,
        created: core.clock.now(),
        logical_time: core.facts.logical_time,
        build: String::new(),
        steps: Vec::new(),
    };
    failpoint("engine::before_child");
    let created = patiently(&core.clock, || shared.store.create_run(run.clone())).await;
    let mut record = match created {
        Err(error) if error.kind() == ErrorKind::Limit => return Ok(Err(error)),
        created => created.map_err(Message::Lost)?,
    };
    failpoint("engine::after_child");
    if record.state != RunState::Completed {
        let claimed = claim_child(shared, &record, core.clock.now())
            .await
            .map_err(Message::Lost)?;
        failpoint("engine::child_claimed");
        record = drive(shared.clone(), claimed, meta, core.facts.depth + 1)
            .await
            .map_err(Message::Lost)?;
    }
    let error = record.error.as_ref().map(|error| Error::from_json(error));
    Ok(match (record.output, error) {
        (_, Some(error)) if record.state == RunState::Parked => {
            return Err(Message::Parked(error));
        }
        (Some(output), _) => Ok(output),
        (None, Some(error)) => Err(error),
        (None, None) => Err(Error::new(
            ErrorKind::Skipped,
            format!("the child run {} was skipped", record.name),
        )),
    })
}

/// Takes a child run: a new one, one whose process died, or one that ended or stopped before.
async fn claim_child(shared: &Shared, record: &RunRecord, now: i64) -> Result<RunRecord> {
    let (store, id, epoch) = (&shared.store, record.id, record.epoch);
    let claimed = if record.state.is_final() || record.state.needs_person() {
        let changes = redo_of(shared, record).await?;
        patiently(&shared.clock, || {
            store.reopen(id, epoch, changes.clone(), now)
        })
        .await?
    } else {
        let after_crash = record.owner.is_some();
        patiently(&shared.clock, || store.claim(id, epoch, after_crash, now)).await?
    };
    claimed.ok_or_else(|| Error::new(ErrorKind::LeaseLost, "another process drives the child run"))
}
