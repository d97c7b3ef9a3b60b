//! The runs of a memory store, and what happens to a run as a whole.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::convert::Infallible;

use super::super::naming::{free_name, id_range};
use super::super::queue::WorkerRecord;
use super::super::{
    Ending, Error, FOUND_AT_MOST, Imported, Process, Reopening, RunFilter, SecretRecord,
    check_reopenable, due_after, taken,
};
use super::cache::Cache;
use super::deployments::Shelf;
use super::inside::Inside;
use super::kept::Kept;
use super::notices::Outbox;
use super::tickets::Tickets;
use crate::model::backfill::BackfillRecord;
use crate::model::dispatch::Dispatch;
use crate::model::ids::{ProcessId, RunId};
use crate::model::payload::Payload;
use crate::model::record::{Entry, LogLine, Micros, NewRun, RunRecord, SignalRecord};
use crate::model::state::RunState;

/// All runs by their serial number, which tells which was created first.
#[derive(Debug, Default)]
pub(super) struct Runs {
    by_serial: BTreeMap<u64, Run>,
    serials: HashMap<RunId, u64>,
    names: HashSet<String>,
    by_key: HashMap<(String, String), RunId>,
    by_slot: HashMap<SlotKey, RunId>,
    pub workers: BTreeMap<ProcessId, WorkerRecord>,
    next_serial: u64,
    next_line: i64,
    /// How often a run was, or may have been, changed.
    pub changes: u64,
    pub flows: BTreeSet<String>,
    pub tickets: Tickets,
    pub kept: Kept,
    pub secrets: BTreeMap<String, SecretRecord>,
    pub cache: Cache,
    pub shelf: Shelf,
    /// Notices that are to be sent, or were.
    pub outbox: Outbox,
    pub backfills: Vec<BackfillRecord>,
}

/// Deployment, schedule and time.
type SlotKey = (Option<String>, String, Micros);

/// One run.
#[derive(Debug)]
pub(super) struct Run {
    pub record: RunRecord,
    pub inside: Inside,
    pub imported: Option<Imported>,
}

impl Runs {
    pub fn get(&self, id: RunId) -> Result<&Run, Error> {
        self.serials
            .get(&id)
            .and_then(|serial| self.by_serial.get(serial))
            .ok_or(Error::NoSuchRun(id))
    }

    pub fn get_mut(&mut self, id: RunId) -> Result<&mut Run, Error> {
        self.changes += 1;
        self.serials
            .get(&id)
            .and_then(|serial| self.by_serial.get_mut(serial))
            .ok_or(Error::NoSuchRun(id))
    }

    pub fn create(&mut self, new: NewRun) -> Result<RunRecord, Error> {
        self.changes += 1;
        let key = new
            .idempotency_key
            .clone()
            .map(|key| (new.flow.clone(), key));
        let earlier = key.as_ref().and_then(|key| self.by_key.get(key)).copied();
        let slot = slot_key(&new.dispatch);
        let filled = slot
            .as_ref()
            .and_then(|slot| self.by_slot.get(slot))
            .copied();
        for id in [Some(new.id), earlier, filled].into_iter().flatten() {
            if let Ok(run) = self.get(id) {
                return Ok(run.record.clone());
            }
        }
        let mut inside = Inside::default();
        let steps: Vec<_> = new.steps.iter().cloned().map(Entry::Step).collect();
        inside.check(&steps)?;
        inside.write(steps);
        let record = new.accept(self.free_name(&new.name));
        if let Some(key) = key {
            self.by_key.insert(key, record.id);
        }
        if let Some(slot) = slot {
            self.by_slot.insert(slot, record.id);
        }
        let answer = record.clone();
        self.add(Run {
            record,
            inside,
            imported: None,
        });
        Ok(answer)
    }

    /// Accepts the run in which one that has just ended goes on.
    pub fn go_on(&mut self, ended: RunId, successor: NewRun) -> Result<RunRecord, Error> {
        let ended = self.get(ended)?;
        let (cancel, signals) = (ended.record.cancel_requested, ended.inside.unconsumed());
        let id = self.create(successor)?.id;
        let run = self.get_mut(id)?;
        run.record.cancel_requested = run.record.cancel_requested.or(cancel);
        for (key, signal) in signals {
            run.inside
                .add_signal(key, |seq| SignalRecord { seq, ..signal });
        }
        Ok(run.record.clone())
    }

    /// Adds a run whose name is free.
    pub fn add(&mut self, run: Run) {
        self.names.insert(run.record.name.clone());
        self.serials.insert(run.record.id, self.next_serial);
        self.by_serial.insert(self.next_serial, run);
        self.next_serial += 1;
    }

