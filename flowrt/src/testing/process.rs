//! One process of a test: a thread with a runtime of its own, which knows when nothing moves any more.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::{Notify, oneshot};

use super::dying::Dying;
use crate::clock::Clock;

/// How long a blocking body that has begun may still run when its process dies: nobody can stop it.
const LAST_BODIES: Duration = Duration::from_secs(10);

/// A thread that drives runs and nothing else. Because nothing else runs there, its runtime parks exactly when no run can move by
/// itself: that is the moment to move the clock.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) idle: Arc<Idle>,
    handle: Handle,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What is decided each time the runtime parks.
#[derive(Debug)]
pub(super) struct Idle {
    pub(super) clock: Clock,
    pub(super) store: Arc<Dying>,
    /// Tests that wait for a run: only while there is one does time pass.
    waiters: AtomicUsize,
    /// The number of writes at which the answers were last looked at; and whether there are any.
    answered: Mutex<Option<usize>>,
    pub(super) asked: Notify,
    settled: Notify,
    stuck: Notify,
}

impl Idle {
    pub(super) fn new(clock: Clock, store: Arc<Dying>) -> Self {
        Self {
            clock,
            store,
            waiters: AtomicUsize::new(0),
            answered: Mutex::new(None),
            asked: Notify::new(),
            settled: Notify::new(),
            stuck: Notify::new(),
        }
    }

    fn parks(&self) {
        if self.clock.is_held() {
            return;
        }
        if self.waiters.load(Ordering::Acquire) == 0 {
            self.settled.notify_waiters();
        } else if self.has_to_answer() {
            self.asked.notify_one();
        } else if !self.clock.advance_to_next() {
            self.stuck.notify_waiters();
        }
    }

    /// Whether anything was written since the answers were last looked at; takes note that they are now.
    fn has_to_answer(&self) -> bool {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let writes = self.store.writes();
        answered
            .as_mut()
            .is_some_and(|seen| std::mem::replace(seen, writes) != writes)
    }

    /// From now on there are answers to look for.
    pub(super) fn answers(&self) {
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(usize::MAX);
    }
}

/// Time passes while this lives.
pub(super) struct Waiting(Arc<Idle>);

impl Waiting {
    pub(super) fn new(idle: &Arc<Idle>) -> Self {
        idle.waiters.fetch_add(1, Ordering::AcqRel);
        Self(idle.clone())
    }

    /// Returns when nothing can happen any more, whatever the time.
    pub(super) async fn stuck(&self) {
        self.0.stuck.notified().await;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiters.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Process {
    pub(super) fn start(idle: Arc<Idle>) -> std::io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let (started, handle) = mpsc::channel();
        let parking = idle.clone();
        let thread = std::thread::Builder::new()
            .name("flowrt testing".to_owned())
            .spawn(move || {
                let runtime = Builder::new_current_thread()
                    .enable_all()
                    .on_thread_park(move || parking.parks())
                    .build();
                let runtime = match runtime {
                    Ok(runtime) => runtime,
                    Err(error) => {
                        let _ = started.send(Err(error));
                        return;
                    }
                };
                let _ = started.send(Ok(runtime.handle().clone()));
                let _ = runtime.block_on(stopped);
                runtime.shutdown_timeout(LAST_BODIES);
            })?;
        let handle = handle
            .recv()
            .map_err(|_| std::io::Error::other("the thread of the test's engine ended"))??;
        Ok(Self {
            idle,
            handle,
            stop: Mutex::new(Some(stop)),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Does work in the process; dropping the answer stops it.
    pub(super) fn spawn<T: Send + 'static, F>(
        &self,
        work: F,
    ) -> impl Future<Output = Option<T>> + Send + use<T, F>
    where
        F: Future<Output = T> + Send + 'static,
    {
        struct Abort<T>(tokio::task::JoinHandle<T>);
        impl<T> Drop for Abort<T> {
            fn drop(&mut self) {
                self.0.abort();
            }
        }
        let mut task = Abort(self.handle.spawn(work));
        async move {
            match (&mut task.0).await {
                Ok(value) => Some(value),
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => None,
            }
        }
    }

    /// Does work in the process that ends with it.
    pub(super) fn spawn_beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.handle.spawn(work));
    }

    /// Returns when no run can move unless time passes or somebody outside does something.
    pub(super) async fn settled(&self) {
        let mut settled = std::pin::pin!(self.idle.settled.notified());
        settled.as_mut().enable();
        // A parked runtime looks again only after it has done something.
        drop(self.handle.spawn(std::future::ready(())));
        settled.await;
    }

    /// Ends the process as a kill would: nothing that it does is finished.
    pub(super) fn stop(&self) {
        let take =
            |stop: &Mutex<Option<_>>| stop.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(stop) = take(&self.stop) {
            let _ = stop.send(());
        }
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // A body that holds the engine may be the one that drops it.
        if let Some(thread) = thread
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}
