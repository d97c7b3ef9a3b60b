//! What happens to a run, as those who watch from outside are told.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ErrorView, ParentView, read_time, time};
use crate::error::Result;
use crate::model::event::{Event, What};
use crate::model::ids::RunId;
use crate::model::record::{LogLine, RunRecord, StepKind};
use crate::model::state::{RunState, TaskState};

/// Something that happened to a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Event")]
pub struct EventView {
    /// To which run.
    pub run_id: RunId,
    /// When (RFC 3339).
    pub at: String,
    /// What.
    #[serde(flatten)]
    pub what: WhatView,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[schemars(rename = "What")]
pub enum WhatView {
    /// A run began, or goes on after a stop.
    RunStarted {
        /// Its name.
        name: String,
        /// Its flow.
        flow: String,
        /// For a child run: the run that it is part of.
        parent: Option<ParentView>,
        /// The run that goes on in this one.
        continues: Option<RunId>,
    },
    /// A fan-out knows its items.
    FannedOut {
        /// The step's full id.
        step: String,
        /// How many items it has.
        items: u64,
    },
    /// An attempt at a task began.
    Started {
        /// The step's full id.
        step: String,
        /// The task.
        task: String,
        /// The attempt's number, from 1.
        attempt: u32,
        /// What people see of an item of a fan-out besides its id.
        label: Option<String>,
    },
    /// An attempt failed, and there will be another.
    Retrying {
        /// The step's full id; empty for the flow itself.
        step: String,
        /// The number of the attempt that failed.
        attempt: u32,
        /// When the next one begins.
        due: Option<String>,
        /// Why it failed.
        error: ErrorView,
    },
    /// A step waits.
    Waiting {
        /// The step's full id.
        step: String,
        /// What for: `sleep`, `poll`, `signal`, `limit`.
        kind: String,
        /// For a signal: its name.
        name: Option<String>,
        /// When the wait ends by itself.
        until: Option<String>,
    },
    /// A task says how far it is.
    Progress {
        /// The step's full id.
        step: String,
        /// What is done.
        done: u64,
        /// Of how much.
        total: u64,
    },
    /// A step ended.
    Ended {
        /// The step's full id.
        step: String,
        /// The task or flow, or the kind for the others.
        task: String,
        /// What kind of step it is.
        kind: StepKind,
        /// How it ended.
        state: TaskState,
        /// How many attempts it took.
        attempts: u32,
        /// From the beginning of its first attempt to its end, in microseconds.
        duration_us: u64,
        /// It was not done now: an earlier drive did it, or another run.
        kept: bool,
        /// Why it failed.
        error: Option<ErrorView>,
        /// What people see of an item of a fan-out besides its id.
        label: Option<String>,
    },
    /// A task or flow logged a line.
    Log {
        /// The line.
        line: LogLine,
    },
    /// The run ended, or stopped for a person.
    RunEnded {
        /// How.
        state: RunState,
        /// Why it ended otherwise than with a value.
        error: Option<ErrorView>,
    },
    /// So many events came faster than they could be told; the record has them.
    Missed {
        /// How many.
        count: u64,
    },
    /// Something that this version does not know.
    #[serde(other)]
    Other,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self {
            run_id: event.run,
            at: time(event.at),
            what: what(event.what),
        }
    }
}

#[allow(clippy::too_many_lines, reason = "a table: an arm for each kind")]
fn what(what: What) -> WhatView {
    let text = |text: Arc<str>| text.as_ref().to_owned();
    match what {
        What::RunStarted {
            name,
            flow,
            parent,
            continues,
        } => WhatView::RunStarted {
            name,
            flow,
            parent: parent.map(|(run_id, step)| ParentView { run_id, step }),
            continues,
        },
        What::FannedOut { step, items } => WhatView::FannedOut {
            step: text(step),
            items,
        },
        What::Started {
            step,
            task,
            attempt,
            label,
        } => WhatView::Started {
            step: text(step),
            task: task.to_owned(),
            attempt,
            label: label.map(text),
        },
        What::Retrying {
            step,
            attempt,
            due,
            error,
        } => WhatView::Retrying {
            step: text(step),
            attempt,
            due: due.map(time),
            error: ErrorView::of(&error),
        },
        What::Waiting {
            step,
            kind,
            name,
            until,
        } => WhatView::Waiting {
            step: text(step),
            kind,
            name,
            until: until.map(time),
        },
        What::Ended {
            step,
            task,
            kind,
            state,
            attempts,
            took,
            kept,
            error,
            label,
        } => WhatView::Ended {
            step: text(step),
            task,
            kind,
            state,
            attempts,
            duration_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            kept,
            error: error.as_ref().map(ErrorView::of),
            label: label.map(text),
        },
        What::Progress { step, done, total } => WhatView::Progress {
            step: text(step),
            done,
            total,
        },
        What::Log(line) => WhatView::Log { line },
        What::RunEnded { state, error } => WhatView::RunEnded {
            state,
            error: error.as_ref().map(ErrorView::of),
        },
        What::Missed(count) => WhatView::Missed { count },
    }
}

