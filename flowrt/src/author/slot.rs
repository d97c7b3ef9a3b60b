//! The slots of a run's calls: what was built, what is under way, and what came out.

use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use tokio::task::AbortHandle;

use crate::author::cancel::Cancel;
use crate::author::meta::Meta;
use crate::author::mix::BuildMix;
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::{Micros, StepKind};
use crate::model::state::TaskState;

/// Names a slot; never used twice in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key(u64);

impl Key {
    /// The first of a run.
    pub(crate) const FIRST: Self = Self(0);
}

/// Where a call stands in the flow.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) scope: usize,
    pub(crate) position: u32,
    pub(crate) name: Arc<str>,
    pub(crate) occurrence: u32,
}

/// An outcome as it is recorded.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) state: TaskState,
    /// The value of a success, the recorded error of a failure.
    pub(crate) output: Payload,
}

/// Work that ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) key: Key,
    pub(crate) recorded: Recorded,
    pub(crate) attempts: u32,
    pub(crate) started: Micros,
    pub(crate) ended: Micros,
    pub(crate) fingerprint: u64,
    pub(crate) signal: Option<u64>,
    /// It came from the cache: the run that computed it.
    pub(crate) reused_from: Option<RunId>,
    /// It must be on the disk before the next step sees it.
    pub(crate) synced: bool,
}

/// What is known of a poll that an earlier drive of its run began.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asked {
    /// How many asks were answered.
    pub(crate) asks: u32,
    /// When the next one is due.
    pub(crate) due: Option<Micros>,
}

/// What a call changes of its task's options.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallOptions {
    pub(crate) retries: Option<u32>,
    pub(crate) delay: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
}

impl CallOptions {
    /// The options of the task as changed by the call.
    pub(crate) fn retries_of(&self, meta: &Meta) -> u32 {
        self.retries.unwrap_or(meta.task.retries)
    }

    pub(crate) fn delay_of(&self, meta: &Meta, failed: u32) -> Duration {
        if let Some(delay) = self.delay {
            return delay;
        }
        meta.task.delay.after(failed)
    }

    pub(crate) fn timeout_of(&self, meta: &Meta) -> Option<Duration> {
        self.timeout.or(meta.task.timeout)
    }
}

/// Work to do for a step.
#[derive(Debug)]
pub(crate) enum Work {
    /// A task, or a flow as a child run.
    Call {
        meta: &'static Meta,
        input: Payload,
        options: CallOptions,
    },
    /// Wait until then.
    Sleep { until: Micros },
    /// Wait between two asks of a poll.
    Pause { of: Key, asked: u32, until: Micros },
    /// Wait for a signal.
    Receive {
        name: String,
        timeout: Option<Duration>,
        schema: serde_json::Value,
    },
}

pub(crate) enum SlotState {
    Built,
    /// Polled; the work begins once the replay allows it. Without work the step's own future does it.
    Wanted(Option<Work>),
    Running,
    /// It ended, and its outcome has a number: it is being written down, or waits to be handed out.
    Numbered,
    Done(Recorded),
}

impl fmt::Debug for SlotState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Built => "Built",
            Self::Wanted(_) => "Wanted",
            Self::Running => "Running",
            Self::Numbered => "Numbered",
            Self::Done(_) => "Done",
        })
    }
}

/// What keeps a running call busy; a mere wait does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Busy {
    /// It waits: for time, a signal, a place to run, its next attempt.
    No,
    /// A body runs, or its outcome is being written down.
    Body,
    /// A child run is driven.
    Child,
}

