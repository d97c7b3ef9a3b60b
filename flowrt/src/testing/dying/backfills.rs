//! Backfills in the store of a process that dies.

use super::Dying;
use crate::model::backfill::{BackfillRecord, BackfillState, Begun, Standing};
use crate::model::dispatch::Slot;
use crate::model::record::{Micros, NewRun, RunRecord};
use crate::model::state::RunState;
use crate::store::Answer;
use crate::store::backfills::Backfills;

impl Backfills for Dying {
    fn add_backfill(&self, record: BackfillRecord) -> Answer<'_, bool> {
        self.write(0, self.runs.add_backfill(record))
    }
    fn backfill(&self, id: String) -> Answer<'_, Option<BackfillRecord>> {
        self.read(self.runs.backfill(id))
    }
    fn backfills(&self, states: Vec<BackfillState>) -> Answer<'_, Vec<BackfillRecord>> {
        self.read(self.runs.backfills(states))
    }
    fn standing_backfills(&self) -> Answer<'_, Vec<Standing>> {
        self.read(self.runs.standing_backfills())
    }
    fn begun_runs(&self, ids: Vec<String>) -> Answer<'_, Vec<Begun>> {
        self.read(self.runs.begun_runs(ids))
    }
    fn filled_slots(
        &self,
        deployment: String,
        from: Micros,
        to: Micros,
    ) -> Answer<'_, Vec<(Slot, RunState)>> {
        self.read(self.runs.filled_slots(deployment, from, to))
    }
    fn begin_backfilled(&self, begun: u32, run: NewRun) -> Answer<'_, Option<RunRecord>> {
        self.write(0, self.runs.begin_backfilled(begun, run))
    }
    fn set_backfill(
        &self,
        id: String,
        from: Vec<BackfillState>,
        to: BackfillState,
        reason: Option<String>,
    ) -> Answer<'_, bool> {
        self.write(0, self.runs.set_backfill(id, from, to, reason))
    }
}
