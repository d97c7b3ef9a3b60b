//! Taking runs up again without driving them here: workers go on with them, so they outlive the process that was asked.

use super::{Engine, Resume};
use crate::engine::{again, patiently, trouble};
use crate::error::Result;
use crate::failpoint::failpoint;
use crate::model::dispatch::DEFAULT_QUEUE;
use crate::model::ids::RunId;
use crate::model::record::RunRecord;
use crate::store::queue::Rest;

impl Engine {
    /// Goes on with a run as [`resume_with`](Self::resume_with) does, but leaves it to the workers of its queue (`default`, if
    /// it was in none). When this returns, that is on the disk. If the process dies before, the run is as if its process
    /// had died, and can be resumed again.
    ///
    /// # Errors
    /// As [`resume_with`](Self::resume_with).
    pub async fn queue_resume(&self, run: RunId, resume: Resume) -> Result<RunRecord> {
        let (record, changes) = self.prepared_resume(run, resume).await?;
        let claimed = match changes {
            Some(changes) => again::reopen(&self.shared, &record, changes).await?,
            None => again::claim(&self.shared, &record).await?,
        };
        self.hand_over(&claimed).await
    }

    /// Whether the deployment of that run wants variables or a folder for its process. Workers give it one that has them;
    /// whoever drives the run otherwise does so in a process that is as it is.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn wants_own_process(&self, record: &RunRecord) -> Result<bool> {
        let Some(name) = &record.dispatch.deployment else {
            return Ok(false);
        };
        let found = self.shared.store.deployment_alone(name.clone()).await;
        let found = found.map_err(trouble)?;
        Ok(found.is_some_and(|found| found.deployment.surroundings().is_some()))
    }

    /// Leaves a run that this process has claimed to workers, at once.
    pub(super) async fn hand_over(&self, claimed: &RunRecord) -> Result<RunRecord> {
        failpoint("ops::before_hand_over");
        let now = self.shared.clock.now();
        let rest = Rest {
            due: Some(now),
            signals: 0,
            at: now,
            queue: Some(DEFAULT_QUEUE.to_owned()),
        };
        let store = &self.shared.store;
        patiently(|| store.rest(claimed.id, claimed.epoch, Vec::new(), rest.clone()))
            .await
            .map_err(trouble)?;
        failpoint("ops::after_hand_over");
        self.shared.changed.notify_waiters();
        self.record(claimed.id).await
    }
}
