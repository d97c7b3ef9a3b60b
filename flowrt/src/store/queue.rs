//! Runs that are left to workers: which are due, who takes them, and who the workers are.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::model::ids::{ProcessId, RunId};
use crate::model::record::{Entry, Micros, RunRecord};

/// What a worker would take.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only of these flows.
    pub flows: Vec<String>,
    /// Only from these queues.
    pub queues: Vec<String>,
    /// At most so many; 0 only asks when the next is due.
    pub at_most: usize,
    /// Processes that live and do nothing: what they own is taken as if they were dead.
    pub frozen: Vec<ProcessId>,
    /// Runs that have begun under one of these builds are left to others.
    pub not_of_builds: Vec<String>,
}

/// What a worker got.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// Claimed by this process, those of the dead first, then in the order in which they were due.
    pub runs: Vec<RunRecord>,
    /// When the next one that is wanted and not taken is due; in the past if more are due than were taken.
    pub next: Option<Micros>,
    /// Other processes drive runs of these queues: if one dies, no version of the store tells of it.
    pub elsewhere: Vec<ProcessId>,
}

/// How a driven run is left to workers: so that it takes no memory while it waits, or because another process is to drive it.
#[derive(Debug, Clone)]
pub struct Rest {
    /// When a worker is to take it; none: once a signal comes.
    pub due: Option<Micros>,
    /// How many signals had come when that was decided: one more makes it due at once, and so does a cancel.
    pub signals: u64,
    /// Now.
    pub at: Micros,
    /// The queue in which it is from now on, if it was in none.
    pub queue: Option<String>,
}

/// A worker as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerRecord {
    /// Its process.
    pub process: ProcessId,
    /// Its process number.
    pub pid: u32,
    /// Its machine.
    pub host: String,
    /// The build of its program.
    pub build: String,
    /// The queues it listens on.
    pub queues: Vec<String>,
    /// The flows it knows.
    pub flows: Vec<String>,
    /// How many runs it drives at once.
    pub concurrency: usize,
    /// Where its runs live.
    pub launcher: String,
    /// Since when.
    pub started: Micros,
    /// It takes no more runs: it is about to stop.
    #[serde(default)]
    pub draining: bool,
    /// When it last said that it lives.
    #[serde(default)]
    pub beat: Micros,
}

/// The queue of runs that no process drives yet, or none any more. A run is in it while it has a time
/// ([`RunRecord::due`](crate::model::record::RunRecord::due)): from its acceptance until it is claimed, and again when
/// it is `Interrupted` or rests.
pub trait Queue {
    /// Claims those runs that are due, as [`claim`](super::Store::claim) does, and those whose owner is dead, in one
    /// transaction.
    fn take_due(&self, wanted: Wanted, now: Micros) -> Answer<'_, Taken>;

    /// Lets go of a run that only waits, or is to go on in another process: it is `Waiting` without an owner, its waits stay, and it is due as said.
    /// `entries` are written in the same transaction. Synced.
    fn rest(&self, run: RunId, epoch: u64, entries: Vec<Entry>, rest: Rest) -> Answer<'_, ()>;

    /// Says that this worker lives, and what it does.
    fn beat(&self, worker: WorkerRecord) -> Answer<'_, ()>;

    /// This process is no worker any more.
    fn leave(&self) -> Answer<'_, ()>;

    /// The workers whose process lives, the oldest first.
    fn workers(&self) -> Answer<'_, Vec<WorkerRecord>>;
}
