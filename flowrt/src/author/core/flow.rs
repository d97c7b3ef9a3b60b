//! The flow's side of a run: calls are built, polled, dropped; scopes open and close.

use super::*;
use crate::failpoint::failpoint;

impl Core {
    /// Builds a call: takes its place and name in the scope, and its line from whoever called that.
    #[track_caller]
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
        let part = fixed.as_ref().is_some_and(|fixed| fixed.part);
        let label = fixed.as_ref().and_then(|fixed| fixed.label.clone());
        let identity = inner.identify(scope, task, fixed);
        let replaying = !inner.replay.is_over();
        let mut slot = Slot::new(identity, kind, task, input, is_fixed);
        slot.tolerant = inner.scopes[scope]
            .items
            .as_ref()
            .is_some_and(|items| items.tolerant);
        slot.part = part;
        slot.label = label;
        inner.slots.insert(slot, replaying)
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
            slot.step = None;
        }
    }

    /// The full id of a step.
    pub(crate) fn step_id(&self, key: Key) -> Arc<str> {
        let mut inner = self.lock();
        let Inner { slots, scopes, .. } = &mut *inner;
        let Some(slot) = slots.get_mut(key) else {
            return Arc::from("?");
        };
        let Identity {
            scope,
            name,
            occurrence,
            ..
        } = &slot.identity;
        let step = slot
            .step
            .get_or_insert_with(|| Arc::from(scopes[*scope].step(name, *occurrence)));
        step.clone()
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
                inner.goes_on(key);
                let work = work();
                if inner.differs(key) || inner.is_full(self.facts.history_max) {
                    return Poll::Pending;
                }
                if matches!(work, Work::Call { .. }) && !self.stops.any() && inner.may_inline(key) {
                    if let Some(slot) = inner.slots.get_mut(key) {
                        slot.state = SlotState::Running;
                        slot.counted = true;
                    }
                    inner.running += 1;
                    drop(inner);
                    return self.poll_inline(key, cx, work);
                }
                inner.want(key, Some(work));
                Poll::Pending
            }
            SlotState::Wanted(_) | SlotState::Running | SlotState::Numbered => {
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
                failpoint("engine::before_handout");
                let mut inner = self.lock();
                inner.ended(key);
                inner.slots.finish(key, recorded.clone());
                if let Some(slot) = inner.slots.get_mut(key) {
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
        let built = inner.slots.submit(key)
            && matches!(inner.slots.get(key), Some(slot) if matches!(slot.state, SlotState::Built));
        if built {
            inner.goes_on(key);
        }
        if built && !inner.differs(key) && !inner.is_full(self.facts.history_max) {
            inner.want(key, Some(work));
        }
        inner.wake();
    }

    /// A call was dropped. One that had started is recorded as cancelled.
    pub(crate) fn drop_call(&self, key: Key) {
        let mut inner = self.lock();
        let Some(slot) = inner.slots.get(key) else {
            return;
        };
        if slot.submitted && !matches!(slot.state, SlotState::Done(_)) {
            return;
        }
        inner.ended(key);
        let Some(slot) = inner.slots.remove(key) else {
            return;
        };
        // What the queues still hold of it is passed over when its turn comes.
        match slot.state {
            SlotState::Running => {
                if let Some(abort) = &slot.abort {
                    abort.abort();
                }
                if let Some(cancel) = &slot.cancel {
                    cancel.set();
                }
                if !slot.part {
                    let record = inner.cancelled(&slot, self.clock.now());
                    inner.pending.push(Entry::Step(record));
                }
                inner.wake();
            }
            SlotState::Built | SlotState::Wanted(_) if !inner.replay.is_over() && !slot.part => {
                let place = (slot.identity.scope, slot.identity.position);
                inner.dropped.insert(place);
            }
            SlotState::Built | SlotState::Wanted(_) | SlotState::Numbered | SlotState::Done(_) => {}
        }
    }

    /// The scope of the item that is built, or of that name.
    pub(crate) fn open_scope(&self, parent: usize, name: &str, item: Option<FixedId>) -> usize {
        let mut inner = self.lock();
        let (name, occurrence) = match item {
            Some(item) => (item.name, 1),
            None => {
                let name: Arc<str> = Arc::from(name);
                let occurrence = inner.scopes[parent].next(&name);
                (name, occurrence)
            }
        };
        let path = format!("{}/", inner.scopes[parent].step(&name, occurrence));
        inner.push_scope(path)
    }

    /// The scope of a branch: of the item that is built, or the next one of its parent.
    pub(crate) fn open_branch(&self, parent: usize, item: Option<FixedId>) -> usize {
        let mut inner = self.lock();
        inner.branches += 1;
        let scope = &mut inner.scopes[parent];
        let path = match item {
            Some(item) => format!("{}/", scope.step(&item.name, 1)),
            None => {
                scope.branches += 1;
                format!("{}b{}/", scope.path, scope.branches)
            }
        };
        inner.push_scope(path)
    }

    /// The scope of what belongs to a step; the same one whenever it is asked for.
    pub(crate) fn scope_of_step(&self, parent: usize, name: &str) -> usize {
        let mut inner = self.lock();
        let path = format!("{}/", inner.scopes[parent].step(name, 1));
        if let Some(index) = inner.of_steps.get(&path) {
            return *index;
        }
        let index = inner.push_scope(path.clone());
        inner.of_steps.insert(path, index);
        index
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

    /// The flow itself returned. Its length is recorded only if the run goes on after it, for what it had submitted.
    pub(crate) fn close_flow(&self) {
        let goes_on = self.submitted_outstanding();
        let mut inner = self.lock();
        let (path, length) = (inner.scopes[0].path.clone(), inner.scopes[0].position);
        if let Some(error) = inner.replay.close_scope(&path, length) {
            inner.diverged.get_or_insert(error);
        } else if goes_on && !inner.replay.knows_end(&path) {
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
            label: None,
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
        match inner.replay.value_of(&path, identity.position, &step) {
            Ok(Some(value)) => return value,
            Ok(None) => {}
            // The flow is not polled again, so what it makes of this value is never seen.
            Err(error) => {
                inner.diverged.get_or_insert(error);
                return make();
            }
        }
        if let Some(value) = inner.aside.value_of(&step) {
            return value;
        }
        let value = make();
        let seq = inner.take_seq();
        // A body may show it outside, and a later life must not know another one.
        inner.decided = true;
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
            label: None,
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

    /// The flow ends at this point, and goes on in a run of its own.
    pub(crate) fn continue_with(&self, continuation: Continuation) {
        let mut inner = self.lock();
        inner.continuation.get_or_insert(continuation);
    }

    /// A race has a winner, and its losers are dropped.
    pub(crate) fn decided(&self) {
        let mut inner = self.lock();
        inner.decided = !inner.pending.is_empty();
    }

    /// Counts a future that is waited for without being recorded; the flow is not stuck while it is pending.
    pub(crate) fn untracked(&self, change: isize) {
        self.clock.hold(change);
        let mut inner = self.lock();
        inner.untracked = inner.untracked.saturating_add_signed(change);
    }
}
