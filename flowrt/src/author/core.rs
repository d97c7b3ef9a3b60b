//! The inside of one run while it is driven: its scopes, the slots of its calls, and the replay of its record.
//!
//! The flow's side builds calls and polls them; the driver's side hands out completions, one between two polls of the
//! flow. Both sides meet under one lock.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::future::BoxFuture;

use crate::author::cancel::Cancel;
use crate::author::frame::{Frame, enter};
use crate::author::meta::{Kind, Meta};
use crate::author::scope::FixedId;
use crate::author::slot::{Finished, Identity, Key, Recorded, Slot, SlotState, Slots, Work};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::model::ids::RunId;
use crate::model::payload::{Digest, Payload};
use crate::model::record::{Entry, Micros, StepKind, StepRecord, WaitRecord};
use crate::model::replay::{Aside, Replay};
use crate::model::state::TaskState;

/// What a run needs of the engine.
pub(crate) trait Host: Send + Sync + fmt::Debug {
    /// Does the work of a step: attempts, waits, children. Never panics; a panic of a body is a failed attempt.
    fn execute(&self, core: &Arc<Core>, key: Key, work: Work) -> BoxFuture<'static, Finished>;

    /// Lets work go on beside the flow and tells the driver when it ended.
    fn spawn(&self, core: &Arc<Core>, key: Key, work: BoxFuture<'static, Finished>);

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
}

/// What does not change while a run is driven.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) run: RunId,
    pub(crate) flow: &'static Meta,
    pub(crate) seed: u64,
    pub(crate) logical_time: Micros,
    pub(crate) depth: u32,
    pub(crate) history_max: u64,
}

