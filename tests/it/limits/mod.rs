//! Limits as tasks feel them.
#![allow(
    clippy::disallowed_methods,
    reason = "bodies of the tests spend real time"
)]

mod policies;
mod processes;
mod rates;
mod runs;
mod slots;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

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

    pub(crate) async fn stay(&self, number: u32, millis: u64) {
        self.order.lock().expect("no panic inside").push(number);
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        self.all.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
    }

    /// Looks until it holds; the test's own timeout ends it.
    pub(crate) async fn until<F: Future<Output = bool>>(&self, holds: impl Fn() -> F) {
        for _ in 0..2_000 {
            if holds().await {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("it does not come to that");
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
