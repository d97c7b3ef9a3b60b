//! What happens to runs while they go on, and what they logged.

use super::Engine;
use crate::engine::Events;
use crate::engine::trouble;
use crate::error::Result;
use crate::model::ids::RunId;
use crate::model::record::LogLine;
use crate::store::LogFilter;

impl Engine {
    /// What happens from now on to a run of this engine, and to the runs below it. Events of other processes are not
    /// seen here. It costs the runs nothing while nobody reads, and little while somebody does.
    pub fn events(&self, run: RunId) -> Events {
        self.shared.events.watch(Some(run))
    }

    /// What happens from now on to all runs of this engine, from their start.
    pub fn all_events(&self) -> Events {
        self.shared.events.watch(None)
    }

    /// Log lines of a run in the order in which they were written, with their cursors.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn logs(&self, run: RunId, filter: LogFilter) -> Result<Vec<(i64, LogLine)>> {
        self.shared.store.logs(run, filter).await.map_err(trouble)
    }
}
