//! The tokens by which a body learns that its work is not wanted any more, and a run that it shall stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::seat::Seat;
use crate::clock::Clock;

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
    /// What it has of the worker that drives it.
    pub(crate) seat: Option<Arc<Seat>>,
}

impl Stops {
    /// Those of a run that a worker drives: it may leave memory while it waits.
    pub(crate) fn of_worker(seat: Option<Arc<Seat>>) -> Self {
        Self {
            rested: Some(Arc::default()),
            seat,
            ..Self::default()
        }
    }

    /// The run has left memory.
    pub(crate) fn has_rested(&self) -> bool {
        self.rested.as_ref().is_some_and(|rested| rested.is_set())
    }

    /// Whoever only waits leaves his seat to others.
    pub(crate) fn leave_seat(&self) {
        if let Some(seat) = &self.seat {
            seat.leave();
        }
    }

    /// Waits for a seat; who is told to stop needs none.
    pub(crate) async fn take_seat(&self) {
        if let Some(seat) = &self.seat {
            tokio::select! {
                biased;
                () = self.cancel.wait() => {}
                () = self.interrupt.wait() => {}
                () = seat.take_back() => {}
            }
        }
    }

    /// Waits for a seat for a while. Who has none by then is told to let go: what he has keeps others out, who could go on
    /// elsewhere.
    pub(crate) async fn take_seat_or_let_go(&self, within: Duration) {
        let clock = Clock::real();
        tokio::select! {
            biased;
            () = self.take_seat() => {}
            () = clock.sleep(within) => self.interrupt.set(),
        }
    }

    /// Nothing new may start.
    pub(crate) fn any(&self) -> bool {
        self.cancel.is_set() || self.interrupt.is_set()
    }
}
