//! What of a write is kept as blobs: values that are too large for a row, and bytes that values name.

use std::collections::BTreeSet;

use super::{Ending, Reopening, Whole};
use crate::model::blob::{Blob, BlobId};
use crate::model::payload::Payload;
use crate::model::record::{Entry, NewRun, StepRecord};

/// The blobs of one write.
#[derive(Debug, Clone, Default)]
pub(super) struct Apart {
    /// Those whose bytes come with it.
    pub blobs: Vec<Blob>,
    /// All that it names.
    pub named: BTreeSet<BlobId>,
    /// A longer text becomes a blob; 0 for never.
    inline_max: usize,
}

impl Apart {
    #[cfg(feature = "sqlite")]
    pub fn over(inline_max: usize) -> Self {
        Self {
            inline_max,
            ..Self::default()
        }
    }

    #[cfg(feature = "sqlite")]
    pub fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    pub fn add(&mut self, blob: Blob) {
        self.named.insert(blob.id());
        self.blobs.push(blob);
    }

    /// Takes the bytes out of a value, and the value out of its row if it is too large.
    pub fn take(&mut self, payload: &mut Payload) {
        self.named.extend(payload.handles());
        for blob in payload.attached() {
            self.add(blob.clone());
        }
        if !payload.attached().is_empty() {
            *payload = payload.clone().without_attached();
        }
        if self.inline_max > 0 && payload.len() > self.inline_max {
            let blob = Blob::new(payload.as_bytes());
            *payload = Payload::apart(blob.id());
            self.add(blob);
        }
    }

    fn take_some(&mut self, payload: &mut Option<Payload>) {
        if let Some(payload) = payload {
            self.take(payload);
        }
    }

    fn take_step(&mut self, step: &mut StepRecord) {
        self.take_some(&mut step.input);
        self.take_some(&mut step.output);
    }

    pub fn take_run(&mut self, run: &mut NewRun) {
        self.take(&mut run.input);
        for step in &mut run.steps {
            self.take_step(step);
        }
    }

    pub fn take_entries(&mut self, entries: &mut [Entry]) {
        for entry in entries {
            match entry {
                Entry::Step(step) | Entry::Reused { step, .. } => self.take_step(step),
                Entry::Attempt(attempt) => self.take(&mut attempt.error),
                Entry::Wait(_) | Entry::WaitOver(_) | Entry::ScopeEnd(..) => {}
            }
        }
    }

    pub fn take_ending(&mut self, ending: &mut Ending) {
        self.take_some(&mut ending.output);
        self.take_some(&mut ending.error);
    }

    pub fn take_whole(&mut self, run: &mut Whole) {
        self.take(&mut run.record.input);
        self.take_some(&mut run.record.output);
        self.take_some(&mut run.record.error);
        run.journal
            .steps
            .iter_mut()
            .for_each(|step| self.take_step(step));
        for attempt in &mut run.journal.attempts {
            self.take(&mut attempt.error);
        }
        for signal in &mut run.journal.signals {
            self.take(&mut signal.payload);
        }
        self.named
            .extend(run.artifacts.iter().filter_map(|there| there.blob));
    }

    pub fn take_reopening(&mut self, changes: &mut Reopening) {
        self.take_some(&mut changes.input);
    }
}
