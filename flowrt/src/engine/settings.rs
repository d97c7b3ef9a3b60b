//! What an engine's owner may choose.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::micros;
use crate::config::Config;

/// The settings of an engine; each may change while it is open.
#[derive(Debug)]
pub(crate) struct Settings {
    crashes_max: AtomicU32,
    depth_max: AtomicU32,
    history_steps_max: AtomicU64,
    grace: AtomicU64,
    rest_after: AtomicU64,
    lease: AtomicU64,
}

impl Default for Settings {
    fn default() -> Self {
        let settings = Self {
            crashes_max: AtomicU32::new(0),
            depth_max: AtomicU32::new(0),
            history_steps_max: AtomicU64::new(0),
            grace: AtomicU64::new(0),
            rest_after: AtomicU64::new(0),
            lease: AtomicU64::new(0),
        };
        settings.apply(&Config::default());
        settings
    }
}

impl Settings {
    /// Takes over what is said about the store. The largest value is the store's own affair.
    pub(crate) fn apply(&self, config: &Config) {
        self.set_crashes_max(config.crashes_max);
        self.set_grace(config.grace);
        let rest_after = micros(config.worker.rest_after).unsigned_abs();
        self.rest_after.store(rest_after, Ordering::Relaxed);
        let lease = micros(config.worker.lease).unsigned_abs();
        self.lease.store(lease, Ordering::Relaxed);
        self.depth_max.store(config.depth_max, Ordering::Relaxed);
        self.set_history_steps_max(config.history_steps_max);
    }

    /// The most child runs that may nest.
    pub(crate) fn depth_max(&self) -> u32 {
        self.depth_max.load(Ordering::Relaxed)
    }

    /// How often in a row a run's process may die without a recorded step: once more, and the run ends as `Crashed`.
    pub(crate) fn crashes_max(&self) -> u32 {
        self.crashes_max.load(Ordering::Relaxed)
    }

    pub(crate) fn set_crashes_max(&self, count: u32) {
        self.crashes_max.store(count, Ordering::Relaxed);
    }

    /// How many steps one run may record.
    pub(crate) fn history_steps_max(&self) -> u64 {
        self.history_steps_max.load(Ordering::Relaxed)
    }

    pub(crate) fn set_history_steps_max(&self, count: u64) {
        self.history_steps_max.store(count, Ordering::Relaxed);
    }

    /// How long bodies that are not wanted any more may go on.
    pub(crate) fn grace(&self) -> Duration {
        Duration::from_micros(self.grace.load(Ordering::Relaxed))
    }

    /// How long a run that a worker drives only waits before it leaves memory.
    pub(crate) fn rest_after(&self) -> Duration {
        Duration::from_micros(self.rest_after.load(Ordering::Relaxed))
    }

    /// How long a worker may say nothing before its runs are taken from it.
    pub(crate) fn lease(&self) -> Duration {
        Duration::from_micros(self.lease.load(Ordering::Relaxed))
    }

    pub(crate) fn set_grace(&self, grace: Duration) {
        self.grace
            .store(micros(grace).unsigned_abs(), Ordering::Relaxed);
    }
}
