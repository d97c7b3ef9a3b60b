//! Limits as tasks feel them.
#![allow(
    clippy::disallowed_methods,
    reason = "bodies of the tests spend real time"
)]

mod late;
mod policies;
mod processes;
mod rates;
mod runs;
mod slots;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::until::until_it_holds;

/// How many bodies are in at once, and how many there ever were.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    now: AtomicU32,
    most: AtomicU32,
    all: AtomicU32,
    order: Mutex<Vec<u32>>,
}

impl Crowd {
    pub(crate) const fn new() -> Self {
        Self {
            now: AtomicU32::new(0),
            most: AtomicU32::new(0),
            all: AtomicU32::new(0),
            order: Mutex::new(Vec::new()),
        }
    }

    /// Is in until that holds, and a moment longer.
    pub(crate) async fn stay_until(&self, number: u32, holds: impl Fn() -> bool) {
        self.order.lock().expect("no panic inside").push(number);
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        self.all.fetch_add(1, Ordering::SeqCst);
        until_it_holds(holds).await;
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
    }

    /// Is in for a moment.
    pub(crate) async fn pass(&self, number: u32) {
        self.stay_until(number, || true).await;
    }

    pub(crate) fn most(&self) -> u32 {
        self.most.load(Ordering::SeqCst)
    }

    pub(crate) fn all(&self) -> u32 {
        self.all.load(Ordering::SeqCst)
    }

    pub(crate) fn order(&self) -> Vec<u32> {
        self.order.lock().expect("no panic inside").clone()
    }
}
