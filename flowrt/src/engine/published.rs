//! Writes down what bodies publish, while they run and before their outcome is recorded.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::host::RunHost;
use super::{patiently, trouble};
use crate::author::context::Attempt;
use crate::author::publish::Keeper;
use crate::author::stored::Source;
use crate::error::Result;
use crate::failpoint::failpoint;
use crate::model::blob::BlobId;
use crate::model::event::What;
use crate::model::payload::Payload;
use crate::model::record::Micros;
use crate::store::Store;

/// Reads bytes that a store keeps.
#[derive(Debug)]
pub(crate) struct StoreSource(pub(crate) Arc<dyn Store>);

impl Source for StoreSource {
    fn load(&self, id: BlobId, whose: String) -> BoxFuture<'static, Result<Arc<[u8]>>> {
        let store = self.0.clone();
        Box::pin(async move {
            let read = || store.blob(id, whose.clone());
            patiently(read).await.map_err(trouble)
        })
    }
}

impl Source for RunHost {
    fn load(&self, id: BlobId, whose: String) -> BoxFuture<'static, Result<Arc<[u8]>>> {
        StoreSource(self.shared.store.clone()).load(id, whose)
    }
}

impl Keeper for RunHost {
    fn now(&self) -> Micros {
        self.shared.clock.now()
    }

    fn wake(self: Arc<Self>, attempt: &Arc<Attempt>) {
        // A body's own thread may have no runtime: then the end of the attempt writes.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let attempt = attempt.clone();
            runtime.spawn(async move { write(&self, &attempt).await });
        }
    }

    fn tell_progress(&self, attempt: &Attempt, done: u64, total: u64) {
        self.shared.events.tell(self.run, || What::Progress {
            step: attempt.step.clone(),
            done,
            total,
        });
    }
}

/// Writes what waits on the desk.
async fn write(host: &RunHost, attempt: &Attempt) {
    let _turn = attempt.desk.writing.lock().await;
    while let Some(new) = attempt.desk.next() {
        let (store, run, epoch) = (&host.shared.store, host.run, host.epoch);
        failpoint("engine::before_artifact");
        let put = patiently(|| store.put_artifact(run, epoch, new.clone())).await;
        if let Err(error) = put {
            attempt.desk.refuse(trouble(error));
        }
    }
}

/// As [`settle`], which few attempts need.
pub(super) async fn settled(
    host: &RunHost,
    attempt: &Attempt,
    result: Result<Payload>,
) -> Result<Payload> {
    failpoint("engine::after_body");
    let attached = matches!(&result, Ok(value) if !value.attached().is_empty());
    if attached || attempt.desk.is_used() {
        return Box::pin(settle(host, attempt, result)).await;
    }
    result
}

/// The outcome of an attempt once all that it published is written, and all bytes that its value names are kept.
async fn settle(host: &RunHost, attempt: &Attempt, result: Result<Payload>) -> Result<Payload> {
    attempt.desk.close(attempt, host.now());
    write(host, attempt).await;
    if let Some(refusal) = attempt.desk.refusal() {
        return result.and(Err(refusal));
    }
    let value = result?;
    if value.attached().is_empty() {
        return Ok(value);
    }
    let (store, run, epoch) = (&host.shared.store, host.run, host.epoch);
    let blobs = value.attached().to_vec();
    let kept = patiently(|| store.keep_blobs(run, epoch, blobs.clone())).await;
    kept.map_err(trouble)?;
    Ok(value.without_attached())
}
