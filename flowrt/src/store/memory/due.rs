//! The queue of a memory store.

use super::super::apart::Apart;
use super::super::queue::{Queue, Rest, Taken, Wanted, WorkerRecord};
use super::super::{Answer, Store, check_transition, due_at_rest};
use super::Memory;
use super::runs::{Run, Runs};
use crate::model::ids::{ProcessId, RunId};
use crate::model::record::{Entry, Micros, RunRecord};
use crate::model::state::RunState;

impl Queue for Memory {
    fn take_due(&self, wanted: Wanted, now: Micros) -> Answer<'_, Taken> {
        self.answer(move |runs| {
            let mut elsewhere = Vec::new();
            let mut dead = Vec::new();
            for run in runs.newest_first() {
                let record = &run.record;
                let Some(owner) = record.owner.filter(|owner| *owner != self.process()) else {
                    continue;
                };
                if !is_wanted(&wanted, record) || elsewhere.contains(&owner) {
                    continue;
                }
                if self.is_alive(owner) && !wanted.frozen.contains(&owner) {
                    elsewhere.push(owner);
                } else {
                    dead.push(record.id);
                }
            }
            dead.reverse();
            let due = due_first(runs, &wanted);
            let is_due = due.iter().filter(|(due, _)| *due <= now).map(|(_, id)| *id);
            let chosen: Vec<_> = dead
                .into_iter()
                .chain(is_due)
                .take(wanted.at_most)
                .collect();
            let left = due.iter().find(|(_, id)| !chosen.contains(id));
            Ok(Taken {
                next: left.map(|(due, _)| *due),
                runs: claim_all(runs, &chosen, self.process(), now)?,
                elsewhere,
            })
        })
    }

    fn rest(&self, run: RunId, epoch: u64, mut entries: Vec<Entry>, rest: Rest) -> Answer<'_, ()> {
        self.answer(move |runs| {
            self.limit.check_entries(&entries)?;
            let there = runs.get(run)?;
            there.check_epoch(epoch)?;
            there.inside.check(&entries)?;
            let mut apart = Apart::default();
            apart.take_entries(&mut entries);
            runs.kept.hold(run, apart);
            runs.kept.mark_failed(run, &entries);
            let found = runs.get_mut(run)?;
            found.check_epoch(epoch)?;
            check_transition(run, found.record.state, RunState::Waiting)?;
            found.write(entries)?;
            let signals = found.inside.signals();
            let record = &mut found.record;
            record.due = due_at_rest(&rest, signals, record.cancel_requested.is_some());
            (record.state, record.owner) = (RunState::Waiting, None);
            let queue = &mut record.dispatch.queue;
            *queue = queue.take().or(rest.queue);
            runs.tickets.leave_run(run);
            Ok(())
        })
    }

    fn beat(&self, worker: WorkerRecord) -> Answer<'_, ()> {
        self.answer(move |runs| {
            runs.workers.insert(worker.process, worker);
            Ok(())
        })
    }

    fn leave(&self) -> Answer<'_, ()> {
        self.answer(move |runs| {
            runs.workers.remove(&self.process());
            Ok(())
        })
    }

    fn workers(&self) -> Answer<'_, Vec<WorkerRecord>> {
        self.answer(move |runs| {
            let live = runs
                .workers
                .values()
                .filter(|worker| self.is_alive(worker.process));
            let mut live: Vec<_> = live.cloned().collect();
            live.sort_by_key(|worker| (worker.started, worker.process));
            Ok(live)
        })
    }
}

fn is_wanted(wanted: &Wanted, record: &RunRecord) -> bool {
    let queue = record.dispatch.queue.as_ref();
    queue.is_some_and(|queue| wanted.queues.contains(queue))
        && wanted.flows.contains(&record.flow)
        && (record.started.is_none() || !wanted.not_of_builds.contains(&record.build))
}

/// What is in the queue, in the order in which it is due.
fn due_first(runs: &Runs, wanted: &Wanted) -> Vec<(Micros, RunId)> {
    let in_order = runs.newest_first().collect::<Vec<&Run>>().into_iter().rev();
    let mut due: Vec<_> = in_order
        .filter(|run| is_wanted(wanted, &run.record))
        .filter_map(|run| Some((run.record.due?, run.record.id)))
        .collect();
    due.sort_by_key(|(due, _)| *due);
    due
}

fn claim_all(
    runs: &mut Runs,
    chosen: &[RunId],
    owner: ProcessId,
    now: Micros,
) -> Result<Vec<RunRecord>, super::super::Error> {
    let mut claimed = Vec::with_capacity(chosen.len());
    for id in chosen {
        runs.tickets.leave_run(*id);
        let run = runs.get_mut(*id)?;
        let after_crash = run.record.owner.is_some() && run.record.state.is_at_work();
        claimed.extend(run.claim(run.record.epoch, after_crash, owner, now)?);
    }
    Ok(claimed)
}
