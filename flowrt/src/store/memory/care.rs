//! Runs that come from elsewhere or go there, and what all of them take.

use super::super::apart::Apart;
use super::super::care::entries;
use super::super::{Error, Import, Imported, RunUsage, Usage, Whole};
use super::inside::Inside;
use super::runs::{Run, Runs};
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::{Journal, Micros, RunRecord};

impl Runs {
    pub fn family(&self, root: RunId) -> Result<Vec<(RunRecord, Journal)>, Error> {
        let ids = self.with_descendants(root)?;
        ids.into_iter()
            .map(|id| self.get(id))
            .map(|run| run.map(|run| (run.record.clone(), run.inside.journal())))
            .collect()
    }

    pub fn import(&mut self, import: Import) -> Result<bool, Error> {
        let first = import.runs.first().map(|run| run.record.id);
        if first.is_none_or(|first| self.get(first).is_ok()) {
            return Ok(false);
        }
        // All are read before one is added: none, or all.
        let insides: Vec<_> = import
            .runs
            .iter()
            .map(inside)
            .collect::<Result<_, Error>>()?;
        let mut blobs = Some(import.blobs);
        for (mut run, inside) in import.runs.into_iter().zip(insides) {
            if self.get(run.record.id).is_ok() {
                continue;
            }
            let mut apart = Apart::default();
            let blobs = blobs.take().unwrap_or_default();
            blobs.into_iter().for_each(|blob| apart.add(blob));
            apart.take_whole(&mut run);
            self.kept.hold(run.record.id, apart);
            self.kept.take_in(std::mem::take(&mut run.artifacts));
            self.put(run, inside, import.exported, import.at);
        }
        Ok(true)
    }

    fn put(&mut self, run: Whole, inside: Inside, exported: Micros, at: Micros) {
        let Whole {
            mut record,
            logs,
            definition,
            ..
        } = run;
        record.name = self.free_name(&record.name);
        (record.owner, record.idempotency_key) = (None, None);
        (record.dispatch.queue, record.dispatch.slot, record.due) = (None, None, None);
        record.parent = record
            .parent
            .filter(|(parent, _)| self.get(*parent).is_ok());
        self.add(Run {
            record,
            inside,
            imported: Some(Imported {
                exported,
                at,
                definition,
            }),
        });
        self.append_logs(logs);
    }

    pub fn usage(&self, largest: usize) -> Usage {
        let mut runs: Vec<_> = self.newest_first().map(usage_of).collect();
        let steps = runs.iter().map(|run| run.steps).sum();
        let tables = vec![
            ("run".to_owned(), runs.len() as u64),
            ("step".to_owned(), steps),
        ];
        runs.sort_by_key(|run| std::cmp::Reverse(run.bytes));
        runs.truncate(largest);
        Usage {
            tables,
            largest: runs,
            ..Usage::default()
        }
    }
}

fn inside(run: &Whole) -> Result<Inside, Error> {
    let mut inside = Inside::default();
    let entries = entries(&run.journal);
    inside.check(&entries)?;
    inside.write(entries);
    for signal in &run.journal.signals {
        inside.add_signal(None, |_| signal.clone());
    }
    Ok(inside)
}

fn usage_of(run: &Run) -> RunUsage {
    let record = &run.record;
    let steps = run.inside.journal().steps;
    let of = |payload: &Option<Payload>| payload.as_ref().map_or(0, |payload| payload.len());
    let logged = run.inside.logs(&super::super::LogFilter::default());
    let bytes = record.input.len()
        + of(&record.output)
        + of(&record.error)
        + steps
            .iter()
            .map(|step| of(&step.input) + of(&step.output))
            .sum::<usize>()
        + logged
            .iter()
            .map(|(_, line)| line.message.len())
            .sum::<usize>();
    RunUsage {
        id: record.id,
        name: record.name.clone(),
        flow: record.flow.clone(),
        steps: steps.len() as u64,
        bytes: bytes as u64,
    }
}
