//! What both sides of a run do under its lock.

use super::*;

/// How many calls run in a row inside the flow's own poll.
const INLINED_AT_MOST: u32 = 256;

impl Inner {
    pub(super) fn identify(
        &mut self,
        scope: usize,
        task: &'static str,
        fixed: Option<FixedId>,
    ) -> Identity {
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

    pub(super) fn step(&self, identity: &Identity) -> String {
        let path = &self.scopes[identity.scope].path;
        if identity.occurrence <= 1 {
            format!("{path}{}", identity.name)
        } else {
            format!("{path}{}#{}", identity.name, identity.occurrence)
        }
    }

    pub(super) fn push_scope(&mut self, path: String) -> usize {
        self.scopes.push(ScopeData {
            path,
            position: 0,
            names: HashMap::new(),
            branches: 0,
            draws: 0,
        });
        self.scopes.len() - 1
    }

    pub(super) fn take_seq(&mut self) -> u64 {
        self.next_seq += 1;
        self.next_seq - 1
    }

    pub(super) fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    pub(super) fn may_inline(&mut self, key: Key) -> bool {
        let slot = self.slots.get(key);
        let may = self.branches == 0
            && self.running == 0
            && self.untracked == 0
            && self.slots.unfinished() == 1
            && self.handouts.is_empty()
            && self.replay.is_over()
            && self.aside.is_empty()
            && slot.is_some_and(|slot| slot.identity.scope == 0 && !slot.fixed);
        self.inlined += u32::from(may);
        // Now and then the thread is let go, so that a long chain does not keep it from everything else.
        may && !self.inlined.is_multiple_of(INLINED_AT_MOST)
    }

    pub(super) fn want(&mut self, key: Key, work: Work) {
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

    pub(super) fn deliver(&mut self, key: Key, recorded: Recorded) {
        self.wanted.retain(|other| *other != key);
        if let Some(slot) = self.slots.get_mut(key) {
            slot.state = SlotState::Done(recorded);
            if let Some(waker) = slot.waker.take() {
                waker.wake();
            }
        }
        self.wake();
    }

    pub(super) fn replay_next(&mut self) -> Option<Next> {
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
    pub(super) fn reuse_wanted(&mut self) -> bool {
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

    pub(super) fn take_starts(&mut self) -> Vec<(Key, Work)> {
        let mut starts = Vec::with_capacity(self.wanted.len());
        while let Some(key) = self.wanted.pop_front() {
            let Some(slot) = self.slots.get_mut(key) else {
                continue;
            };
            if let SlotState::Wanted(work) = std::mem::replace(&mut slot.state, SlotState::Running)
            {
                self.running += 1;
                starts.push((key, work));
            }
        }
        starts
    }

    pub(super) fn record_of(&mut self, finished: Finished) -> Option<StepRecord> {
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

    pub(super) fn cancelled(&mut self, slot: &Slot, now: Micros) -> StepRecord {
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
