//! The process that a worker launched for one run.

use std::sync::Arc;

use super::{Engine, RunHandle};
use crate::author::cancel::Stops;
use crate::engine::{self, trouble};
use crate::error::Result;
use crate::failpoint::failpoint;
pub(crate) use crate::launch::ARGUMENT;
use crate::model::ids::RunId;

impl Engine {
    /// Drives a run that a worker has claimed under this epoch and launched this process for. `None` if somebody has taken
    /// it since.
    ///
    /// # Errors
    /// If the store fails, or this program does not have the flow.
    pub(crate) async fn drive_claimed(&self, run: RunId, epoch: u64) -> Result<Option<RunHandle>> {
        let shared = &self.shared;
        let meta = self.flow_of(&self.record(run).await?)?;
        failpoint("launch::before_claim");
        let now = shared.clock.now();
        let claimed = shared.store.claim(run, epoch, false, now).await;
        let Some(claimed) = claimed.map_err(trouble)? else {
            return Ok(None);
        };
        let stops = Stops::of_worker(None);
        let (id, name) = (claimed.id, claimed.name.clone());
        let driven = engine::drive(shared.clone(), claimed, meta, 0, stops.clone());
        Ok(Some(RunHandle {
            id,
            name,
            stops,
            shared: Arc::downgrade(shared),
            task: tokio::spawn(driven),
        }))
    }
}
