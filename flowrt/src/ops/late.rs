//! Runs that should have begun by now.

use super::Engine;
use crate::error::Result;
use crate::model::record::RunRecord;
use crate::model::schedule::MISSED_AFTER;
use crate::model::state::RunState;
use crate::store::RunFilter;

impl Engine {
    /// Runs that nobody has begun although their time is more than a minute ago, the longest overdue first. At most so many
    /// of those that were accepted last are looked through.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn late(&self, at_most: usize) -> Result<Vec<RunRecord>> {
        let since = self.now().saturating_sub(MISSED_AFTER);
        let filter = RunFilter {
            states: vec![RunState::Scheduled, RunState::Pending],
            roots_only: true,
            // No run is due before it was accepted.
            until: Some(since),
            limit: at_most,
            ..RunFilter::default()
        };
        let mut late = self.runs(filter).await?;
        late.retain(|run| run.due.is_some_and(|due| due <= since));
        late.sort_by_key(|run| run.due);
        Ok(late)
    }
}
