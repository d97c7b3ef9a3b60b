//! Backfills of a memory store.

use super::super::Answer;
use super::super::apart::Apart;
use super::super::backfills::Backfills;
use super::Memory;
use super::runs::Runs;
use crate::model::backfill::{BackfillRecord, BackfillState, Begun, Standing};
use crate::model::dispatch::Slot;
use crate::model::record::{Micros, NewRun, RunRecord};
use crate::model::state::RunState;

impl Runs {
    fn begun_by(&self, id: &str) -> Begun {
        let mut begun = Begun::default();
        for run in self.newest_first() {
            if run.record.dispatch.backfill.as_deref() == Some(id) {
                begun.add(run.record.state, 1);
            }
        }
        begun
    }
}

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

    fn backfill(&self, id: String) -> Answer<'_, Option<BackfillRecord>> {
        self.answer(move |runs| {
            let mut all = runs.backfills.iter();
            Ok(all.find(|there| there.backfill.id == id).cloned())
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

    fn standing_backfills(&self) -> Answer<'_, Vec<Standing>> {
        self.answer(|runs| {
            let going_on = [BackfillState::Running, BackfillState::Cancelling];
            let standing = runs
                .backfills
                .iter()
                .filter(|record| going_on.contains(&record.state))
                .map(|record| Standing {
                    id: record.backfill.id.clone(),
                    state: record.state,
                    begun: record.begun,
                    going_on: runs.begun_by(&record.backfill.id).going_on,
                });
            Ok(standing.collect())
        })
    }

    fn begun_runs(&self, ids: Vec<String>) -> Answer<'_, Vec<Begun>> {
        self.answer(move |runs| Ok(ids.iter().map(|id| runs.begun_by(id)).collect()))
    }

    fn filled_slots(
        &self,
        deployment: String,
        from: Micros,
        to: Micros,
    ) -> Answer<'_, Vec<(Slot, RunState)>> {
        self.answer(move |runs| {
            let of_it = runs.newest_first().map(|run| &run.record);
            let of_it = of_it.filter(|run| run.dispatch.deployment.as_ref() == Some(&deployment));
            let filled = of_it.filter_map(|run| Some((run.dispatch.slot.clone()?, run.state)));
            Ok(filled
                .filter(|(slot, _)| (from..=to).contains(&slot.at))
                .collect())
        })
    }

    fn begin_backfilled(&self, begun: u32, mut run: NewRun) -> Answer<'_, Option<RunRecord>> {
        self.answer(move |runs| {
            self.limit.check_run(&run)?;
            let id = run.dispatch.backfill.clone();
            let place = runs.backfills.iter().position(|there| {
                Some(&there.backfill.id) == id.as_ref()
                    && there.state == BackfillState::Running
                    && there.begun == begun
            });
            let Some(place) = place else {
                return Ok(None);
            };
            let mut apart = Apart::default();
            apart.take_run(&mut run);
            let record = runs.create(run)?;
            runs.kept.hold(record.id, apart);
            runs.backfills[place].begun += 1;
            runs.backfills[place].reason = None;
            Ok(Some(record))
        })
    }

    fn set_backfill(
        &self,
        id: String,
        from: Vec<BackfillState>,
        to: BackfillState,
        reason: Option<String>,
    ) -> Answer<'_, bool> {
        self.answer(move |runs| {
            let mut all = runs.backfills.iter_mut();
            let found = all.find(|there| there.backfill.id == id && from.contains(&there.state));
            Ok(found
                .map(|record| {
                    record.state = to;
                    record.reason = reason;
                })
                .is_some())
        })
    }
}
