//! Working off the queue, and who does.

use std::future::Future;
use std::sync::Arc;

use super::{Engine, RunHandle};
use crate::author::cancel::{Cancel, Stops};
use crate::engine::{self, trouble};
use crate::error::Result;
use crate::model::dispatch::DEFAULT_QUEUE;
use crate::model::ids::RunId;
pub use crate::store::queue::WorkerRecord;
pub use crate::worker::{CONCURRENCY, Settings as Work};

#[cfg(feature = "cli")]
pub(crate) use crate::launch::ARGUMENT;

impl Engine {
    /// Takes runs from queues and drives them, until `shutdown` is ready: then what their bodies give within the grace is
    /// recorded, the runs are released, and whoever takes them next goes on with them. Runs whose worker died are taken
    /// at once, those of a frozen one after the lease (`worker.lease`).
    ///
    /// # Errors
    /// If this program has no such launcher, or the store is closed meanwhile.
    pub async fn work(&self, work: Work, shutdown: impl Future<Output = ()>) -> Result<()> {
        let stop = Arc::new(Cancel::default());
        let worker = crate::worker::run(self.shared.clone(), work, stop.clone());
        let mut worker = std::pin::pin!(worker);
        tokio::select! {
            ended = &mut worker => return ended,
            () = shutdown => stop.set(),
        }
        worker.await
    }

    /// The workers that live, the oldest first.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn workers(&self) -> Result<Vec<WorkerRecord>> {
        self.shared.store.workers().await.map_err(trouble)
    }

    /// Whether a worker lives that would take a run of that flow from the usual queue.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn has_worker_for(&self, flow: &str) -> Result<bool> {
        let takes = |worker: &WorkerRecord| {
            worker.queues.iter().any(|queue| queue == DEFAULT_QUEUE)
                && worker.flows.iter().any(|known| known == flow)
                && !worker.draining
        };
        Ok(self.workers().await?.iter().any(takes))
    }

    /// Drives a run that a worker has claimed under this epoch and launched this process for. `None` if somebody has taken
    /// it since.
    ///
    /// # Errors
    /// If the store fails, or this program does not have the flow.
    #[cfg(feature = "cli")]
    pub(crate) async fn drive_claimed(&self, run: RunId, epoch: u64) -> Result<Option<RunHandle>> {
        let shared = &self.shared;
        let meta = self.flow_of(&self.record(run).await?)?;
        let now = shared.clock.now();
        let claimed = shared.store.claim(run, epoch, false, now).await;
        let Some(claimed) = claimed.map_err(trouble)? else {
            return Ok(None);
        };
        let stops = Stops::of_worker();
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
