//! Drives runs: nothing happens outside that was not first recorded.

mod active;
mod after;
pub(crate) mod again;
mod attempt;
mod beside;
pub(crate) mod build;
mod child;
mod crash;
mod drive;
mod driver;
mod end;
mod hooks;
mod host;
mod limits;
pub(crate) mod park;
mod patience;
mod retry;
mod settings;
mod signal;
mod watch;

use std::collections::HashMap;
use std::sync::Arc;

use active::Active;
pub(crate) use crash::{end_orphan, may_have_crashed, warn_of_aborts};
pub(crate) use drive::drive;
pub(crate) use patience::patiently;
pub(crate) use settings::Settings;

use crate::author::meta::Meta;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::store::{self, Store};

/// The most child runs that may nest.
pub(crate) const DEPTH_MAX: u32 = 64;

/// The most steps that one run may record.
pub(crate) const HISTORY_STEPS_MAX: u64 = 1_000_000;

/// What all runs of an open engine share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    /// Flows by registered name.
    pub(crate) flows: HashMap<&'static str, &'static Meta>,
    limiter: std::sync::OnceLock<limits::Limiter>,
    pub(crate) active: Active,
    pub(crate) settings: Settings,
    /// Told when something may have changed for a run that waits: a signal, a cancel, the end of a run.
    pub(crate) changed: tokio::sync::Notify,
}

impl Shared {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        clock: Clock,
        flows: HashMap<&'static str, &'static Meta>,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            clock,
            flows,
            limiter: std::sync::OnceLock::new(),
            active: Active::default(),
            settings: Settings::default(),
            changed: tokio::sync::Notify::new(),
        })
    }

    /// Where tasks wait for their limits.
    fn limiter(self: &Arc<Self>) -> limits::Limiter {
        self.limiter
            .get_or_init(|| limits::Limiter::new(self))
            .clone()
    }
}

/// A store's error as users meet it. Not a `From`: every std error already becomes an [`Error`] without its kind.
pub(crate) fn trouble(error: store::Error) -> Error {
    match error {
        store::Error::LeaseLost => Error::new(ErrorKind::LeaseLost, error.to_string()),
        store::Error::NoSuchRun(_) => Error::new(ErrorKind::NotFound, error.to_string()),
        store::Error::TooLarge { .. } => Error::new(ErrorKind::Limit, error.to_string()),
        store::Error::Unusable { message, hint } => {
            Error::new(ErrorKind::Store, message).hint(hint)
        }
        other => Error::new(ErrorKind::Store, other.to_string()),
    }
}

#[cfg(test)]
mod tests;
