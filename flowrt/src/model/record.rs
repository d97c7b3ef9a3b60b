//! What is recorded of a run: the rows every store keeps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::after::is_after;
use super::dispatch::Dispatch;
use super::ids::{ProcessId, RunId};
use super::payload::{Digest, Payload};
use super::state::{RunState, TaskState};

/// An instant: microseconds since the Unix epoch, UTC.
pub type Micros = i64;

/// A run that somebody wants.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Its id, made by the caller, so that a repeated call is the same call.
    pub id: RunId,
    /// A name that people can say; the store makes it unique by a number if it is taken.
    pub name: String,
    /// The registered name of the flow.
    pub flow: String,
    /// The parameters as a JSON object.
    pub input: Payload,
    /// For a child run: its parent and the step there.
    pub parent: Option<(RunId, String)>,
    /// For a rerun: the run it copies from.
    pub origin: Option<RunId>,
    /// A second start with the same key (and flow) returns the first run.
    pub idempotency_key: Option<String>,
    /// What `uuid()` and `random()` are derived from.
    pub seed: u64,
    /// When it was accepted.
    pub created: Micros,
    /// The moment the run is about.
    pub logical_time: Micros,
    /// The build of the program that accepted it.
    pub build: String,
    /// What it does with results that earlier runs have kept.
    pub cache: CacheUse,
    /// Where it comes from, and whether it is left to workers.
    pub dispatch: Dispatch,
    /// Left to workers, it is not begun before that; none: at once.
    pub due: Option<Micros>,
    /// Records copied from the origin of a rerun.
    pub steps: Vec<StepRecord>,
}

/// What a run, and every run below it, does with the results of tasks that are kept in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CacheUse {
    /// Takes them, and keeps its own.
    #[default]
    Use,
    /// Takes none that was computed before the run was accepted, and keeps its own.
    Refresh,
    /// Neither takes nor keeps.
    Off,
}

impl CacheUse {
    /// Every way.
    pub const ALL: &'static [Self] = &[Self::Use, Self::Refresh, Self::Off];

    /// The name as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Use => "use",
            Self::Refresh => "refresh",
            Self::Off => "off",
        }
    }

    /// The way of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|way| way.as_str() == text)
    }
}

/// A run as the store has it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// Its id.
    pub id: RunId,
    /// Its unique name.
    pub name: String,
    /// The registered name of the flow.
    pub flow: String,
    /// The parameters as a JSON object.
    pub input: Payload,
    /// For a child run: its parent and the step there.
    pub parent: Option<(RunId, String)>,
    /// For a rerun: the run it copies from.
    pub origin: Option<RunId>,
    /// See [`NewRun::idempotency_key`].
    pub idempotency_key: Option<String>,
    /// See [`NewRun::seed`].
    pub seed: u64,
    /// When it was accepted.
    pub created: Micros,
    /// The moment the run is about.
    pub logical_time: Micros,
    /// The build of the program that accepted it.
    pub build: String,
    /// See [`NewRun::cache`].
    pub cache: CacheUse,
    /// See [`NewRun::dispatch`].
    pub dispatch: Dispatch,
    /// When a worker may take it; none while somebody drives it, after its end, while it waits for a person, or for a
    /// signal only, and if it is not left to workers.
    pub due: Option<Micros>,
    /// Where it stands.
    pub state: RunState,
    /// Raised by every claim; a write under an older one changes nothing.
    pub epoch: u64,
    /// The process that drives it, or drove it when it died.
    pub owner: Option<ProcessId>,
    /// Deaths of its process since the last recorded step.
    pub crashes: u32,
    /// The attempt of the flow itself, from 1.
    pub attempt: u32,
    /// When it was first claimed.
    pub started: Option<Micros>,
    /// When it ended.
    pub finished: Option<Micros>,
    /// What it returned.
    pub output: Option<Payload>,
    /// Why it ended otherwise: a recorded error.
    pub error: Option<Payload>,
    /// Cancel was asked for and acknowledged at that time.
    pub cancel_requested: Option<Micros>,
}

