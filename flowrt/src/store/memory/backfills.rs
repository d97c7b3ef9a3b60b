//! Backfills of a memory store.

use super::super::Answer;
use super::super::backfills::Backfills;
use super::Memory;
use crate::model::backfill::{BackfillRecord, BackfillState};

impl Backfills for Memory {
    fn add_backfill(&self, record: BackfillRecord) -> Answer<'_, bool> {
        self.answer(move |runs| {
            let all = &mut runs.backfills;
            let taken = all
                .iter()
                .any(|there| there.backfill.id == record.backfill.id);
            if !taken {
                all.push(record);
            }
            Ok(!taken)
        })
    }

    fn backfills(&self, states: Vec<BackfillState>) -> Answer<'_, Vec<BackfillRecord>> {
        self.answer(move |runs| {
            let wanted =
                |record: &&BackfillRecord| states.is_empty() || states.contains(&record.state);
            Ok(runs
                .backfills
                .iter()
                .rev()
                .filter(wanted)
                .cloned()
                .collect())
        })
    }

    fn backfill_begun(&self, id: String, begun: u32) -> Answer<'_, ()> {
        self.answer(move |runs| {
            for record in &mut runs.backfills {
                if record.backfill.id == id {
                    record.begun = record.begun.max(begun);
                }
            }
            Ok(())
        })
    }

    fn set_backfill(
        &self,
        id: String,
        from: Vec<BackfillState>,
        to: BackfillState,
    ) -> Answer<'_, bool> {
        self.answer(move |runs| {
            let mut all = runs.backfills.iter_mut();
            let found = all.find(|there| there.backfill.id == id && from.contains(&there.state));
            Ok(found.map(|record| record.state = to).is_some())
        })
    }
}
