//! What a store says of itself, and how runs go from one store to another.

use std::collections::BTreeSet;

use crate::model::artifact::ArtifactRecord;
use crate::model::blob::{Blob, BlobId};
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::{Entry, Journal, LogLine, Micros, RunRecord};

/// A run with its inside and what it logged.
#[derive(Debug, Clone, PartialEq)]
pub struct Whole {
    /// The run. Its owner and its key are not taken over into another store.
    pub record: RunRecord,
    /// Its inside.
    pub journal: Journal,
    /// Its log lines in the order of writing.
    pub logs: Vec<LogLine>,
    /// What it published, in that order. In another store it gets the next versions of its keys there.
    pub artifacts: Vec<ArtifactRecord>,
    /// Its flow as the program knew it that drove it.
    pub definition: Payload,
}

impl Whole {
    /// The blobs that its artifacts and its values name.
    pub fn named_blobs(&self) -> BTreeSet<BlobId> {
        let record = &self.record;
        let steps = self.journal.steps.iter();
        let values = steps.flat_map(|step| step.input.iter().chain(&step.output));
        let attempts = self.journal.attempts.iter().map(|attempt| &attempt.error);
        let signals = self.journal.signals.iter().map(|signal| &signal.payload);
        let values = values.chain(attempts).chain(signals);
        let values = values.chain([&record.input]).chain(&record.output);
        let files = self.artifacts.iter().filter_map(|there| there.blob);
        let handles = values.chain(&record.error).flat_map(Payload::handles);
        handles.chain(files).collect()
    }
}

/// Runs out of another store.
#[derive(Debug, Clone)]
pub struct Import {
    /// A run and all below it, parents before their children.
    pub runs: Vec<Whole>,
    /// The bytes that their artifacts and values name.
    pub blobs: Vec<Blob>,
    /// When they were taken out there.
    pub exported: Micros,
    /// Now.
    pub at: Micros,
}

/// How a run came here from another store.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// When it was taken out there.
    pub exported: Micros,
    /// When it was put in here.
    pub at: Micros,
    /// Its flow as the program there knew it: what the reader of the bundle finds.
    pub definition: Payload,
}

/// What a store takes on the disk, in bytes and rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// The database.
    pub file_bytes: u64,
    /// What is written and not yet moved into it.
    pub log_bytes: u64,
    /// Files and folders beside it that belong to it: values too large for a row.
    pub beside_bytes: u64,
    /// Of the database: what is free for later records.
    pub free_bytes: u64,
    /// Whether free space can be given back to the disk while the store is in use.
    pub shrinks: bool,
    /// Rows by table, by name.
    pub tables: Vec<(String, u64)>,
    /// The largest runs, largest first.
    pub largest: Vec<RunUsage>,
}

/// What one run takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunUsage {
    /// Which.
    pub id: RunId,
    /// Its name.
    pub name: String,
    /// Its flow.
    pub flow: String,
    /// Recorded steps.
    pub steps: u64,
    /// Values and log lines, without what the store needs to find them.
    pub bytes: u64,
}

/// A copy of a store that was written and opened to look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Its size.
    pub bytes: u64,
    /// How many runs it holds, child runs too.
    pub runs: u64,
}

/// What was written to make this journal. A wait after the steps: a step ends the waits of its name.
pub(super) fn entries(journal: &Journal) -> Vec<Entry> {
    let steps = journal.steps.iter().cloned().map(Entry::Step);
    let attempts = journal.attempts.iter().cloned().map(Entry::Attempt);
    let waits = journal.waits.iter().cloned().map(Entry::Wait);
    let scopes = journal.scopes.iter().cloned();
    let ends = scopes.map(|(scope, length)| Entry::ScopeEnd(scope, length));
    steps.chain(attempts).chain(waits).chain(ends).collect()
}