impl RunRecord {
    /// What people read as its flow: the name that its deployment gives it, or its own.
    pub fn flow_shown(&self) -> &str {
        self.dispatch.shown.as_deref().unwrap_or(&self.flow)
    }

    /// The run in which this one goes on: it completed without a value of its own.
    pub fn continued_as(&self) -> Option<RunId> {
        let has_none = self.state == RunState::Completed && self.output.is_none();
        has_none.then(|| self.id.successor())
    }

    /// The run that goes on in this one.
    pub fn continues(&self) -> Option<RunId> {
        self.origin.filter(|origin| origin.successor() == self.id)
    }

    /// The run that it is part of, the one that it goes on from or repeats, and the one that goes on with it, each with what
    /// it is to this one.
    pub fn related(&self) -> impl Iterator<Item = (&'static str, RunId)> {
        let parent = self.parent.as_ref().map(|(run, _)| ("part of", *run));
        let origin = self.origin.map(|run| match self.continues() {
            Some(_) => ("goes on from", run),
            None => ("rerun of", run),
        });
        let next = self.continued_as().map(|run| ("went on as", run));
        parent.into_iter().chain(origin).chain(next)
    }
}

/// The kind of a recorded step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum StepKind {
    /// A task.
    Task,
    /// A child run.
    Flow,
    /// A sleep.
    Sleep,
    /// A poll.
    Poll,
    /// A signal taken.
    Receive,
    /// The winner of a race.
    Race,
    /// `now()`.
    Now,
    /// A fan-out as a whole.
    Map,
    /// A node that was not run: skipped, or its upstream failed.
    Node,
}

impl StepKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Task,
        Self::Flow,
        Self::Sleep,
        Self::Poll,
        Self::Receive,
        Self::Race,
        Self::Now,
        Self::Map,
        Self::Node,
    ];

    /// The name as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Flow => "flow",
            Self::Sleep => "sleep",
            Self::Poll => "poll",
            Self::Receive => "receive",
            Self::Race => "race",
            Self::Now => "now",
            Self::Map => "map",
            Self::Node => "node",
        }
    }

    /// The kind of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

/// The outcome of one step, numbered in the order in which the flow was told.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// The completion's number in its run, from 0, without gaps when first written.
    pub seq: u64,
    /// The full id: scope path and name with its occurrence, such as `b1/fetch#2` or `fetch[3]`.
    pub step: String,
    /// The scope path alone; empty for the flow itself.
    pub scope: String,
    /// The place of the call among those built in the scope, from 0.
    pub position: u32,
    /// The registered name of the task or flow, or the kind for the others.
    pub task: String,
    /// What kind of step it is.
    pub kind: StepKind,
    /// The digest of the inputs.
    pub digest: Digest,
    /// The fingerprint of the task's text and options.
    pub fingerprint: u64,
    /// The inputs: a JSON array of the arguments.
    pub input: Option<Payload>,
    /// How it ended: a final state.
    pub state: TaskState,
    /// The value for a success, the recorded error for a failure.
    pub output: Option<Payload>,
    /// How many attempts it took.
    pub attempts: u32,
    /// When its first attempt began.
    pub started: Micros,
    /// When it ended.
    pub finished: Micros,
    /// For a signal: the number of the signal it consumed.
    pub signal: Option<u64>,
    /// For a reused result, from the cache too: the run it was computed in.
    pub reused_from: Option<RunId>,
    /// The flow handled or tolerated this failure (known once the run goes on after it).
    pub tolerated: bool,
    /// What people see of an item of a fan-out besides its id.
    pub label: Option<String>,
}

