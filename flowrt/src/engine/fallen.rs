//! Runs whose driver fell: the engine itself panicked, or the process that was to drive one ended before it could. Each is
//! let go of and counted as a death, so that nothing falls for ever.

use std::sync::Arc;

use super::host::RunHost;
use super::{Shared, again, patiently, trouble};
use crate::author::core::Core;
use crate::error::{Error, ErrorKind, Result};
use crate::model::payload::Payload;
use crate::model::record::RunRecord;
use crate::model::state::RunState;
use crate::store::{self, Ending};

/// Stops what an attempt of a flow has begun if its driver panics: whoever drives the run next must not find it still
/// under way. What runs are its children is only let go of.
pub(super) struct StopsWhenFallen {
    pub(super) core: Arc<Core>,
    pub(super) host: Arc<RunHost>,
}

impl Drop for StopsWhenFallen {
    fn drop(&mut self) {
        if std::thread::panicking() {
            if let Some(hooks) = self.host.hooks.get() {
                hooks.abort();
            }
            self.host.children.interrupt();
            self.host.children.abort();
            self.core.release_running();
        }
    }
}

/// The driver of a run of this process has panicked; gives the run as it is left.
pub(super) async fn panicked(shared: &Shared, driven: &RunRecord, what: &str) -> Result<RunRecord> {
    tracing::error!(run = %driven.name, panic = what, "the engine panicked while it drove a run");
    let record = again::found(shared, driven).await?;
    if record.owner != Some(shared.store.process()) {
        return Ok(record);
    }
    let error = Error::new(
        ErrorKind::Crashed,
        format!("the engine panicked while it drove the run: {what}"),
    )
    .hint("this is a fault of flowrt: please report it, with what the log says");
    let counted = count(shared, &record).await?;
    // The next drive ends one that has died too often, with all that follows from an end; unless that falls, too.
    let most = shared.settings.crashes_max().saturating_add(1);
    if counted.crashes > most {
        give_up(shared, &counted, &error).await
    } else {
        let_go(shared, &counted, &error).await
    }
}

/// Counts one more death of a run that this process has claimed.
pub(crate) async fn count(shared: &Shared, claimed: &RunRecord) -> Result<RunRecord> {
    let now = shared.clock.now();
    let (run, epoch) = (claimed.id, claimed.epoch);
    let counted = patiently(|| shared.store.claim(run, epoch, true, now))
        .await
        .map_err(trouble)?;
    counted.ok_or_else(|| trouble(store::Error::LeaseLost))
}

/// Leaves the run to whoever takes it next.
pub(crate) async fn let_go(
    shared: &Shared,
    record: &RunRecord,
    error: &Error,
) -> Result<RunRecord> {
    end_as(shared, record, RunState::Interrupted, error).await
}

/// Ends a run that has fallen too often, its end included: nothing follows from it any more.
async fn give_up(shared: &Shared, record: &RunRecord, error: &Error) -> Result<RunRecord> {
    let last = too_often(shared, record, error);
    end_as(shared, record, RunState::Crashed, &last).await
}

/// What is said of a run that has fallen so often.
pub(crate) fn too_often(shared: &Shared, record: &RunRecord, error: &Error) -> Error {
    let message = format!(
        "{}; that was the {}. time in a row without a recorded step, more than allowed (crashes_max = {})",
        error.message(),
        record.crashes,
        shared.settings.crashes_max()
    );
    let last = Error::new(ErrorKind::Crashed, message);
    match error.try_this() {
        Some(hint) => last.hint(hint.to_owned()),
        None => last,
    }
}

pub(super) async fn end_as(
    shared: &Shared,
    record: &RunRecord,
    state: RunState,
    error: &Error,
) -> Result<RunRecord> {
    let ending = Ending {
        state,
        output: None,
        error: Some(Payload::from_json(error.to_json())),
        at: shared.clock.now(),
    };
    let (run, epoch) = (record.id, record.epoch);
    patiently(|| shared.store.finish(run, epoch, Vec::new(), ending.clone()))
        .await
        .map_err(trouble)?;
    shared.events.ends(run, &ending);
    shared.changed.notify_waiters();
    again::found(shared, record).await
}
