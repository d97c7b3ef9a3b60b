//! What both sides of a run do under its lock.

use std::sync::atomic::Ordering;

use super::*;
use crate::failpoint::failpoint;

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
        self.scopes[identity.scope].step(&identity.name, identity.occurrence)
    }

    pub(super) fn push_scope(&mut self, path: String) -> usize {
        let index = self.scopes.len();
        if !self.replay.is_over() {
            self.paths.insert(path.clone(), index);
        }
        self.scopes.push(ScopeData::new(path));
        index
    }

    pub(super) fn take_seq(&mut self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
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
            && !self.decided
            && self.slots.unfinished() == 1
            && self.handouts.is_empty()
            && self.replay.is_over()
            && self.aside.is_empty()
            && slot.is_some_and(|slot| slot.identity.scope == 0 && !slot.fixed);
        self.inlined += u32::from(may);
        // Now and then the thread is let go, so that a long chain does not keep it from everything else.
        may && !self.inlined.is_multiple_of(INLINED_AT_MOST)
    }

    pub(super) fn want(&mut self, key: Key, work: Option<Work>) {
        let Some(slot) = self.slots.get_mut(key) else {
            return;
        };
        slot.state = SlotState::Wanted(work);
        self.wanted.push_back(key);
    }

    /// Whether a call does not fit the record; remembers why. Also once all is handed out: the record holds the ends of
    /// scopes, and calls that were dropped.
    pub(super) fn differs(&mut self, key: Key) -> bool {
        if self.replay.is_blank() {
            return false;
        }
        let error = self
            .slots
            .get(key)
            .filter(|slot| !slot.part)
            .and_then(|slot| self.misfit(slot));
        let differs = error.is_some();
        if let Some(error) = error {
            self.diverged.get_or_insert(error);
        }
        differs
    }

    /// Whether the history has no room for what is under way; remembers so. Known before another body begins, because
    /// its effect could not be recorded.
    pub(super) fn is_full(&mut self, limit: u64) -> bool {
        let under_way = u64::try_from(self.slots.unfinished()).unwrap_or(u64::MAX);
        let is_full = self.replay.is_over()
            && self
                .numbers
                .load(Ordering::Relaxed)
                .saturating_add(under_way)
                > limit;
        if is_full {
            self.diverged.get_or_insert(history_full(limit));
        }
        is_full
    }

    /// Why a call does not fit what is recorded at its place, and on which line it stands.
    fn misfit(&self, slot: &Slot) -> Option<Error> {
        let path = &self.scopes[slot.identity.scope].path;
        let step = self.step(&slot.identity);
        let error =
            self.replay
                .check(path, slot.identity.position, &step, slot.task, &slot.input)?;
        let line = format!("{}:{}", slot.location.file(), slot.location.line());
        Some(error.at(&step, Some(line), 0))
    }

    /// Puts an outcome into its call's slot; false if nobody wants the call any more.
    pub(super) fn deliver(&mut self, key: Key, recorded: Recorded) -> bool {
        failpoint("engine::before_handout");
        let there = self.slots.finish(key, recorded);
        if there {
            self.wake();
        }
        there
    }

    /// Whether the next recorded completion is that of a call which the flow dropped meanwhile: in the first execution
    /// both were recorded before the flow was told of either.
    pub(super) fn next_was_dropped(&self) -> bool {
        !self.dropped.is_empty()
            && self.replay.peek().is_some_and(|record| {
                self.paths
                    .get(&record.scope)
                    .is_some_and(|scope| self.dropped.contains(&(*scope, record.position)))
            })
    }

    pub(super) fn replay_next(&mut self) -> Option<Next> {
        while let Some(record) = self.replay.peek() {
            if !record.is_handed_out() || self.next_was_dropped() {
                self.replay.pop();
                continue;
            }
            let (scope, position, step, digest) = (
                record.scope.clone(),
                record.position,
                record.step.clone(),
                record.digest,
            );
            let index = self.paths.get(&scope).copied();
            let Some(key) = index.and_then(|index| self.slots.at((index, position))) else {
                if index.is_some_and(|index| self.scopes[index].reach(position)) {
                    return Some(Next::Poll);
                }
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
                return Some(Next::Diverged(
                    self.misfit(slot).unwrap_or_else(|| self.replay.not_built()),
                ));
            }
            let record = self.replay.pop().expect("peeked under this lock");
            self.note_failure(key, &record);
            self.note_failed_item(key, &record);
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
        while let Some(key) = self.wanted.pop_front() {
            let Some(slot) = self.slots.get(key) else {
                continue;
            };
            if slot.is_done() {
                continue;
            }
            if slot.part {
                self.fresh.push(key);
                continue;
            }
            let step = self.step(&slot.identity);
            let scope = &self.scopes[slot.identity.scope].path;
            let Some(mut record) = self
                .aside
                .take(scope, &step, slot.task, slot.input.digest())
            else {
                // What is aside only shrinks: a call that it does not know now, it never will.
                self.fresh.push(key);
                continue;
            };
            let from = record.seq;
            record.position = slot.identity.position;
            record.label = slot.label.as_deref().map(str::to_owned);
            record.scope.clone_from(scope);
            record.step = step;
            record.seq = self.take_seq();
            let recorded = Recorded {
                state: record.state,
                output: record.output.clone().unwrap_or_else(Payload::null),
            };
            self.note_failure(key, &record);
            self.note_failed_item(key, &record);
            self.pending.push(Entry::Reused { from, step: record });
            self.deliver(key, recorded);
            return true;
        }
        false
    }

    /// The work to start now, and whether a step's own future has something to do.
    pub(super) fn take_starts(&mut self) -> (Vec<(Key, Work)>, bool) {
        let wanted: Vec<Key> = self.fresh.drain(..).chain(self.wanted.drain(..)).collect();
        let mut starts = Vec::with_capacity(wanted.len());
        let mut turns = false;
        for key in wanted {
            let Some(slot) = self.slots.get_mut(key) else {
                continue;
            };
            match std::mem::replace(&mut slot.state, SlotState::Running) {
                SlotState::Wanted(None) => {
                    slot.counted = true;
                    self.running += 1;
                    turns = true;
                    if let Some(waker) = slot.waker.take() {
                        waker.wake();
                    }
                }
                SlotState::Wanted(Some(work)) => {
                    slot.counted = true;
                    self.running += 1;
                    starts.push((key, work));
                }
                other => slot.state = other,
            }
        }
        (starts, turns)
    }

    /// A call is not under way any more.
    pub(super) fn ended(&mut self, key: Key) {
        if let Some(slot) = self.slots.get_mut(key) {
            self.running -= usize::from(std::mem::take(&mut slot.counted));
        }
    }

    /// The slots of all calls that run, in the order in which they were built; their calls have none any more.
    pub(super) fn take_running(&mut self) -> Vec<Slot> {
        let keys: Vec<Key> = self.slots.keys().collect();
        let is_running = |key: &Key| {
            let slot = self.slots.get(*key);
            slot.is_some_and(|slot| matches!(slot.state, SlotState::Running))
        };
        let running: Vec<Key> = keys.into_iter().filter(is_running).collect();
        running
            .into_iter()
            .filter_map(|key| {
                // One by one: a call that is numbered and not handed out yet still counts, until it is dropped.
                self.ended(key);
                self.slots.remove(key)
            })
            .collect()
    }

    pub(super) fn record_of(&mut self, finished: Finished) -> Option<StepRecord> {
        if let Some(slot) = self.slots.get_mut(finished.key) {
            slot.state = SlotState::Numbered;
        }
        let slot = self.slots.get(finished.key).filter(|slot| !slot.part)?;
        let step = match &slot.step {
            Some(step) => step.to_string(),
            None => self.step(&slot.identity),
        };
        let scope = self.scopes[slot.identity.scope].path.clone();
        let (position, kind, task, tolerated) =
            (slot.identity.position, slot.kind, slot.task, slot.tolerated);
        let label = slot.label.as_deref().map(str::to_owned);
        let (digest, input) = (slot.input.digest(), slot.input.clone());
        let seq = self.take_seq();
        let record = StepRecord {
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
            reused_from: finished.reused_from,
            tolerated,
            label,
        };
        self.note_failed_item(finished.key, &record);
        Some(record)
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
            label: slot.label.as_deref().map(str::to_owned),
        }
    }
}