/// A failed attempt of a step that will be tried again, or was.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptRecord {
    /// The step's full id.
    pub step: String,
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// When it began.
    pub started: Micros,
    /// When it ended.
    pub finished: Micros,
    /// The recorded error.
    pub error: Payload,
    /// When the next attempt begins, if there is one.
    pub next: Option<Micros>,
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitRecord {
    /// The step's full id.
    pub step: String,
    /// What kind of wait: `sleep`, `poll`, `signal`, `child`, `retry`, `attempt`, `end`.
    pub kind: String,
    /// When it ends by itself.
    pub due: Option<Micros>,
    /// More, by kind: for a signal its name and the JSON Schema of its type; for a child its run id.
    pub detail: serde_json::Value,
}

/// A signal sent to a run.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalRecord {
    /// Its number in the run, from 0.
    pub seq: u64,
    /// Its name.
    pub name: String,
    /// Its value.
    pub payload: Payload,
    /// When it was accepted.
    pub sent: Micros,
}

/// Numbers from here on are not part of the order of completions: they are what a resumed or copied run may reuse.
pub const ASIDE: u64 = 1 << 40;

impl StepRecord {
    /// A replay hands its outcome to a call; the others are only notes.
    pub fn is_handed_out(&self) -> bool {
        // A call that was dropped has no outcome; one that ended because somebody cancelled its child run has.
        let is_dropped = self.state == TaskState::Cancelled && self.output.is_none();
        !matches!(self.kind, StepKind::Now | StepKind::Node)
            && !is_dropped
            && !is_after(&self.scope)
    }
}

/// One thing to write down for a run.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A step ended. Replaces a wait of the same step and resets the run's count of crashes.
    Step(StepRecord),
    /// A step of an earlier drive, or of the run this one was copied from, is reused under a new number: the record
    /// numbered `from` is replaced by `step`.
    Reused {
        /// The number it had, at least [`ASIDE`].
        from: u64,
        /// The record with its new number, id and place.
        step: StepRecord,
    },
    /// An attempt failed.
    Attempt(AttemptRecord),
    /// A step waits; replaces an earlier wait of the same step.
    Wait(WaitRecord),
    /// A step does not wait any more.
    WaitOver(String),
    /// A scope ended after this many calls.
    ScopeEnd(String, u32),
}

impl Entry {
    /// The step and number of an attempt that it says has failed.
    pub fn failed_attempt(&self) -> Option<(&str, u32)> {
        match self {
            Self::Step(step) if step.state.is_failure() => Some((&step.step, step.attempts)),
            Self::Attempt(attempt) => Some((&attempt.step, attempt.attempt)),
            _ => None,
        }
    }
}

/// All that is recorded of a run's inside.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Journal {
    /// By `seq`.
    pub steps: Vec<StepRecord>,
    /// By step and attempt.
    pub attempts: Vec<AttemptRecord>,
    /// By step.
    pub waits: Vec<WaitRecord>,
    /// Ended scopes and their lengths, by scope.
    pub scopes: Vec<(String, u32)>,
    /// By `seq`, consumed ones too.
    pub signals: Vec<SignalRecord>,
}

/// A line that a task or flow logged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// The run.
    pub run: RunId,
    /// The step's full id; empty for the flow itself.
    pub step: String,
    /// The attempt, from 1; 0 for the flow itself.
    pub attempt: u32,
    /// When.
    pub time: Micros,
    /// `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    pub level: String,
    /// The module it came from.
    pub target: String,
    /// What it says, fields included.
    pub message: String,
}

/// Tasks of a run counted by outcome. Counts tasks and child runs, not waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskCounts {
    /// All that are recorded.
    pub total: u64,
    /// With a value, reused ones included.
    pub completed: u64,
    /// From the cache.
    pub cached: u64,
    /// Copied from another run.
    pub reused: u64,
    /// Failed, timed out, crashed or with a failed upstream.
    pub failed: u64,
    /// Skipped or cancelled.
    pub skipped: u64,
}