/// One call.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) identity: Identity,
    /// Its full id, once somebody asked.
    pub(crate) step: Option<Arc<str>>,
    /// The line of the flow that built it.
    pub(crate) location: &'static Location<'static>,
    pub(crate) kind: StepKind,
    pub(crate) task: &'static str,
    pub(crate) input: Payload,
    /// Its identity does not depend on the order of calls, and others may start beside it.
    pub(crate) fixed: bool,
    pub(crate) state: SlotState,
    pub(crate) waker: Option<Waker>,
    pub(crate) abort: Option<AbortHandle>,
    pub(crate) cancel: Option<Arc<Cancel>>,
    pub(crate) busy: Busy,
    /// It keeps the run open until it ends.
    pub(crate) submitted: bool,
    pub(crate) awaited: bool,
    pub(crate) tolerated: bool,
    /// What people see of it besides its id.
    pub(crate) label: Option<Arc<str>>,
    /// It is an item of a fan-out that tolerates failures; whether this one is tolerated shows at its end.
    pub(crate) tolerant: bool,
    /// It is a part of a step, and not recorded by itself.
    pub(crate) part: bool,
    /// It is counted among the calls that are under way.
    pub(crate) counted: bool,
}

impl Slot {
    #[track_caller]
    pub(crate) fn new(
        identity: Identity,
        kind: StepKind,
        task: &'static str,
        input: Payload,
        fixed: bool,
    ) -> Self {
        Self {
            identity,
            step: None,
            location: Location::caller(),
            kind,
            task,
            input,
            fixed,
            state: SlotState::Built,
            waker: None,
            abort: None,
            cancel: None,
            busy: Busy::No,
            submitted: false,
            awaited: false,
            tolerated: false,
            label: None,
            tolerant: false,
            part: false,
            counted: false,
        }
    }

    fn place(&self) -> (usize, u32) {
        (self.identity.scope, self.identity.position)
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, SlotState::Done(_))
    }
}

/// All slots of a run that are still of interest.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    slots: HashMap<Key, Slot, BuildMix>,
    /// Where each call stands; kept while a record is replayed, which finds calls by their place.
    places: HashMap<(usize, u32), Key, BuildMix>,
    next: u64,
    unfinished: usize,
    submitted: usize,
}

impl Slots {
    /// Adds a call; one that a replay may look for is also found by its place.
    pub(crate) fn insert(&mut self, slot: Slot, replaying: bool) -> Key {
        let key = Key(self.next);
        self.next += 1;
        self.unfinished += 1;
        if replaying && !slot.part {
            self.places.insert(slot.place(), key);
        }
        self.slots.insert(key, slot);
        key
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Slot> {
        self.slots.get(&key)
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut Slot> {
        self.slots.get_mut(&key)
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<Slot> {
        let slot = self.slots.remove(&key)?;
        if !slot.is_done() {
            self.unfinished -= 1;
            self.submitted -= usize::from(slot.submitted);
        }
        if !self.places.is_empty() && !slot.part {
            self.places.remove(&slot.place());
        }
        Some(slot)
    }

    /// The call at a place, unless it has its outcome.
    pub(crate) fn at(&self, place: (usize, u32)) -> Option<Key> {
        let key = *self.places.get(&place)?;
        self.slots
            .get(&key)
            .is_some_and(|slot| !slot.is_done())
            .then_some(key)
    }

    /// Gives a call its outcome, and wakes who waits for it. False if the call is gone.
    pub(crate) fn finish(&mut self, key: Key, recorded: Recorded) -> bool {
        let Some(slot) = self.slots.get_mut(&key) else {
            return false;
        };
        if !slot.is_done() {
            self.unfinished -= 1;
            self.submitted -= usize::from(slot.submitted);
        }
        slot.state = SlotState::Done(recorded);
        if let Some(waker) = slot.waker.take() {
            waker.wake();
        }
        true
    }

    /// Marks a call as submitted; false if it is gone.
    pub(crate) fn submit(&mut self, key: Key) -> bool {
        let Some(slot) = self.slots.get_mut(&key) else {
            return false;
        };
        if !slot.submitted && !slot.is_done() {
            self.submitted += 1;
        }
        slot.submitted = true;
        true
    }

    /// Whether submitted calls are still under way.
    pub(crate) fn submitted_outstanding(&self) -> bool {
        self.submitted > 0
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.slots.values()
    }

    /// The slots in the order in which they were built.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> + use<> {
        let mut keys: Vec<Key> = self.slots.keys().copied().collect();
        keys.sort();
        keys.into_iter()
    }

    /// How many calls have no outcome yet.
    pub(crate) fn unfinished(&self) -> usize {
        self.unfinished
    }
}
