//! The inside of one run while it is driven: its scopes, the slots of its calls, and the replay of its record.
//!
//! The flow's side builds calls and polls them; the driver's side hands out completions, one between two polls of the
//! flow. Both sides meet under one lock.

mod beside;
mod driver;
mod flow;
mod handled;
mod inner;
mod items;
mod scopes;
mod turns;

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::future::BoxFuture;

use self::scopes::ScopeData;
pub(crate) use self::turns::Turn;
use crate::author::cancel::{Cancel, Stops};
use crate::author::frame::{Frame, enter};
use crate::author::meta::{Kind, Meta};
use crate::author::scope::FixedId;
use crate::author::slot::{
    Asked, Busy, Finished, Identity, Key, Recorded, Slot, SlotState, Slots, Work,
};
use crate::author::vault::Vault;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::model::ids::RunId;
use crate::model::payload::{Digest, Payload};
use crate::model::record::{CacheUse, Entry, Micros, StepKind, StepRecord};
use crate::model::replay::{Aside, Replay};
use crate::model::state::TaskState;

/// What a run needs of the engine.
pub(crate) trait Host: Send + Sync + fmt::Debug {
    /// Does the work of a step: attempts, waits, children. Never panics; a panic of a body is a failed attempt.
    fn execute(&self, core: &Arc<Core>, key: Key, work: Work) -> BoxFuture<'static, Finished>;

    /// Lets work go on beside the flow and tells the driver when it ended.
    fn spawn(&self, core: &Arc<Core>, key: Key, work: BoxFuture<'static, Finished>);

    /// What an earlier drive of the run noted of a poll.
    fn asked(&self, step: &str) -> Asked;

    /// Writes entries down.
    fn commit(
        &self,
        core: &Arc<Core>,
        entries: Vec<Entry>,
        synced: bool,
    ) -> BoxFuture<'static, Result<()>>;

    /// A commit that did not end at once goes on beside the flow; then the driver hands the step out.
    fn spawn_commit(
        &self,
        core: &Arc<Core>,
        key: Key,
        recorded: Recorded,
        commit: BoxFuture<'static, Result<()>>,
    );

    /// Tells those who watch how many items a fan-out has.
    fn fanned_out(&self, items: u64, step: &dyn Fn() -> Arc<str>);
}

/// What does not change while a run is driven.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) run: RunId,
    /// The run's name, which those of its children begin with.
    pub(crate) name: Arc<str>,
    pub(crate) seed: u64,
    pub(crate) logical_time: Micros,
    pub(crate) cache: CacheUse,
    /// When the run was accepted.
    pub(crate) accepted: Micros,
    pub(crate) depth: u32,
    pub(crate) history_max: u64,
    /// Going on after a failure handles it; the nodes of a DAG go on whatever failed beside them.
    pub(crate) is_program: bool,
    /// How many bodies of the run may be under way at a time.
    pub(crate) concurrency: u32,
    /// The first failure ends the run at once.
    pub(crate) fail_fast: bool,
    /// None where a test drives the inside alone.
    pub(crate) vault: Option<Arc<dyn Vault>>,
}

/// The inside of one run.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) facts: Facts,
    pub(crate) clock: Clock,
    pub(crate) stops: Stops,
    host: Arc<dyn Host>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    scopes: Vec<ScopeData>,
    slots: Slots,
    replay: Replay,
    aside: Aside,
    /// Slots whose completion is recorded, in the order in which they will be handed out.
    handouts: VecDeque<(Key, Recorded)>,
    /// Calls that were polled and are not started yet.
    wanted: VecDeque<Key>,
    /// Those of them that no earlier drive knows.
    fresh: Vec<Key>,
    /// The scopes by path; kept while a record is replayed.
    paths: HashMap<String, usize>,
    /// Scopes of what belongs to a step, by path.
    of_steps: HashMap<String, usize>,
    /// Places of calls that were dropped while the record was replayed.
    dropped: HashSet<(usize, u32)>,
    /// Entries that ride along with the next commit.
    pending: Vec<Entry>,
    /// Numbers of completions; what is recorded beside the flow takes its own from the same row.
    numbers: Numbers,
    running: usize,
    /// A race was decided, or a time was read; that must be on the disk before another body starts.
    decided: bool,
    /// Calls that ran inside the flow's own poll, one after the other.
    inlined: u32,
    untracked: usize,
    branches: usize,
    diverged: Option<Error>,
    /// The flow ends here, and goes on in another run.
    continuation: Option<Continuation>,
    waker: Option<Waker>,
    marks_handled: bool,
    open_failures: handled::OpenFailures,
}

/// The call in which a run goes on.
#[derive(Debug, Clone)]
pub(crate) struct Continuation {
    pub(crate) meta: &'static Meta,
    pub(crate) input: Payload,
}

/// The number of the next completion.
pub(crate) type Numbers = Arc<AtomicU64>;

/// What the driver finds after a poll of the flow.
#[derive(Debug)]
pub(crate) enum Next {
    /// Something was handed out: poll the flow again.
    Poll,
    /// Work to start; the replay is over.
    Start(Vec<(Key, Work)>),
    /// Nothing to do until something ends.
    Wait,
    /// Nothing is outstanding: the flow waits for something that is not recorded.
    Stuck,
    /// The code does not fit the record.
    Diverged(Error),
}

impl Core {
    pub(crate) fn new(
        facts: Facts,
        clock: Clock,
        stops: Stops,
        host: Arc<dyn Host>,
        replay: Replay,
        aside: Aside,
        numbers: Numbers,
    ) -> Arc<Self> {
        let marks_handled = facts.is_program;
        Arc::new(Self {
            facts,
            clock,
            stops,
            host,
            inner: Mutex::new(Inner {
                scopes: vec![ScopeData::new(String::new())],
                slots: Slots::default(),
                replay,
                aside,
                handouts: VecDeque::new(),
                wanted: VecDeque::new(),
                fresh: Vec::new(),
                paths: HashMap::from([(String::new(), 0)]),
                of_steps: HashMap::new(),
                dropped: HashSet::new(),
                pending: Vec::new(),
                numbers,
                running: 0,
                decided: false,
                inlined: 0,
                untracked: 0,
                branches: 0,
                diverged: None,
                continuation: None,
                waker: None,
                marks_handled,
                open_failures: handled::OpenFailures::default(),
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The kind of step that a call of it makes.
pub(crate) fn step_kind(meta: &Meta) -> StepKind {
    match meta.kind {
        Kind::Task => StepKind::Task,
        Kind::Dag | Kind::Program => StepKind::Flow,
    }
}

/// What a limit that a run reached says.
pub(crate) fn history_full(limit: u64) -> Error {
    Error::new(
        ErrorKind::Limit,
        format!(
            "the run has recorded {limit} steps, the most that one run may (history_steps_max)"
        ),
    )
    .hint("split the work into child flows, or end this history with continue_with(…)")
}