impl WhatView {
    /// The kind, as it is written.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RunStarted { .. } => "run_started",
            Self::FannedOut { .. } => "fanned_out",
            Self::Started { .. } => "started",
            Self::Retrying { .. } => "retrying",
            Self::Waiting { .. } => "waiting",
            Self::Ended { .. } => "ended",
            Self::Progress { .. } => "progress",
            Self::Log { .. } => "log",
            Self::RunEnded { .. } => "run_ended",
            Self::Missed { .. } => "missed",
            Self::Other => "other",
        }
    }
}

/// Where a run stands now that it has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunChange {
    /// The run.
    pub run_id: RunId,
    /// Its name.
    pub name: String,
    /// Its flow.
    pub flow: String,
    /// Where it stands.
    pub state: RunState,
    /// For a child run: the run that it is part of.
    pub parent: Option<RunId>,
    /// When it was first taken.
    pub started: Option<String>,
    /// When it ended.
    pub finished: Option<String>,
    /// The attempt of the flow, from 1.
    pub attempt: u32,
}

impl RunChange {
    /// How it stands.
    pub fn of(record: &RunRecord) -> Self {
        Self {
            run_id: record.id,
            name: record.name.clone(),
            flow: record.flow.clone(),
            state: record.state,
            parent: record.parent.as_ref().map(|(run, _)| *run),
            started: record.started.map(time),
            finished: record.finished.map(time),
            attempt: record.attempt,
        }
    }
}

impl EventView {
    /// The event that is told; none if this version does not know it.
    ///
    /// # Errors
    /// If a time is none.
    #[allow(clippy::too_many_lines, reason = "a table: an arm for each kind")]
    pub fn into_event(self) -> Result<Option<Event>> {
        let time = |text: Option<String>| text.as_deref().map(read_time).transpose();
        let what = match self.what {
            WhatView::RunStarted {
                name,
                flow,
                parent,
                continues,
            } => What::RunStarted {
                name,
                flow,
                parent: parent.map(|parent| (parent.run_id, parent.step)),
                continues,
            },
            WhatView::FannedOut { step, items } => What::FannedOut {
                step: step.into(),
                items,
            },
            WhatView::Started {
                step,
                task,
                attempt,
                label,
            } => What::Started {
                step: step.into(),
                task: kept(task),
                attempt,
                label: label.map(Arc::from),
            },
            WhatView::Retrying {
                step,
                attempt,
                due,
                error,
            } => What::Retrying {
                step: step.into(),
                attempt,
                due: time(due)?,
                error: error.into_payload(),
            },
            WhatView::Waiting {
                step,
                kind,
                name,
                until,
            } => What::Waiting {
                step: step.into(),
                kind,
                name,
                until: time(until)?,
            },
            WhatView::Ended {
                step,
                task,
                kind,
                state,
                attempts,
                duration_us,
                kept,
                error,
                label,
            } => What::Ended {
                step: step.into(),
                task,
                kind,
                state,
                attempts,
                took: Duration::from_micros(duration_us),
                kept,
                error: error.map(ErrorView::into_payload),
                label: label.map(Arc::from),
            },
            WhatView::Progress { step, done, total } => What::Progress {
                step: step.into(),
                done,
                total,
            },
            WhatView::Log { line } => What::Log(line),
            WhatView::RunEnded { state, error } => What::RunEnded {
                state,
                error: error.map(ErrorView::into_payload),
            },
            WhatView::Missed { count } => What::Missed(count),
            WhatView::Other => return Ok(None),
        };
        Ok(Some(Event {
            run: self.run_id,
            at: read_time(&self.at)?,
            what,
        }))
    }
}

/// The name of a task for as long as this process lives: there are as many as a program has tasks.
fn kept(task: String) -> &'static str {
    static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(there) = kept.get(task.as_str()) {
        return there;
    }
    let new: &'static str = Box::leak(task.into_boxed_str());
    kept.insert(new);
    new
}
