//! What a memory store keeps of a run's inside.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::{Error, LogFilter, Reopening, check_same_step, tally};
use crate::model::record::{
    AttemptRecord, Entry, Journal, LogLine, SignalRecord, StepRecord, TaskCounts, WaitRecord,
};

/// Steps, attempts, waits, scopes, signals and lines of one run.
#[derive(Debug, Default)]
pub(super) struct Inside {
    /// By `seq`. A run mostly appends, so a vector is faster than a map.
    steps: Vec<StepRecord>,
    attempts: BTreeMap<(String, u32), AttemptRecord>,
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
            let Entry::Step(step) = entry else { continue };
            if last.is_none_or(|last| step.seq > last) {
                last = Some(step.seq);
                continue;
            }
            let same_batch = entries[..index]
                .iter()
                .rev()
                .find_map(|earlier| match earlier {
                    Entry::Step(earlier) if earlier.seq == step.seq => Some(earlier),
                    _ => None,
                });
            let there =
                same_batch.or_else(|| self.place(step.seq).ok().map(|place| &self.steps[place]));
            there.map_or(Ok(()), |there| check_same_step(there, step))?;
        }
        Ok(())
    }

    /// Writes entries that were checked.
    pub fn write(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            match entry {
                Entry::Step(step) => {
                    if !self.waits.is_empty() {
                        self.waits.remove(&step.step);
                    }
                    self.put_step(step);
                }
                Entry::Attempt(attempt) => {
                    self.attempts
                        .insert((attempt.step.clone(), attempt.attempt), attempt);
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

    fn put_step(&mut self, step: StepRecord) {
        if self.steps.last().is_none_or(|last| last.seq < step.seq) {
            self.steps.push(step);
            return;
        }
        match self.place(step.seq) {
            Ok(place) => self.steps[place] = step,
            Err(place) => self.steps.insert(place, step),
        }
    }

    fn place(&self, seq: u64) -> Result<usize, usize> {
        self.steps.binary_search_by_key(&seq, |step| step.seq)
    }

    pub fn reopen(&mut self, changes: &Reopening) {
        let redo: HashSet<_> = changes.redo.iter().map(String::as_str).collect();
        self.steps.retain(|step| !redo.contains(step.step.as_str()));
        self.attempts
            .retain(|(step, _), _| !redo.contains(step.as_str()));
        self.waits.retain(|step, _| !redo.contains(step.as_str()));
        for scope in &changes.open_scopes {
            self.scopes.remove(scope);
        }
    }

    pub fn drop_waits(&mut self) {
        self.waits.clear();
    }

    pub fn journal(&self) -> Journal {
        Journal {
            steps: self.steps.clone(),
            attempts: self.attempts.values().cloned().collect(),
            waits: self.waits.values().cloned().collect(),
            scopes: self
                .scopes
                .iter()
                .map(|(scope, length)| (scope.clone(), *length))
                .collect(),
            signals: self.signals.clone(),
        }
    }

    pub fn counts(&self) -> TaskCounts {
        let mut counts = TaskCounts::default();
        for step in &self.steps {
            tally::add_step(
                &mut counts,
                step.kind,
                step.state,
                step.reused_from.is_some(),
            );
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
        let limit = if filter.limit == 0 {
            usize::MAX
        } else {
            filter.limit
        };
        self.lines
            .iter()
            .filter(|(cursor, _)| filter.after.is_none_or(|after| *cursor > after))
            .filter(|(_, line)| filter.step.as_ref().is_none_or(|step| *step == line.step))
            .take(limit)
            .cloned()
            .collect()
    }
}
