//! What happens to a run while it goes on, as those who watch are told.

use std::sync::Arc;
use std::time::Duration;

use super::ids::RunId;
use super::payload::Payload;
use super::record::{AttemptRecord, Entry, LogLine, Micros, StepKind, StepRecord, WaitRecord};
use super::state::{RunState, TaskState};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// To which run.
    pub run: RunId,
    /// When.
    pub at: Micros,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum What {
    /// A run began, or goes on after a stop.
    RunStarted {
        /// Its name.
        name: String,
        /// The registered name of its flow.
        flow: String,
        /// For a child run: its parent and the step there.
        parent: Option<(RunId, String)>,
        /// The run that goes on in this one.
        continues: Option<RunId>,
    },
    /// A fan-out knows its items.
    FannedOut {
        /// The step's full id.
        step: Arc<str>,
        /// How many items it has.
        items: u64,
    },
    /// An attempt at a task began.
    Started {
        /// The step's full id.
        step: Arc<str>,
        /// The registered name of the task.
        task: &'static str,
        /// The attempt's number, from 1.
        attempt: u32,
        /// What people see of an item of a fan-out besides its id.
        label: Option<Arc<str>>,
    },
    /// A body said how far it is.
    Progress {
        /// The step's full id.
        step: Arc<str>,
        /// How much is done.
        done: u64,
        /// Of how much.
        total: u64,
    },
    /// An attempt failed, and there will be another.
    Retrying {
        /// The step's full id; empty for the flow itself.
        step: Arc<str>,
        /// The number of the attempt that failed, from 1.
        attempt: u32,
        /// When the next one begins.
        due: Option<Micros>,
        /// The recorded error.
        error: Payload,
    },
    /// A step waits.
    Waiting {
        /// The step's full id.
        step: Arc<str>,
        /// What for: `sleep`, `poll`, `signal`, `child`.
        kind: String,
        /// For a signal: its name.
        name: Option<String>,
        /// When the wait ends by itself.
        until: Option<Micros>,
    },
    /// A step ended, or its record of an earlier drive is used again.
    Ended {
        /// The step's full id.
        step: Arc<str>,
        /// The registered name of the task or flow, or the kind for the others.
        task: String,
        /// What kind of step it is.
        kind: StepKind,
        /// How it ended.
        state: TaskState,
        /// How many attempts it took.
        attempts: u32,
        /// From the beginning of its first attempt to its end.
        took: Duration,
        /// It was not done now: an earlier drive did it, or another run.
        kept: bool,
        /// The recorded error of a failure.
        error: Option<Payload>,
        /// What people see of an item of a fan-out besides its id.
        label: Option<Arc<str>>,
    },
    /// A task or flow logged a line.
    Log(LogLine),
    /// The run ended, or stopped for a person.
    RunEnded {
        /// How.
        state: RunState,
        /// Why it ended otherwise than with a value: the recorded error.
        error: Option<Payload>,
    },
    /// The watcher was too slow, and so many events were left out before this one: read the record to catch up.
    Missed(u64),
}

impl What {
    /// What recording an entry means to those who watch.
    pub fn of(entry: &Entry) -> Option<Self> {
        match entry {
            Entry::Step(step) => Some(Self::ended(step, step.reused_from.is_some())),
            Entry::Reused { step, .. } => Some(Self::ended(step, true)),
            Entry::Attempt(attempt) => Some(Self::retrying(attempt)),
            Entry::Wait(wait) => Self::waiting(wait),
            Entry::WaitOver(_) | Entry::ScopeEnd(..) => None,
        }
    }

    /// The end of a recorded step.
    pub fn ended(step: &StepRecord, kept: bool) -> Self {
        let took = step.finished.saturating_sub(step.started);
        let error = step.output.clone().filter(|_| step.state.is_failure());
        Self::Ended {
            step: Arc::from(step.step.as_str()),
            task: step.task.clone(),
            kind: step.kind,
            state: step.state,
            attempts: step.attempts,
            took: Duration::from_micros(u64::try_from(took).unwrap_or(0)),
            kept,
            error,
            label: step.label.as_deref().map(Arc::from),
        }
    }

    /// A failed attempt after which there is another.
    pub fn retrying(attempt: &AttemptRecord) -> Self {
        Self::Retrying {
            step: Arc::from(attempt.step.as_str()),
            attempt: attempt.attempt,
            due: attempt.next,
            error: attempt.error.clone(),
        }
    }

    /// A recorded wait of a step. That for a retry is told by the failed attempt, that for a child by its run, and the
    /// rest are notes of the engine.
    pub fn waiting(wait: &WaitRecord) -> Option<Self> {
        matches!(wait.kind.as_str(), "sleep" | "poll" | "signal" | "cache").then(|| Self::Waiting {
            step: Arc::from(wait.step.as_str()),
            kind: wait.kind.clone(),
            name: wait.detail["name"].as_str().map(str::to_owned),
            until: wait.due,
        })
    }
}
