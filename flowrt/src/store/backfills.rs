//! Backfills, as a store keeps them.

use super::Answer;
use crate::model::backfill::{BackfillRecord, BackfillState};

/// What a store does with backfills. Every change is synced, but that of how far one is.
pub trait Backfills {
    /// Adds one; `false`, and nothing is changed, if its name is taken.
    fn add_backfill(&self, record: BackfillRecord) -> Answer<'_, bool>;

    /// Those in one of these states, or all if there is none; the newest first.
    fn backfills(&self, states: Vec<BackfillState>) -> Answer<'_, Vec<BackfillRecord>>;

    /// So many slots of one have their run; it never goes back.
    fn backfill_begun(&self, id: String, begun: u32) -> Answer<'_, ()>;

    /// Changes the state, if it is one of these; whether it did.
    fn set_backfill(
        &self,
        id: String,
        from: Vec<BackfillState>,
        to: BackfillState,
    ) -> Answer<'_, bool>;
}
