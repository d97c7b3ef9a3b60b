//! What a memory store keeps of a run's inside.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::{Error, LogFilter, aside_offset, check_same_step, nothing_to_reuse, tally};
use crate::model::after::is_after;
use crate::model::outline::Place;
use crate::model::record::{
    ASIDE, AttemptRecord, Entry, Journal, LogLine, SignalRecord, StepRecord, TaskCounts, WaitRecord,
};

/// Steps, attempts, waits, scopes, signals and lines of one run.
#[derive(Debug, Default)]
pub(super) struct Inside {
    /// By `seq`. A run mostly appends, so a vector is faster than a map.
    steps: Vec<StepRecord>,
    /// Numbers from [`ASIDE`] on.
    aside: BTreeMap<u64, StepRecord>,
    /// Each with its place in the order in which they were written.
    attempts: BTreeMap<(String, u32), (Place, AttemptRecord)>,
    attempts_written: Place,
    waits: BTreeMap<String, WaitRecord>,
    scopes: BTreeMap<String, u32>,
    signals: Vec<SignalRecord>,
    signal_keys: HashMap<String, u64>,
    lines: Vec<(i64, LogLine)>,
}

impl Inside {
    /// Whether the entries contradict what is there, or each other. Changes nothing.
    pub fn check(&self, entries: &[Entry]) -> Result<(), Error> {
        let mut last = self.steps.last().map(|step| step.seq);
        for (index, entry) in entries.iter().enumerate() {
            let step = match entry {
                Entry::Step(step) | Entry::Reused { step, .. } => step,
                _ => continue,
            };
            let earlier = &entries[..index];
            if step.seq < ASIDE && last.is_none_or(|last| step.seq > last) {
                last = Some(step.seq);
            } else if let Some(there) = self.step_after(earlier, step.seq) {
                check_same_step(there, step)?;
                continue;
            }
            if let Entry::Reused { from, .. } = entry
                && self.step_after(earlier, *from).is_none()
            {
                return Err(nothing_to_reuse(*from, step));
            }
        }
        Ok(())
    }

    /// The step of that number once `entries` are written.
    fn step_after<'a>(&'a self, entries: &'a [Entry], seq: u64) -> Option<&'a StepRecord> {
        for entry in entries.iter().rev() {
            match entry {
                Entry::Step(step) | Entry::Reused { step, .. } if step.seq == seq => {
                    return Some(step);
                }
                Entry::Reused { from, .. } if *from == seq => return None,
                _ => {}
            }
        }
        if seq >= ASIDE {
            return self.aside.get(&seq);
        }
        self.place(seq).ok().map(|place| &self.steps[place])
    }

