//! Where a claimed run lives: in the worker itself, or in a process of its own. Kinds register at link time.

mod inline;
mod own;
#[cfg(all(feature = "isolate", unix))]
mod process;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::author::cancel::Stops;
use crate::author::meta::Meta;
use crate::engine::{Shared, again, patiently, trouble};
use crate::error::{Error, ErrorKind, Result};
use crate::model::deployment::Surroundings;
use crate::model::record::RunRecord;

pub(crate) use own::{Own, drive};

/// The first word of the command line of a process that drives one run.
#[cfg(any(feature = "cli", all(feature = "isolate", unix)))]
pub(crate) const ARGUMENT: &str = "__run";

/// The kind that is taken if nobody says.
pub(crate) const USUAL: &str = "inline";

/// A run that a worker has claimed.
pub(crate) struct Claimed {
    pub(crate) shared: Arc<Shared>,
    pub(crate) record: RunRecord,
    pub(crate) meta: &'static Meta,
    /// What its deployment wants for the process in which it lives.
    pub(crate) surroundings: Option<Surroundings>,
    /// Tells it to let go of the run; a cancel reaches it through the store, too.
    pub(crate) stops: Stops,
}

/// A kind of place where runs live.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// Drives the run there. Ready when nobody drives it there any more, however that came about; an error says that it
    /// could not even begin.
    pub(crate) drive: fn(Claimed) -> BoxFuture<'static, Result<()>>,
}

inventory::collect!(Kind);

/// The kind of that name.
///
/// # Errors
/// If this program has none of that name.
pub(crate) fn kind(name: &str) -> Result<&'static Kind> {
    let all = || inventory::iter::<Kind>.into_iter();
    all().find(|kind| kind.name == name).ok_or_else(|| {
        let mut names: Vec<_> = all().map(|kind| kind.name).collect();
        names.sort_unstable();
        let message = format!("this program has no launcher `{name}`");
        Error::new(ErrorKind::Input, message).hint(format!("one of {}", names.join(", ")))
    })
}

/// Gives a run back that is still claimed as it was when it was launched, and that nobody drives: another worker may take
/// it at once.
///
/// # Errors
/// If the store fails.
pub(crate) async fn give_back(shared: &Shared, claimed: &RunRecord) -> Result<()> {
    let found = patiently(|| shared.store.run(claimed.id))
        .await
        .map_err(trouble)?;
    let is_as_it_was = |run: &RunRecord| {
        run.epoch == claimed.epoch && run.owner == claimed.owner && !shared.active.holds(run.id)
    };
    match found.filter(is_as_it_was) {
        Some(run) => again::release(shared, &run).await,
        None => Ok(()),
    }
}