    /// A name that no run has yet.
    pub fn free_name(&self, base: &str) -> String {
        let Ok(name) = free_name(base, |name| Ok::<_, Infallible>(self.names.contains(name)));
        name
    }

    pub fn find(&self, reference: &str) -> Vec<RunRecord> {
        let range = id_range(reference);
        let fits = |run: &&Run| {
            run.record.name == reference
                || range.is_some_and(|(low, high)| (low..=high).contains(&run.record.id.0))
        };
        let (named, others): (Vec<&Run>, _) = self
            .newest_first()
            .filter(fits)
            .partition(|run| run.record.name == reference);
        let mut others: Vec<&Run> = others;
        others.sort_by_key(|run| std::cmp::Reverse(run.record.id));
        others.truncate(FOUND_AT_MOST);
        let found: HashSet<RunId> = named
            .iter()
            .chain(&others)
            .map(|run| run.record.id)
            .collect();
        self.newest_first()
            .filter(|run| found.contains(&run.record.id))
            .take(FOUND_AT_MOST)
            .map(|run| run.record.clone())
            .collect()
    }

    pub fn list(&self, filter: &RunFilter) -> Result<Vec<RunRecord>, Error> {
        let before = match filter.before {
            None => u64::MAX,
            Some(id) => *self.serials.get(&id).ok_or(Error::NoSuchRun(id))?,
        };
        let limit = if filter.limit == 0 {
            usize::MAX
        } else {
            filter.limit
        };
        let fits = |run: &&Run| {
            let record = &run.record;
            filter.flow.as_ref().is_none_or(|flow| *flow == record.flow)
                && (filter.states.is_empty() || filter.states.contains(&record.state))
                && filter
                    .parent
                    .is_none_or(|id| record.parent.as_ref().is_some_and(|parent| parent.0 == id))
                && (filter.deployment.is_none() || filter.deployment == record.dispatch.deployment)
                && (filter.backfill.is_none() || filter.backfill == record.dispatch.backfill)
                && !(filter.roots_only && record.parent.is_some())
                && filter.since.is_none_or(|since| record.created >= since)
                && filter.until.is_none_or(|until| record.created < until)
                && filter.text.as_ref().is_none_or(|text| says(record, text))
        };
        let older = self.by_serial.range(..before).rev().map(|(_, run)| run);
        Ok(older
            .filter(fits)
            .take(limit)
            .map(|run| run.record.clone())
            .collect())
    }

    pub fn request_cancel(&mut self, root: RunId, now: Micros) -> Result<Vec<RunId>, Error> {
        let mut changed = Vec::new();
        for id in self.with_descendants(root)? {
            let run = self.get_mut(id)?;
            if run.request_cancel(now) {
                changed.push(id);
            }
        }
        Ok(changed)
    }

    pub fn delete(&mut self, root: RunId) -> Result<bool, Error> {
        let all = self.with_descendants(root)?;
        for id in &all {
            if !self.get(*id)?.record.state.is_final() {
                return Ok(false);
            }
        }
        for id in all {
            let Some(run) = self
                .serials
                .remove(&id)
                .and_then(|serial| self.by_serial.remove(&serial))
            else {
                continue;
            };
            self.kept.forget(id);
            self.names.remove(&run.record.name);
            if let Some(slot) = slot_key(&run.record.dispatch) {
                self.by_slot.remove(&slot);
            }
            if let Some(key) = run.record.idempotency_key {
                self.by_key.remove(&(run.record.flow, key));
            }
        }
        Ok(true)
    }

    /// Lines of runs that are gone are dropped.
    pub fn append_logs(&mut self, lines: Vec<LogLine>) {
        for line in lines {
            let cursor = self.next_line + 1;
            if let Ok(run) = self.get_mut(line.run) {
                run.inside.log(cursor, line);
                self.next_line = cursor;
            }
        }
    }

    pub fn newest_first(&self) -> impl Iterator<Item = &Run> {
        self.by_serial.values().rev()
    }

    /// The run and all below it, a generation after the other, each in the order of creation.
    pub fn with_descendants(&self, root: RunId) -> Result<Vec<RunId>, Error> {
        self.get(root)?;
        let mut seen = HashSet::from([root]);
        let mut found = vec![root];
        let mut generation = HashSet::from([root]);
        while !generation.is_empty() {
            let is_below = |run: &&Run| {
                let parent = run.record.parent.as_ref();
                parent.is_some_and(|(parent, _)| generation.contains(parent))
            };
            let below = self.by_serial.values().filter(is_below);
            let children: Vec<_> = below
                .map(|run| run.record.id)
                .filter(|id| seen.insert(*id))
                .collect();
            generation = children.iter().copied().collect();
            found.extend(children);
        }
        Ok(found)
    }
}