/// The inside of one run.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) facts: Facts,
    pub(crate) clock: Clock,
    pub(crate) cancel: Arc<Cancel>,
    host: Arc<dyn Host>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct ScopeData {
    path: String,
    position: u32,
    names: HashMap<Arc<str>, u32>,
    branches: u32,
    draws: u64,
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
    /// Entries that ride along with the next commit.
    pending: Vec<Entry>,
    /// Steps of the flow's own future that ended and are not recorded yet.
    here: Vec<Finished>,
    next_seq: u64,
    running: usize,
    untracked: usize,
    branches: usize,
    diverged: Option<Error>,
    waker: Option<Waker>,
}

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
        host: Arc<dyn Host>,
        replay: Replay,
        aside: Aside,
        next_seq: u64,
    ) -> Arc<Self> {
        let root = ScopeData {
            path: String::new(),
            position: 0,
            names: HashMap::new(),
            branches: 0,
            draws: 0,
        };
        Arc::new(Self {
            facts,
            clock,
            cancel: Arc::new(Cancel::default()),
            host,
            inner: Mutex::new(Inner {
                scopes: vec![root],
                slots: Slots::default(),
                replay,
                aside,
                handouts: VecDeque::new(),
                wanted: VecDeque::new(),
                pending: Vec::new(),
                here: Vec::new(),
                next_seq,
                running: 0,
                untracked: 0,
                branches: 0,
                diverged: None,
                waker: None,
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// The flow's side.
impl Core {
    /// Builds a call: takes its place and name in the scope.
    pub(crate) fn build(
        &self,
        scope: usize,
        kind: StepKind,
        task: &'static str,
        input: Payload,
        fixed: Option<FixedId>,
    ) -> Key {
        let mut inner = self.lock();
        let is_fixed = fixed.is_some();
        let identity = inner.identify(scope, task, fixed);
        inner
            .slots
            .insert(Slot::new(identity, kind, task, input, is_fixed))
    }

    /// Gives a call another name, counted among the calls of that name.
    pub(crate) fn rename(&self, key: Key, name: &str) {
        let mut inner = self.lock();
        let Some(slot) = inner.slots.get(key) else {
            return;
        };
        let (scope, old) = (slot.identity.scope, slot.identity.name.clone());
        // The name given back is free again only if it was the last one taken.
        let was = inner.scopes[scope].names.get(&old).copied();
        if let (Some(count), Some(slot)) = (was, inner.slots.get(key))
            && slot.identity.occurrence == count
            && !slot.fixed
        {
            inner.scopes[scope].names.insert(old, count - 1);
        }
        let name: Arc<str> = Arc::from(name);
        let occurrence = inner.scopes[scope].next(&name);
        if let Some(slot) = inner.slots.get_mut(key) {
            slot.identity.name = name;
            slot.identity.occurrence = occurrence;
        }
    }

    /// The full id of a step.
    pub(crate) fn step_id(&self, key: Key) -> Arc<str> {
        let inner = self.lock();
        inner.slots.get(key).map_or_else(
            || Arc::from("?"),
            |slot| Arc::from(inner.step(&slot.identity)),
        )
    }

    /// Polls a call: its recorded outcome, or the work is wanted.
    pub(crate) fn poll(
        self: &Arc<Self>,
        key: Key,
        cx: &mut Context<'_>,
        work: impl FnOnce() -> Work,
    ) -> Poll<Recorded> {
        let mut inner = self.lock();
        let Some(slot) = inner.slots.get_mut(key) else {
            return Poll::Pending;
        };
        match &mut slot.state {
            SlotState::Done(recorded) => {
                let recorded = recorded.clone();
                slot.awaited = true;
                Poll::Ready(recorded)
            }
            SlotState::Built => {
                slot.waker = Some(cx.waker().clone());
                let work = work();
                if inner.may_inline(key) && matches!(work, Work::Call { .. }) {
                    inner
                        .slots
                        .get_mut(key)
                        .expect("the slot was there under this lock")
                        .state = SlotState::Running;
                    inner.running += 1;
                    drop(inner);
                    return self.poll_inline(key, cx, work);
                }
                inner.want(key, work);
                Poll::Pending
            }
            SlotState::Wanted(_) | SlotState::Running => {
                slot.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// The only outstanding call of a flow runs in the flow's own poll: no hop to another thread and back.
    fn poll_inline(self: &Arc<Self>, key: Key, cx: &mut Context<'_>, work: Work) -> Poll<Recorded> {
        let mut work = self.host.execute(self, key, work);
        let finished = match work.as_mut().poll(cx) {
            Poll::Ready(finished) => finished,
            Poll::Pending => {
                self.host.spawn(self, key, work);
                return Poll::Pending;
            }
        };
        let (entries, recorded, synced) = self.number(finished);
        let mut commit = self.host.commit(self, entries, synced);
        match commit.as_mut().poll(cx) {
            Poll::Ready(Ok(())) => {
                let mut inner = self.lock();
                inner.running -= 1;
                if let Some(slot) = inner.slots.get_mut(key) {
                    slot.state = SlotState::Done(recorded.clone());
                    slot.awaited = true;
                }
                Poll::Ready(recorded)
            }
            Poll::Ready(Err(error)) => {
                self.host
                    .spawn_commit(self, key, recorded, Box::pin(async move { Err(error) }));
                Poll::Pending
            }
            Poll::Pending => {
                self.host.spawn_commit(self, key, recorded, commit);
                Poll::Pending
            }
        }
    }

    /// Wants a call whether or not anybody polls it, and keeps the run open until it ends.
    pub(crate) fn submit(&self, key: Key, work: Work) {
        let mut inner = self.lock();
        if let Some(slot) = inner.slots.get_mut(key) {
            slot.submitted = true;
            if matches!(slot.state, SlotState::Built) {
                inner.want(key, work);
            }
        }
        inner.wake();
    }

    /// The flow-side end of a step that runs in the flow's own future, such as a poll.
    pub(crate) fn finish_here(&self, finished: Finished) {
        let mut inner = self.lock();
        inner.finished_here(finished);
        inner.wake();
    }

    /// Whether the record still has something to hand out, or an outcome for this very call.
    pub(crate) fn is_replaying(&self) -> bool {
        !self.lock().replay.is_over()
    }

    /// A call was dropped. One that had started is recorded as cancelled.
    pub(crate) fn drop_call(&self, key: Key) {
        let now = self.clock.now();
        let mut inner = self.lock();
        let Some(slot) = inner.slots.get(key) else {
            return;
        };
        if slot.submitted && !matches!(slot.state, SlotState::Done(_)) {
            return;
        }
        let Some(slot) = inner.slots.remove(key) else {
            return;
        };
        inner.handouts.retain(|(other, _)| *other != key);
        match slot.state {
            SlotState::Running => {
                if let Some(abort) = &slot.abort {
                    abort.abort();
                }
                if let Some(cancel) = &slot.cancel {
                    cancel.set();
                }
                inner.running -= 1;
                let record = inner.cancelled(&slot, now);
                inner.pending.push(Entry::Step(record));
                inner.wake();
            }
            SlotState::Wanted(_) => inner.wanted.retain(|other| *other != key),
            SlotState::Built | SlotState::Done(_) => {}
        }
    }

    /// Marks the failure of a call as tolerated: it does not make the run fail.
    pub(crate) fn tolerate(&self, key: Key) {
        if let Some(slot) = self.lock().slots.get_mut(key) {
            slot.tolerated = true;
        }
    }

    pub(crate) fn open_scope(&self, parent: usize, name: &str) -> usize {
        let mut inner = self.lock();
        let name: Arc<str> = Arc::from(name);
        let occurrence = inner.scopes[parent].next(&name);
        let path = format!(
            "{}{}/",
            inner.scopes[parent].path,
            with_occurrence(&name, occurrence)
        );
        inner.push_scope(path)
    }

    pub(crate) fn open_branch(&self, parent: usize) -> usize {
        let mut inner = self.lock();
        inner.scopes[parent].branches += 1;
        inner.branches += 1;
        let path = format!(
            "{}b{}/",
            inner.scopes[parent].path, inner.scopes[parent].branches
        );
        inner.push_scope(path)
    }

    /// A branch was dropped, ended or not.
    pub(crate) fn branch_gone(&self) {
        self.lock().branches -= 1;
    }

    pub(crate) fn close_scope(&self, scope: usize) {
        let mut inner = self.lock();
        let data = &inner.scopes[scope];
        let (path, length) = (data.path.clone(), data.position);
        if let Some(error) = inner.replay.close_scope(&path, length) {
            inner.diverged.get_or_insert(error);
        } else if !inner.replay.knows_end(&path) {
            inner.pending.push(Entry::ScopeEnd(path, length));
        }
    }

    pub(crate) fn note_node(
        &self,
        scope: usize,
        position: u32,
        step: &str,
        task: &str,
        state: TaskState,
    ) {
        let now = self.clock.now();
        let mut inner = self.lock();
        let path = inner.scopes[scope].path.clone();
        if inner.replay.knows_node(&path, step) {
            return;
        }
        let seq = inner.take_seq();
        inner.pending.push(Entry::Step(StepRecord {
            seq,
            step: format!("{path}{step}"),
            scope: path,
            position,
            task: task.to_owned(),
            kind: StepKind::Node,
            digest: Digest::default(),
            fingerprint: 0,
            input: None,
            state,
            output: None,
            attempts: 0,
            started: now,
            finished: now,
            signal: None,
            reused_from: None,
            tolerated: false,
        }));
    }

    /// A value that the next commit records and every replay gives again.
    pub(crate) fn recorded_value(
        &self,
        scope: usize,
        name: &'static str,
        make: impl FnOnce() -> Payload,
    ) -> Payload {
        let now = self.clock.now();
        let mut inner = self.lock();
        let identity = inner.identify(scope, name, None);
        let path = inner.scopes[scope].path.clone();
        let step = inner.step(&identity);
        if let Some(value) = inner
            .replay
            .value_of(&path, identity.position)
            .or_else(|| inner.aside.value_of(&step))
        {
            return value;
        }
        let value = make();
        let seq = inner.take_seq();
        inner.pending.push(Entry::Step(StepRecord {
            seq,
            step,
            scope: path,
            position: identity.position,
            task: name.to_owned(),
            kind: StepKind::Now,
            digest: Digest::default(),
            fingerprint: 0,
            input: None,
            state: TaskState::Completed,
            output: Some(value.clone()),
            attempts: 1,
            started: now,
            finished: now,
            signal: None,
            reused_from: None,
            tolerated: false,
        }));
        value
    }

    /// The next number of the scope's own sequence, the same in every replay.
    pub(crate) fn draw(&self, scope: usize) -> u64 {
        let mut inner = self.lock();
        let data = &mut inner.scopes[scope];
        data.draws += 1;
        let mut hash = blake3::Hasher::new();
        hash.update(&self.facts.seed.to_le_bytes());
        hash.update(data.path.as_bytes());
        hash.update(&data.draws.to_le_bytes());
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash.finalize().as_bytes()[..8]);
        u64::from_le_bytes(bytes)
    }

    /// Counts a future that is waited for without being recorded; the flow is not stuck while it is pending.
    pub(crate) fn untracked(&self, change: isize) {
        let mut inner = self.lock();
        inner.untracked = inner.untracked.saturating_add_signed(change);
    }

    /// The flow did something that makes it impossible to go on.
    pub(crate) fn misuse(&self, error: Error) {
        let mut inner = self.lock();
        inner.diverged.get_or_insert(error);
        inner.wake();
    }

    /// Writes down what a step waits for; rides along with the next commit unless `now`.
    pub(crate) fn note_wait(&self, wait: WaitRecord) {
        self.lock().pending.push(Entry::Wait(wait));
    }
}

// The driver's side.
impl Core {
    /// Polls the flow's future inside its frame.
    pub(crate) fn poll_flow<F: Future + Unpin>(
        self: &Arc<Self>,
        future: &mut F,
        cx: &mut Context<'_>,
    ) -> Poll<F::Output> {
        self.lock().waker = Some(cx.waker().clone());
        let scope = crate::author::scope::Scope {
            core: self.clone(),
            index: 0,
        };
        enter(Frame::Flow(scope), || std::pin::Pin::new(future).poll(cx))
    }

    /// What to do after a poll of the flow that left it pending.
    pub(crate) fn next(&self) -> Next {
        let mut inner = self.lock();
        if let Some(error) = inner.diverged.take() {
            return Next::Diverged(error);
        }
        if let Some((key, recorded)) = inner.handouts.pop_front() {
            inner.deliver(key, recorded);
            return Next::Poll;
        }
        if let Some(next) = inner.replay_next() {
            return next;
        }
        if inner.reuse_wanted() {
            return Next::Poll;
        }
        let starts = inner.take_starts();
        if !starts.is_empty() {
            return Next::Start(starts);
        }
        if inner.running > 0 || inner.untracked > 0 {
            Next::Wait
        } else {
            Next::Stuck
        }
    }

    /// Numbers a completion: what to write down, what to hand out then, and whether it must be on the disk first.
    pub(crate) fn number(&self, finished: Finished) -> (Vec<Entry>, Recorded, bool) {
        let mut inner = self.lock();
        let mut entries = std::mem::take(&mut inner.pending);
        let synced = finished.synced;
        let recorded = finished.recorded.clone();
        if let Some(record) = inner.record_of(finished) {
            entries.push(Entry::Step(record));
        }
        (entries, recorded, synced)
    }

    /// A completion that is recorded now: it will be handed out after those before it.
    pub(crate) fn committed(&self, key: Key, recorded: Recorded) {
        let mut inner = self.lock();
        inner.running = inner
            .running
            .saturating_sub(usize::from(inner.slots.get(key).is_some()));
        inner.handouts.push_back((key, recorded));
    }

    /// Hands out everything that is recorded, when the flow is not polled any more.
    pub(crate) fn settle(&self) {
        let mut inner = self.lock();
        while let Some((key, recorded)) = inner.handouts.pop_front() {
            inner.deliver(key, recorded);
        }
    }

    /// Steps of the flow's own future that ended since the last call.
    pub(crate) fn take_here(&self) -> Vec<Finished> {
        std::mem::take(&mut self.lock().here)
    }

    /// Entries that wait for a commit, if any.
    pub(crate) fn take_pending(&self) -> Vec<Entry> {
        std::mem::take(&mut self.lock().pending)
    }

    /// Something to write down with the next commit.
    pub(crate) fn push_pending(&self, entry: Entry) {
        self.lock().pending.push(entry);
    }

    /// Remembers how to stop a call's work.
    pub(crate) fn set_abort(&self, key: Key, abort: tokio::task::AbortHandle) {
        match self.lock().slots.get_mut(key) {
            Some(slot) => slot.abort = Some(abort),
            None => abort.abort(),
        }
    }

    /// Remembers the token of a call's attempt.
    pub(crate) fn set_cancel(&self, key: Key, cancel: Arc<Cancel>) {
        if let Some(slot) = self.lock().slots.get_mut(key) {
            slot.cancel = Some(cancel);
        }
    }

    /// The fatal trouble that the flow's side found, if any.
    pub(crate) fn take_diverged(&self) -> Option<Error> {
        self.lock().diverged.take()
    }

    /// What is left of the record once the flow has ended: a strict replay must have reached all of it.
    pub(crate) fn unreached(&self) -> Option<Error> {
        self.lock().replay.unreached()
    }

    /// Returns when the flow's own wakers ask for a poll.
    pub(crate) async fn woken(&self) {
        let mut first = true;
        std::future::poll_fn(|cx| {
            if std::mem::take(&mut first) {
                self.lock().waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Whether submitted calls are still under way.
    pub(crate) fn submitted_outstanding(&self) -> bool {
        self.lock()
            .slots
            .iter()
            .any(|slot| slot.submitted && !matches!(slot.state, SlotState::Done(_)))
    }

    /// The first failure of a submitted call that nobody awaited.
    pub(crate) fn unawaited_failure(&self) -> Option<Error> {
        let inner = self.lock();
        inner
            .slots
            .iter()
            .filter(|slot| slot.submitted && !slot.awaited && !slot.tolerated)
            .find_map(|slot| match &slot.state {
                SlotState::Done(recorded) if !recorded.state.is_success() => {
                    Some(Error::from_json(&recorded.output))
                }
                _ => None,
            })
    }

    /// Signals every running attempt that it is not wanted any more.
    pub(crate) fn cancel_running(&self) {
        self.cancel.set();
        for slot in self.lock().slots.iter() {
            if let (SlotState::Running, Some(cancel)) = (&slot.state, &slot.cancel) {
                cancel.set();
            }
        }
    }

    /// How many bodies and child runs are under way; mere waits are not counted.
    pub(crate) fn bodies(&self) -> usize {
        let inner = self.lock();
        inner
            .slots
            .iter()
            .filter(|slot| matches!(slot.state, SlotState::Running) && slot.cancel.is_some())
            .count()
    }

    /// Drops the work of every running call; returns their records.
    pub(crate) fn abort_running(&self, now: Micros) -> Vec<Entry> {
        let mut inner = self.lock();
        let mut entries = std::mem::take(&mut inner.pending);
        let keys: Vec<Key> = inner.slots.keys().collect();
        for key in keys {
            let Some(slot) = inner.slots.get(key) else {
                continue;
            };
            if !matches!(slot.state, SlotState::Running) {
                continue;
            }
            if let Some(slot) = inner.slots.remove(key) {
                if let Some(abort) = &slot.abort {
                    abort.abort();
                }
                entries.push(Entry::Step(inner.cancelled(&slot, now)));
            }
        }
        inner.running = 0;
        entries
    }

    /// The id and callee of the calls that run or wait, for what shows the run.
    pub(crate) fn outstanding(&self) -> BTreeMap<String, &'static str> {
        let inner = self.lock();
        let under_way =
            |slot: &&Slot| matches!(slot.state, SlotState::Running | SlotState::Wanted(_));
        inner
            .slots
            .iter()
            .filter(under_way)
            .map(|slot| (inner.step(&slot.identity), slot.task))
            .collect()
    }
}

impl Inner {
    fn identify(&mut self, scope: usize, task: &'static str, fixed: Option<FixedId>) -> Identity {
        let data = &mut self.scopes[scope];
        if let Some(fixed) = fixed {
            data.position = data.position.max(fixed.position + 1);
            return Identity {
                scope,
                position: fixed.position,
                name: fixed.name,
                occurrence: 1,
            };
        }
        let position = data.position;
        data.position += 1;
        let (name, occurrence) = data.next_static(task);
        Identity {
            scope,
            position,
            name,
            occurrence,
        }
    }

    fn step(&self, identity: &Identity) -> String {
        let path = &self.scopes[identity.scope].path;
        if identity.occurrence <= 1 {
            format!("{path}{}", identity.name)
        } else {
            format!("{path}{}#{}", identity.name, identity.occurrence)
        }
    }

    fn push_scope(&mut self, path: String) -> usize {
        self.scopes.push(ScopeData {
            path,
            position: 0,
            names: HashMap::new(),
            branches: 0,
            draws: 0,
        });
        self.scopes.len() - 1
    }

    fn take_seq(&mut self) -> u64 {
        self.next_seq += 1;
        self.next_seq - 1
    }

    fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    fn may_inline(&self, key: Key) -> bool {
        let slot = self.slots.get(key);
        self.branches == 0
            && self.running == 0
            && self.untracked == 0
            && self.slots.unfinished() == 1
            && self.handouts.is_empty()
            && self.replay.is_over()
            && self.aside.is_empty()
            && slot.is_some_and(|slot| slot.identity.scope == 0 && !slot.fixed)
    }

    fn want(&mut self, key: Key, work: Work) {
        let Some(slot) = self.slots.get_mut(key) else {
            return;
        };
        slot.state = SlotState::Wanted(work);
        self.wanted.push_back(key);
        if self.replay.is_over() {
            return;
        }
        let Some(slot) = self.slots.get(key) else {
            return;
        };
        let path = &self.scopes[slot.identity.scope].path;
        let step = self.step(&slot.identity);
        if let Some(error) =
            self.replay
                .check(path, slot.identity.position, &step, slot.task, || {
                    slot.input.digest()
                })
        {
            self.diverged.get_or_insert(error);
        }
    }

    fn deliver(&mut self, key: Key, recorded: Recorded) {
        self.wanted.retain(|other| *other != key);
        if let Some(slot) = self.slots.get_mut(key) {
            slot.state = SlotState::Done(recorded);
            if let Some(waker) = slot.waker.take() {
                waker.wake();
            }
        }
        self.wake();
    }

    fn replay_next(&mut self) -> Option<Next> {
        while let Some(record) = self.replay.peek() {
            if !record.is_handed_out() {
                self.replay.pop();
                continue;
            }
            let (scope, position, step, digest) = (
                record.scope.clone(),
                record.position,
                record.step.clone(),
                record.digest,
            );
            let found = self.slots.find(|slot| {
                slot.identity.position == position && self.scopes[slot.identity.scope].path == scope
            });
            let Some(key) = found else {
                // An untracked future may still lead to the call.
                return Some(if self.untracked > 0 {
                    Next::Wait
                } else {
                    Next::Diverged(self.replay.not_built())
                });
            };
            let slot = self.slots.get(key).expect("found under this lock");
            let mine = self.step(&slot.identity);
            if mine != step || slot.input.digest() != digest {
                let error = self
                    .replay
                    .check(&scope, position, &mine, slot.task, || slot.input.digest());
                return Some(Next::Diverged(
                    error.unwrap_or_else(|| self.replay.not_built()),
                ));
            }
            let record = self.replay.pop().expect("peeked under this lock");
            let recorded = Recorded {
                state: record.state,
                output: record.output.unwrap_or_else(Payload::null),
            };
            self.deliver(key, recorded);
            return Some(Next::Poll);
        }
        None
    }

    /// Hands out what a resumed run already knows of a wanted call.
    fn reuse_wanted(&mut self) -> bool {
        if self.aside.is_empty() {
            return false;
        }
        let keys: Vec<Key> = self.wanted.iter().copied().collect();
        for key in keys {
            let Some(slot) = self.slots.get(key) else {
                continue;
            };
            let step = self.step(&slot.identity);
            let scope = &self.scopes[slot.identity.scope].path;
            let Some(mut record) = self
                .aside
                .take(scope, &step, slot.task, slot.input.digest())
            else {
                continue;
            };
            let from = record.seq;
            record.position = slot.identity.position;
            record.scope.clone_from(scope);
            record.step = step;
            record.seq = self.take_seq();
            let recorded = Recorded {
                state: record.state,
                output: record.output.clone().unwrap_or_else(Payload::null),
            };
            self.pending.push(Entry::Reused { from, step: record });
            self.deliver(key, recorded);
            return true;
        }
        false
    }

    fn take_starts(&mut self) -> Vec<(Key, Work)> {
        let mut starts = Vec::with_capacity(self.wanted.len());
        while let Some(key) = self.wanted.pop_front() {
            let Some(slot) = self.slots.get_mut(key) else {
                continue;
            };
            if let SlotState::Wanted(work) = std::mem::replace(&mut slot.state, SlotState::Running)
            {
                self.running += 1;
                // A step of the flow's own future needs no start; it ends through `finish_here`.
                if !matches!(work, Work::Here) {
                    starts.push((key, work));
                }
            }
        }
        starts
    }

    fn finished_here(&mut self, finished: Finished) {
        self.here.push(finished);
    }

    fn record_of(&mut self, finished: Finished) -> Option<StepRecord> {
        let slot = self.slots.get(finished.key)?;
        let step = self.step(&slot.identity);
        let scope = self.scopes[slot.identity.scope].path.clone();
        let (position, kind, task, tolerated) =
            (slot.identity.position, slot.kind, slot.task, slot.tolerated);
        let (digest, input) = (slot.input.digest(), slot.input.clone());
        let seq = self.take_seq();
        Some(StepRecord {
            seq,
            step,
            scope,
            position,
            task: task.to_owned(),
            kind,
            digest,
            fingerprint: finished.fingerprint,
            input: Some(input),
            state: finished.recorded.state,
            output: Some(finished.recorded.output),
            attempts: finished.attempts,
            started: finished.started,
            finished: finished.ended,
            signal: finished.signal,
            reused_from: None,
            tolerated,
        })
    }

    fn cancelled(&mut self, slot: &Slot, now: Micros) -> StepRecord {
        let step = self.step(&slot.identity);
        let seq = self.take_seq();
        StepRecord {
            seq,
            step,
            scope: self.scopes[slot.identity.scope].path.clone(),
            position: slot.identity.position,
            task: slot.task.to_owned(),
            kind: slot.kind,
            digest: slot.input.digest(),
            fingerprint: 0,
            input: Some(slot.input.clone()),
            state: TaskState::Cancelled,
            output: None,
            attempts: 0,
            started: now,
            finished: now,
            signal: None,
            reused_from: None,
            tolerated: true,
        }
    }
}

impl ScopeData {
    fn next(&mut self, name: &Arc<str>) -> u32 {
        let count = self.names.entry(name.clone()).or_insert(0);
        *count += 1;
        *count
    }

    fn next_static(&mut self, name: &'static str) -> (Arc<str>, u32) {
        if let Some((key, count)) = self.names.get_key_value(name) {
            let (key, count) = (key.clone(), count + 1);
            self.names.insert(key.clone(), count);
            return (key, count);
        }
        let key: Arc<str> = Arc::from(name);
        self.names.insert(key.clone(), 1);
        (key, 1)
    }
}

fn with_occurrence(name: &str, occurrence: u32) -> String {
    if occurrence <= 1 {
        name.to_owned()
    } else {
        format!("{name}#{occurrence}")
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
