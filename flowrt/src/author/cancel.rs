//! The tokens by which a body learns that its work is not wanted any more, and a run that it shall stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Set once, never cleared.
#[derive(Debug, Default)]
pub struct Cancel {
    set: AtomicBool,
    notify: Notify,
}

impl Cancel {
    /// Says that the work is not wanted any more.
    pub fn set(&self) {
        self.set.store(true, Ordering::Release);
        self.notify.notify_waiters();
    }

    /// Whether it was said.
    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::Acquire)
    }

    /// Returns once it was said.
    pub async fn wait(&self) {
        loop {
            let notified = self.notify.notified();
            if self.is_set() {
                return;
            }
            notified.await;
        }
    }
}

/// How a driven run is told to stop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stops {
    /// Somebody does not want the run any more: it ends.
    pub(crate) cancel: Arc<Cancel>,
    /// The process will go: the run is released and goes on elsewhere, or later.
    pub(crate) interrupt: Arc<Cancel>,
    /// Set by the run: its end is decided, and what follows from it is under way.
    pub(crate) decided: Arc<Cancel>,
    /// The run is a hook, or below one: no hooks are called for it.
    pub(crate) in_hook: bool,
    /// The run may leave memory while it waits; set once it has.
    pub(crate) rested: Option<Arc<Cancel>>,
}

impl Stops {
    /// Those of a run that a worker drives: it may leave memory while it waits.
    pub(crate) fn of_worker() -> Self {
        Self {
            rested: Some(Arc::default()),
            ..Self::default()
        }
    }

    /// The run has left memory.
    pub(crate) fn has_rested(&self) -> bool {
        self.rested.as_ref().is_some_and(|rested| rested.is_set())
    }

    /// Nothing new may start.
    pub(crate) fn any(&self) -> bool {
        self.cancel.is_set() || self.interrupt.is_set()
    }
}
