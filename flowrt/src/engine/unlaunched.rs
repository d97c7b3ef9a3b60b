//! Runs whose process never had them: none can be started as it has to be, or each dies before it has taken the run.

use std::sync::Arc;

#[cfg(all(feature = "isolate", unix))]
use super::fallen::end_as;
use super::{Shared, drive, patiently, trouble};
use crate::author::cancel::Stops;
use crate::author::meta::Meta;
use crate::error::{Error, Result};
use crate::model::after::Decided;
use crate::model::payload::Payload;
use crate::model::record::{Entry, RunRecord};
use crate::model::state::RunState;
use crate::store::Durability;

/// Leaves the run to a person, who mends what no further try would.
#[cfg(all(feature = "isolate", unix))]
pub(crate) async fn park(shared: &Shared, record: &RunRecord, error: &Error) -> Result<RunRecord> {
    end_as(shared, record, RunState::Parked, error).await
}

/// Ends a run with all that follows from an end. That is done in this process: hooks and rollbacks are promised, and no
/// other comes to them.
pub(crate) async fn end_here(
    shared: &Arc<Shared>,
    record: RunRecord,
    meta: &'static Meta,
    (state, error): (RunState, &Error),
    stops: &Stops,
) -> Result<()> {
    let (store, run, epoch) = (&shared.store, record.id, record.epoch);
    let journal = patiently(|| store.journal(run)).await.map_err(trouble)?;
    // An end that was decided before is that of the run, whatever its process did since.
    if Decided::of(&journal).is_none() {
        let decided = Decided {
            state,
            output: None,
            error: Some(Payload::from_json(error.to_json())),
            at: shared.clock.now(),
            crashes: record.crashes,
        };
        let entries = || vec![Entry::Wait(decided.to_wait())];
        patiently(|| store.record(run, epoch, entries(), Durability::Synced))
            .await
            .map_err(trouble)?;
    }
    drive(shared.clone(), record, meta, 0, stops.clone())
        .await
        .map(drop)
}
