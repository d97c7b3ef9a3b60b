//! Says again and again that this worker lives, from a thread of its own: bodies that block every thread of the runtime
//! do not make it seem frozen.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::store::Store;
use crate::store::queue::WorkerRecord;

/// Beats as long as this lives.
#[derive(Debug)]
pub(super) struct Pulse {
    about: Arc<Mutex<WorkerRecord>>,
    stop: SyncSender<()>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Pulse {
    /// Begins to beat.
    pub(super) fn start(
        store: Arc<dyn Store>,
        about: WorkerRecord,
        every: Duration,
    ) -> Result<Self> {
        let about = Arc::new(Mutex::new(about));
        let (stop, stopped) = sync_channel(1);
        let shown = about.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let beats = move || {
            runtime.block_on(beat(&*store, &shown));
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                runtime.block_on(beat(&*store, &shown));
            }
            // Who is gone is seen by its lock, too.
            let _ = runtime.block_on(store.leave());
        };
        let thread = std::thread::Builder::new()
            .name("flowrt-pulse".into())
            .spawn(beats)
            .map_err(Error::from)?;
        Ok(Self {
            about,
            stop,
            thread: Some(thread),
        })
    }

    /// Says from the next beat on that this worker takes no more runs.
    pub(super) fn drains(&self) {
        lock(&self.about).draining = true;
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        let _ = self.stop.try_send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn beat(store: &dyn Store, about: &Mutex<WorkerRecord>) {
    let mut worker = lock(about).clone();
    worker.beat = Clock::real().now();
    if let Err(error) = store.beat(worker).await {
        tracing::debug!(%error, "the worker could not say that it lives");
    }
}

fn lock(about: &Mutex<WorkerRecord>) -> std::sync::MutexGuard<'_, WorkerRecord> {
    about.lock().unwrap_or_else(PoisonError::into_inner)
}
