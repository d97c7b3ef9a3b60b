//! Runs as programs read them: what `--json` prints is what the API answers, and what a command line far away reads back.

mod artifact;
mod backfill;
mod event;
mod notice;
mod plan;
mod step;
mod worker;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::model::dispatch::{Dispatch, Slot};
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::{CacheUse, Micros, RunRecord, TaskCounts};
use crate::model::state::RunState;

pub use artifact::ArtifactView;
pub use backfill::{BackfillDetail, BackfillPlanView, BackfillView, ChosenView, SlotRunView};
pub use event::{EventView, RunChange, WhatView};
pub use notice::{NotedView, NoticeView};
pub use plan::{PlanLine, PlanView, PlannedView};
pub use step::StepView;
pub use worker::{WorkerRun, WorkerView};

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Run")]
pub struct RunView {
    /// Its id.
    pub run_id: RunId,
    /// Its name, which nothing else has.
    pub name: String,
    /// The flow.
    pub flow: String,
    /// What its deployment calls the flow, where that is another name.
    pub shown: Option<String>,
    /// Where it stands.
    pub state: RunState,
    /// The queue from which a worker takes it, if it is left to workers.
    pub queue: Option<String>,
    /// The deployment that it is a run of.
    pub deployment: Option<String>,
    /// The slot of a schedule that it fills.
    pub slot: Option<SlotView>,
    /// The backfill that has begun it.
    pub backfill: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Left to workers, it is not begun before that.
    pub due: Option<String>,
    /// The parameters, with every default filled in. Secrets are references, or sealed.
    pub parameters: Value,
    /// What it returned.
    pub result: Value,
    /// Why it ended otherwise.
    pub error: Option<ErrorView>,
    /// From its start to its end, in milliseconds.
    pub duration_ms: Option<i64>,
    /// How many of its tasks have which outcome.
    pub tasks: TaskCounts,
    /// When it was accepted (RFC 3339, as all times here).
    pub created: String,
    /// When a process first took it.
    pub started: Option<String>,
    /// When it ended.
    pub finished: Option<String>,
    /// The moment that it is about.
    pub logical_time: String,
    /// The attempt of the flow itself, from 1.
    pub attempt: u32,
    /// What it does with results that other runs have kept.
    pub cache: CacheUse,
    /// For a child run: the run that it is part of.
    pub parent: Option<ParentView>,
    /// For a rerun, and a run that goes on from another: that other run.
    pub origin: Option<RunId>,
    /// The run in which this one goes on.
    pub continued_as: Option<RunId>,
    /// When somebody asked to cancel it.
    pub cancel_requested: Option<String>,
    /// The process that drove it is gone, and nobody has taken it since.
    pub process_gone: bool,
}

/// Where a child run belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Parent")]
pub struct ParentView {
    /// The run.
    pub run_id: RunId,
    /// The step there.
    pub step: String,
}

/// One time of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Slot")]
pub struct SlotView {
    /// The schedule's slug.
    pub schedule: String,
    /// The time that its rule gave.
    pub at: String,
}

/// Why a run or step did not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RunError")]
pub struct ErrorView {
    /// What kind of error.
    pub kind: ErrorKind,
    /// What went wrong.
    pub message: String,
    /// Its causes, nearest first.
    pub chain: Vec<String>,
    /// What to try.
    pub hint: Option<String>,
    /// The step that failed first.
    pub task: Option<String>,
    /// `file:line` of the task that failed.
    pub location: Option<String>,
    /// How many attempts were made; 0 if unknown.
    #[serde(default)]
    pub attempts: u32,
}

impl ErrorView {
    /// An error as it was recorded.
    pub fn of(error: &Payload) -> Self {
        let error = Error::from_json(error).masked();
        Self {
            kind: error.kind(),
            message: error.message().to_owned(),
            chain: error.chain().map(str::to_owned).collect(),
            hint: error.try_this().map(str::to_owned),
            task: error.task().map(str::to_owned),
            location: error.location().map(str::to_owned),
            attempts: error.attempts(),
        }
    }

    /// As it is recorded.
    pub fn into_payload(self) -> Payload {
        let json = serde_json::to_string(&self).expect("an error is text and numbers");
        Payload::from_json(json)
    }
}

