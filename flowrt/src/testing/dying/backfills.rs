//! Backfills in the store of a process that dies.

use super::Dying;
use crate::model::backfill::{BackfillRecord, BackfillState};
use crate::store::Answer;
use crate::store::backfills::Backfills;

impl Backfills for Dying {
    fn add_backfill(&self, record: BackfillRecord) -> Answer<'_, bool> {
        self.write(0, self.runs.add_backfill(record))
    }
    fn backfills(&self, states: Vec<BackfillState>) -> Answer<'_, Vec<BackfillRecord>> {
        self.read(self.runs.backfills(states))
    }
    fn backfill_begun(&self, id: String, begun: u32) -> Answer<'_, ()> {
        self.write(0, self.runs.backfill_begun(id, begun))
    }
    fn set_backfill(
        &self,
        id: String,
        from: Vec<BackfillState>,
        to: BackfillState,
    ) -> Answer<'_, bool> {
        self.write(0, self.runs.set_backfill(id, from, to))
    }
}
