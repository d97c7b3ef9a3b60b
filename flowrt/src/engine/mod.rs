//! Drives runs: nothing happens outside that was not first recorded.

mod active;
mod after;
pub(crate) mod again;
mod around;
mod attempt;
mod beside;
pub(crate) mod build;
mod cache;
mod child;
mod crash;
mod drive;
mod driver;
mod ear;
mod end;
mod events;
pub(crate) mod fallen;
mod hooks;
mod host;
pub(crate) mod isolate;
mod lack;
mod limits;
pub(crate) mod notices;
pub(crate) mod park;
mod patience;
mod published;
mod rest;
pub(crate) mod retention;
mod retry;
mod settings;
mod signal;
mod starter;
mod successor;
mod terms;
mod tries;
pub(crate) mod unlaunched;
mod vault;
mod watch;

use std::collections::HashMap;
use std::sync::Arc;

use active::Active;
pub(crate) use after::may_follow_a_cancel;
pub(crate) use around::{Around, Beginning};
pub(crate) use crash::{end_orphan, may_have_crashed, warn_of_aborts};
pub(crate) use drive::drive;
#[cfg(feature = "cli")]
pub(crate) use ear::Question;
pub use events::Events;
use events::Hub;
pub(crate) use limits::runs::OF_DEPLOYMENT;
pub(crate) use patience::patiently;
pub(crate) use published::StoreSource;
pub(crate) use settings::Settings;
pub(crate) use successor::last_of_chain;
pub(crate) use vault::EngineVault;

use crate::author::meta::Meta;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::logs::Sink;
use crate::model::event::What;
use crate::model::record::LogLine;
use crate::store::{self, Store};

/// What all runs of an open engine share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) events: Arc<Hub>,
    pub(crate) logs: Arc<Sink>,
    /// Flows by registered name.
    pub(crate) flows: HashMap<&'static str, &'static Meta>,
    limiter: std::sync::OnceLock<limits::Limiter>,
    pub(crate) active: Active,
    computing: cache::Computing,
    pub(crate) vault: Arc<EngineVault>,
    pub(crate) settings: Settings,
    /// Who listens to signals.
    pub(crate) ear: ear::Ear,
    /// Told when something may have changed for a run that waits: a signal, a cancel, the end of a run.
    pub(crate) changed: tokio::sync::Notify,
    /// Who is to be told of runs that end.
    pub(crate) teller: std::sync::OnceLock<notices::Teller>,
    /// What a test puts around bodies.
    pub(crate) around: Option<Arc<dyn Around>>,
}

impl Shared {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        clock: Clock,
        flows: HashMap<&'static str, &'static Meta>,
        around: Option<Arc<dyn Around>>,
    ) -> Arc<Self> {
        let events = Arc::new(Hub::new(clock.clone()));
        let told = events.clone();
        let on_line = move |line: &LogLine| told.tell(line.run, || What::Log(line.clone()));
        let vault = Arc::new(EngineVault::of(store.clone()));
        let logs = Sink::new(store.clone(), Box::new(on_line));
        Arc::new(Self {
            store,
            clock,
            events,
            logs,
            flows,
            limiter: std::sync::OnceLock::new(),
            active: Active::default(),
            computing: cache::Computing::default(),
            vault,
            settings: Settings::default(),
            ear: ear::Ear::default(),
            changed: tokio::sync::Notify::new(),
            teller: std::sync::OnceLock::new(),
            around,
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
        // Who writes to a run that has ended does not drive it any more, whoever has ended it.
        store::Error::LeaseLost | store::Error::Ended(..) => {
            Error::new(ErrorKind::LeaseLost, error.to_string())
        }
        store::Error::NoSuchRun(_) => Error::new(ErrorKind::NotFound, error.to_string()),
        store::Error::TooLarge { .. } => Error::new(ErrorKind::Limit, error.to_string()),
        store::Error::TooMany { .. } => Error::new(ErrorKind::Limit, error.to_string()),
        store::Error::BlobLost { .. } => Error::new(ErrorKind::Store, error.to_string()).hint(
            "put the file back from a backup; or start the work anew (run), and delete this run",
        ),
        store::Error::Unusable { message, hint } => {
            Error::new(ErrorKind::Store, message).hint(hint)
        }
        other => Error::new(ErrorKind::Store, other.to_string()),
    }
}

#[cfg(test)]
mod tests;
