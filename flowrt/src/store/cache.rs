//! Results of tasks that later calls may take instead of running the task.

use crate::model::ids::RunId;
use crate::model::payload::{Digest, Payload};
use crate::model::record::Micros;

/// How many expired results go when one is kept: more than come, so that what has expired does not pile up.
pub(super) const DROPPED_AT_ONCE: usize = 16;

/// A result that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The digest of all that it depends on.
    pub key: Digest,
    /// The registered name of the task.
    pub task: String,
    /// The run that computed it.
    pub run: RunId,
    /// The full id of the step there.
    pub step: String,
    /// The value.
    pub output: Payload,
    /// When it was computed.
    pub computed: Micros,
    /// From when on it is not taken any more.
    pub expires: Micros,
}

/// A result that is kept, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// See [`Kept::key`].
    pub key: Digest,
    /// See [`Kept::task`].
    pub task: String,
    /// See [`Kept::run`].
    pub run: RunId,
    /// See [`Kept::step`].
    pub step: String,
    /// The size of the value as JSON.
    pub bytes: u64,
    /// See [`Kept::computed`].
    pub computed: Micros,
    /// See [`Kept::expires`].
    pub expires: Micros,
}

/// Which results.
#[derive(Debug, Clone, Default)]
pub struct CacheFilter {
    /// Only those of this task.
    pub task: Option<String>,
    /// Only those computed before this instant.
    pub before: Option<Micros>,
}

impl Kept {
    /// As it is listed.
    pub fn entry(&self) -> CacheEntry {
        CacheEntry {
            key: self.key,
            task: self.task.clone(),
            run: self.run,
            step: self.step.clone(),
            bytes: u64::try_from(self.output.len()).unwrap_or(u64::MAX),
            computed: self.computed,
            expires: self.expires,
        }
    }
}