impl RunView {
    /// A run with the counts of its tasks; `process_gone` as [`Engine::is_orphaned`] says.
    pub fn of(record: &RunRecord, tasks: &TaskCounts, process_gone: bool) -> Self {
        let both = record.finished.zip(record.started);
        Self {
            run_id: record.id,
            name: record.name.clone(),
            flow: record.flow.clone(),
            shown: record.dispatch.shown.clone(),
            state: record.state,
            queue: record.dispatch.queue.clone(),
            deployment: record.dispatch.deployment.clone(),
            slot: record.dispatch.slot.as_ref().map(|slot| SlotView {
                schedule: slot.schedule.clone(),
                at: time(slot.at),
            }),
            backfill: record.dispatch.backfill.clone(),
            tags: record.dispatch.tags.clone(),
            due: record.due.map(time),
            parameters: record.input.to_value(),
            result: record
                .output
                .as_ref()
                .map_or(Value::Null, Payload::to_value),
            error: record.error.as_ref().map(ErrorView::of),
            duration_ms: both.map(|(finished, started)| (finished - started).max(0) / 1000),
            tasks: *tasks,
            created: time(record.created),
            started: record.started.map(time),
            finished: record.finished.map(time),
            logical_time: time(record.logical_time),
            attempt: record.attempt,
            cache: record.cache,
            parent: record
                .parent
                .clone()
                .map(|(run_id, step)| ParentView { run_id, step }),
            origin: record.origin,
            continued_as: record.continued_as(),
            cancel_requested: record.cancel_requested.map(time),
            process_gone,
        }
    }

    /// The record of it, as far as it is told: enough to show it, not to drive it.
    ///
    /// # Errors
    /// If a time is none.
    pub fn into_record(self) -> Result<RunRecord> {
        let time = |text: Option<String>| text.as_deref().map(read_time).transpose();
        let has_value = self.state == RunState::Completed && self.continued_as.is_none();
        let slot = self.slot.map(|slot| {
            let at = read_time(&slot.at)?;
            let schedule = slot.schedule;
            Ok::<_, Error>(Slot { schedule, at })
        });
        let output = has_value.then(|| Payload::from_json(self.result.to_string()));
        Ok(RunRecord {
            id: self.run_id,
            name: self.name,
            flow: self.flow,
            input: Payload::from_json(self.parameters.to_string()),
            parent: self.parent.map(|parent| (parent.run_id, parent.step)),
            origin: self.origin,
            idempotency_key: None,
            seed: 0,
            created: read_time(&self.created)?,
            logical_time: read_time(&self.logical_time)?,
            build: String::new(),
            cache: self.cache,
            dispatch: Dispatch {
                queue: self.queue,
                deployment: self.deployment,
                shown: self.shown,
                slot: slot.transpose()?,
                backfill: self.backfill,
                tags: self.tags,
            },
            due: time(self.due)?,
            state: self.state,
            epoch: 0,
            owner: None,
            crashes: 0,
            attempt: self.attempt,
            started: time(self.started)?,
            finished: time(self.finished)?,
            output,
            error: self.error.map(ErrorView::into_payload),
            cancel_requested: time(self.cancel_requested)?,
        })
    }
}

impl Engine {
    /// Runs as programs read them, in the order given.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn views(&self, records: &[RunRecord]) -> Result<Vec<RunView>> {
        let ids = records.iter().map(|record| record.id).collect();
        let counts = self.task_counts(ids).await?;
        let views = records
            .iter()
            .zip(&counts)
            .map(|(record, counts)| RunView::of(record, counts, self.is_orphaned(record)));
        Ok(views.collect())
    }

    /// As [`views`](Self::views), for one run.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn view(&self, record: &RunRecord) -> Result<RunView> {
        let counts = self.task_counts(vec![record.id]).await?;
        let counts = counts.first().copied().unwrap_or_default();
        Ok(RunView::of(record, &counts, self.is_orphaned(record)))
    }
}

/// An instant as programs read it: RFC 3339 in UTC.
pub fn time(at: Micros) -> String {
    crate::model::rfc3339::text(at)
}

/// An instant as programs write it.
///
/// # Errors
/// If it is not of that form.
pub fn read_time(text: &str) -> Result<Micros> {
    let read = text.parse::<jiff::Timestamp>();
    read.map(jiff::Timestamp::as_microsecond).map_err(|error| {
        Error::new(ErrorKind::Input, format!("`{text}` is no time: {error}"))
            .hint("write it as 2026-11-24T08:30:00Z")
    })
}
