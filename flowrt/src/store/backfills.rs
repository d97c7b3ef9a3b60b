//! Backfills, as a store keeps them.

use super::Answer;
use crate::model::backfill::{BackfillRecord, BackfillState, Begun, Standing};
use crate::model::dispatch::Slot;
use crate::model::record::{Micros, NewRun, RunRecord};
use crate::model::state::RunState;

/// What a store does with backfills. Every change is synced.
pub trait Backfills {
    /// Adds one; `false`, and nothing is changed, if its name is taken.
    fn add_backfill(&self, record: BackfillRecord) -> Answer<'_, bool>;

    /// One of them.
    fn backfill(&self, id: String) -> Answer<'_, Option<BackfillRecord>>;

    /// Those in one of these states, or all if there is none; the newest first.
    fn backfills(&self, states: Vec<BackfillState>) -> Answer<'_, Vec<BackfillRecord>>;

    /// Those that a scheduler has something to do for, the oldest first. Costs next to nothing, however many slots they have.
    fn standing_backfills(&self) -> Answer<'_, Vec<Standing>>;

    /// The runs that each of these has begun, in the order given; none of one that is not there.
    fn begun_runs(&self, ids: Vec<String>) -> Answer<'_, Vec<Begun>>;

    /// The slots of a deployment, of that time, that have a run, with its state; the run accepted last comes first. The slot
    /// of a run that a backfill has begun anew has a name of its own.
    fn filled_slots(
        &self,
        deployment: String,
        from: Micros,
        to: Micros,
    ) -> Answer<'_, Vec<(Slot, RunState)>>;

    /// Accepts the run of the next slot of the backfill that the run's dispatch names, and counts it, in one transaction.
    /// `None`, and nothing is changed, if that backfill does not run any more, or not `begun` of its slots have their run. A
    /// run that is there for the same slot is returned in place of the new one.
    fn begin_backfilled(&self, begun: u32, run: NewRun) -> Answer<'_, Option<RunRecord>>;

    /// Changes the state, if it is one of these, and says why; whether it did.
    fn set_backfill(
        &self,
        id: String,
        from: Vec<BackfillState>,
        to: BackfillState,
        reason: Option<String>,
    ) -> Answer<'_, bool>;
}
