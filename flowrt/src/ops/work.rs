//! Working off the queue, and who does.

use std::future::Future;
use std::sync::Arc;

use super::Engine;
use crate::author::cancel::Cancel;
use crate::engine::trouble;
use crate::error::Result;
use crate::model::dispatch::DEFAULT_QUEUE;
pub use crate::store::queue::WorkerRecord;
pub use crate::worker::{CONCURRENCY, Settings as Work};

impl Work {
    /// Says whether this program can work so.
    ///
    /// # Errors
    /// If it has no such launcher.
    pub fn check(&self) -> Result<()> {
        crate::launch::kind(&self.launcher).map(drop)
    }
}

impl Engine {
    /// Takes runs from queues and drives them, until `shutdown` is ready: then what their bodies give within the grace is
    /// recorded, the runs are released, and whoever takes them next goes on with them. Runs whose worker died are taken
    /// at once, those of a frozen one after the lease (`worker.lease`).
    ///
    /// # Errors
    /// If this program has no such launcher, or the store is closed meanwhile.
    pub async fn work(&self, work: Work, shutdown: impl Future<Output = ()>) -> Result<()> {
        self.shared.stays();
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
}