fn slot_key(dispatch: &Dispatch) -> Option<SlotKey> {
    let slot = dispatch.slot.as_ref()?;
    Some((dispatch.deployment.clone(), slot.schedule.clone(), slot.at))
}

impl Run {
    pub fn check_epoch(&self, epoch: u64) -> Result<(), Error> {
        super::super::check_owned(
            self.record.id,
            epoch,
            self.record.epoch,
            self.record.state,
            self.record.owner.is_some(),
        )
    }

    pub fn write(&mut self, entries: Vec<Entry>) -> Result<(), Error> {
        self.inside.check(&entries)?;
        if entries
            .iter()
            .any(|entry| matches!(entry, Entry::Step(_) | Entry::Reused { .. }))
        {
            self.record.crashes = 0;
        }
        self.inside.write(entries);
        Ok(())
    }

    pub fn claim(
        &mut self,
        seen_epoch: u64,
        after_crash: bool,
        owner: &Process,
        now: Micros,
    ) -> Result<Option<RunRecord>, Error> {
        let record = &mut self.record;
        if record.epoch != seen_epoch {
            return Ok(None);
        }
        if record.state.is_final() {
            return Err(Error::Ended(record.id, record.state));
        }
        record.crashes += u32::from(after_crash);
        Ok(Some(self.take(owner, now)))
    }

    pub fn reopen(
        &mut self,
        seen_epoch: u64,
        changes: Reopening,
        owner: &Process,
        now: Micros,
    ) -> Result<Option<RunRecord>, Error> {
        if self.record.epoch != seen_epoch {
            return Ok(None);
        }
        check_reopenable(self.record.id, self.record.state, &changes)?;
        self.inside.reopen(&changes.redo);
        if let Some(input) = changes.input {
            self.record.input = input;
        }
        self.record.crashes = 0;
        if self.record.state != RunState::Retrying {
            self.record.cancel_requested = None;
        }
        Ok(Some(self.take(owner, now)))
    }

    fn take(&mut self, owner: &Process, now: Micros) -> RunRecord {
        let record = &mut self.record;
        record.epoch += 1;
        record.owner = Some(owner.id);
        if record.started.is_none() && !owner.build.is_empty() {
            record.build.clone_from(&owner.build);
        }
        record.due = None;
        record.state = taken(record.state);
        record.started.get_or_insert(now);
        (record.finished, record.output, record.error) = (None, None, None);
        record.clone()
    }

    pub fn end(&mut self, ending: Ending) {
        let record = &mut self.record;
        record.state = ending.state;
        record.owner = None;
        record.due = due_after(&ending, record.dispatch.queue.is_some());
        record.finished = Some(ending.at);
        record.output = ending.output;
        record.error = ending.error;
        if ending.state != RunState::Interrupted {
            self.inside.drop_waits();
        }
    }

    fn request_cancel(&mut self, now: Micros) -> bool {
        if self.record.state.is_final() {
            return false;
        }
        let is_first = self.record.cancel_requested.is_none();
        self.record.cancel_requested.get_or_insert(now);
        if self.record.owner.is_some() {
            return is_first;
        }
        self.end(Ending {
            state: RunState::Cancelled,
            output: None,
            error: None,
            at: now,
        });
        true
    }

    pub fn send_signal(
        &mut self,
        name: String,
        payload: Payload,
        key: Option<String>,
        now: Micros,
    ) -> Result<u64, Error> {
        if let Some(seq) = key
            .as_ref()
            .and_then(|key| self.inside.signal_with_key(key))
        {
            return Ok(seq);
        }
        if self.record.state.is_final() {
            return Err(Error::Ended(self.record.id, self.record.state));
        }
        let record = &mut self.record;
        let rests = record.state == RunState::Waiting && record.owner.is_none();
        if rests && record.dispatch.queue.is_some() {
            record.due = Some(record.due.map_or(now, |due| due.min(now)));
        }
        Ok(self.inside.add_signal(key, |seq| SignalRecord {
            seq,
            name,
            payload,
            sent: now,
        }))
    }
}

/// The text is a part of the run's name or of one of its flow's.
fn says(record: &RunRecord, text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    [&record.name, &record.flow]
        .into_iter()
        .chain(&record.dispatch.shown)
        .any(|name| name.to_ascii_lowercase().contains(&text))
}