    /// Writes entries that were checked.
    pub fn write(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            match entry {
                Entry::Step(step) => self.end_step(step),
                Entry::Reused { from, step } => {
                    self.remove_step(from);
                    self.end_step(step);
                }
                Entry::Attempt(attempt) => {
                    let key = (attempt.step.clone(), attempt.attempt);
                    let new = self.attempts_written + 1;
                    let place = self.attempts.get(&key).map_or(new, |(place, _)| *place);
                    self.attempts_written = self.attempts_written.max(place);
                    self.attempts.insert(key, (place, attempt));
                }
                Entry::Wait(wait) => {
                    self.waits.insert(wait.step.clone(), wait);
                }
                Entry::WaitOver(step) => {
                    self.waits.remove(&step);
                }
                Entry::ScopeEnd(scope, length) => {
                    self.scopes.insert(scope, length);
                }
            }
        }
    }

    fn end_step(&mut self, step: StepRecord) {
        if !self.waits.is_empty() {
            self.waits.remove(&step.step);
        }
        if step.seq >= ASIDE {
            self.aside.insert(step.seq, step);
        } else if self.steps.last().is_none_or(|last| last.seq < step.seq) {
            self.steps.push(step);
        } else {
            match self.place(step.seq) {
                Ok(place) => self.steps[place] = step,
                Err(place) => self.steps.insert(place, step),
            }
        }
    }

    fn remove_step(&mut self, seq: u64) {
        if seq >= ASIDE {
            self.aside.remove(&seq);
        } else if let Ok(place) = self.place(seq) {
            self.steps.remove(place);
        }
    }

    fn place(&self, seq: u64) -> Result<usize, usize> {
        self.steps.binary_search_by_key(&seq, |step| step.seq)
    }

    pub fn reopen(&mut self, redo: &[String]) {
        let redo: HashSet<_> = redo.iter().map(String::as_str).collect();
        let is_kept = |step: &str| !redo.contains(step);
        self.aside.retain(|_, step| is_kept(&step.step));
        self.attempts.retain(|(step, _), _| is_kept(step));
        self.waits.retain(|step, _| is_kept(step));
        self.scopes.clear();
        let offset = aside_offset(self.aside.keys().next_back().copied());
        for mut step in self.steps.drain(..).filter(|step| is_kept(&step.step)) {
            step.seq += offset;
            self.aside.insert(step.seq, step);
        }
    }

    pub fn drop_waits(&mut self) {
        self.waits.clear();
    }

    pub fn journal(&self) -> Journal {
        Journal {
            steps: self
                .steps
                .iter()
                .chain(self.aside.values())
                .cloned()
                .collect(),
            attempts: self
                .attempts
                .values()
                .map(|(_, attempt)| attempt.clone())
                .collect(),
            waits: self.waits.values().cloned().collect(),
            scopes: self
                .scopes
                .iter()
                .map(|(scope, length)| (scope.clone(), *length))
                .collect(),
            signals: self.signals.clone(),
        }
    }

    /// Steps that lie after that place.
    pub fn after(&self, place: Option<Place>) -> &[StepRecord] {
        let from = place.map_or(0, |place| {
            let after = |step: &StepRecord| step.seq.cast_signed() <= place;
            self.steps.partition_point(after)
        });
        &self.steps[from..]
    }

    pub fn waits(&self) -> impl ExactSizeIterator<Item = &WaitRecord> {
        self.waits.values()
    }

    pub fn scopes(&self) -> impl Iterator<Item = (&String, &u32)> {
        self.scopes.iter()
    }

    pub fn attempts_of(&self, step: &str) -> impl Iterator<Item = &AttemptRecord> {
        let own = (step.to_owned(), 0)..=(step.to_owned(), u32::MAX);
        self.attempts.range(own).map(|(_, (_, attempt))| attempt)
    }

    /// Those that were written after that place, in the order in which they were written.
    pub fn attempts_after(&self, place: Option<Place>) -> Vec<(Place, AttemptRecord)> {
        let is_after = |(at, _): &&(Place, AttemptRecord)| place.is_none_or(|place| *at > place);
        let mut found: Vec<_> = self.attempts.values().filter(is_after).cloned().collect();
        found.sort_by_key(|(at, _)| *at);
        found
    }

    pub fn counts(&self) -> TaskCounts {
        let mut counts = TaskCounts::default();
        for step in self.steps.iter().filter(|step| !is_after(&step.scope)) {
            let is_reused = step.reused_from.is_some();
            tally::add_steps(&mut counts, step.kind, step.state, is_reused, 1);
        }
        counts
    }

    pub fn signal_with_key(&self, key: &str) -> Option<u64> {
        self.signal_keys.get(key).copied()
    }

    pub fn add_signal(
        &mut self,
        key: Option<String>,
        signal: impl FnOnce(u64) -> SignalRecord,
    ) -> u64 {
        let seq = self.signals.len() as u64;
        self.signals.push(signal(seq));
        if let Some(key) = key {
            self.signal_keys.insert(key, seq);
        }
        seq
    }

    /// The signals that no step has consumed, with their keys.
    pub fn unconsumed(&self) -> Vec<(Option<String>, SignalRecord)> {
        let consumed: HashSet<u64> = self.steps.iter().filter_map(|step| step.signal).collect();
        let open = self.signals.iter();
        open.filter(|signal| !consumed.contains(&signal.seq))
            .map(|signal| {
                let mut keys = self.signal_keys.iter();
                let key = keys.find(|(_, seq)| **seq == signal.seq);
                (key.map(|(key, _)| key.clone()), signal.clone())
            })
            .collect()
    }

    /// How many have come.
    pub fn signals(&self) -> u64 {
        self.signals.last().map_or(0, |signal| signal.seq + 1)
    }

    pub fn signals_from(&self, from: u64) -> Vec<SignalRecord> {
        self.signals
            .iter()
            .filter(|signal| signal.seq >= from)
            .cloned()
            .collect()
    }

    pub fn log(&mut self, cursor: i64, line: LogLine) {
        self.lines.push((cursor, line));
    }

    pub fn logs(&self, filter: &LogFilter) -> Vec<(i64, LogLine)> {
        let wanted = self
            .lines
            .iter()
            .filter(|(cursor, _)| filter.after.is_none_or(|after| *cursor > after))
            .filter(|(cursor, _)| filter.before.is_none_or(|before| *cursor < before))
            .filter(|(_, line)| filter.step.as_ref().is_none_or(|step| *step == line.step));
        let mut lines: Vec<_> = wanted.cloned().collect();
        if filter.limit > 0 && filter.newest {
            lines.drain(..lines.len().saturating_sub(filter.limit));
        } else if filter.limit > 0 {
            lines.truncate(filter.limit);
        }
        lines
    }
}
