//! Opens a memory store, and does one operation after the other.

use std::sync::{Arc, Mutex, PoisonError};

use super::super::limits::PayloadLimit;
use super::super::{Answer, Error, Options, Process, Store};
use super::Memory;
use super::runs::Runs;

impl Memory {
    /// An empty store.
    pub fn open(options: Options) -> Arc<dyn Store> {
        Arc::new(Self::empty(options))
    }

    pub(crate) fn empty(options: Options) -> Self {
        Self {
            process: options.process,
            limit: PayloadLimit(options.payload_bytes_max),
            artifacts_max: options.artifacts_max,
            artifact_bytes_max: options.artifact_bytes_max,
            runs: Arc::new(Mutex::new(Some(Runs::default()))),
        }
    }

    /// The same runs as another process sees them, after the first has died.
    pub(crate) fn of_next_process(&self, process: Process) -> Self {
        Self {
            process,
            limit: self.limit,
            artifacts_max: self.artifacts_max,
            artifact_bytes_max: self.artifact_bytes_max,
            runs: self.runs.clone(),
        }
    }

    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&mut Runs) -> Result<T, Error>,
    ) -> Result<T, Error> {
        // Every operation checks before it changes, so a panic cannot have left half of one behind.
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        work(runs.as_mut().ok_or(Error::Closed)?)
    }

    pub(super) fn answer<'a, T: Send>(
        &'a self,
        work: impl FnOnce(&mut Runs) -> Result<T, Error> + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(async move { self.with(work) })
    }
}
