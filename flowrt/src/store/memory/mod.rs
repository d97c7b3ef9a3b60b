//! A store that keeps nothing beyond the process: for tests and throw-away runs, and the reference for the others.

mod backfills;
mod cache;
mod care;
mod deployments;
mod due;
mod inside;
mod kept;
mod looks;
mod notices;
mod open;
mod publications;
mod runs;
mod secrets;
mod tickets;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::apart::Apart;
use super::cache::{CacheEntry, CacheFilter, Kept};
use super::limits::{PayloadLimit, check_artifacts};
use super::tickets::{BucketRecord, Turned, Turns};
use super::{
    Answer, Copied, Durability, Ending, Error, Import, Imported, LogFilter, Process, Reopening,
    RunFilter, SecretRecord, Store, Usage, continued,
};
use crate::model::ids::{ProcessId, RunId};
use crate::model::limit::Rule;
use crate::model::payload::{Digest, Payload};
use crate::model::record::{
    Entry, Journal, LogLine, Micros, NewRun, RunRecord, SignalRecord, TaskCounts,
};
use crate::model::state::RunState;
use runs::Runs;

/// The store `memory:`.
#[derive(Debug)]
pub struct Memory {
    process: Process,
    limit: PayloadLimit,
    artifacts_max: u64,
    artifact_bytes_max: usize,
    runs: Arc<Mutex<Option<Runs>>>,
}

impl Store for Memory {
    fn url(&self) -> String {
        "memory:".to_owned()
    }

    fn process(&self) -> ProcessId {
        self.process.id
    }

    fn is_always_there(&self) -> bool {
        true
    }

    fn is_alive(&self, process: ProcessId) -> bool {
        process == self.process.id
    }

    fn create_run(&self, mut run: NewRun) -> Answer<'_, RunRecord> {
        self.answer(move |runs| {
            self.limit.check_run(&run)?;
            let mut apart = Apart::default();
            apart.take_run(&mut run);
            let record = runs.create(run)?;
            runs.kept.hold(record.id, apart);
            Ok(record)
        })
    }

    fn run(&self, id: RunId) -> Answer<'_, Option<RunRecord>> {
        self.answer(move |runs| Ok(runs.get(id).map(|run| run.record.clone()).ok()))
    }

    fn find_runs(&self, reference: String) -> Answer<'_, Vec<RunRecord>> {
        self.answer(move |runs| Ok(runs.find(&reference)))
    }

    fn list_runs(&self, filter: RunFilter) -> Answer<'_, Vec<RunRecord>> {
        self.answer(move |runs| runs.list(&filter))
    }

    fn task_counts(&self, ids: Vec<RunId>) -> Answer<'_, Vec<TaskCounts>> {
        self.answer(move |runs| {
            Ok(ids
                .iter()
                .map(|id| {
                    runs.get(*id)
                        .map(|run| run.inside.counts())
                        .unwrap_or_default()
                })
                .collect())
        })
    }

    fn claim(
        &self,
        run: RunId,
        seen_epoch: u64,
        after_crash: bool,
        now: Micros,
    ) -> Answer<'_, Option<RunRecord>> {
        self.answer(move |runs| {
            runs.tickets.leave_run(run);
            runs.get_mut(run)?
                .claim(seen_epoch, after_crash, &self.process, now)
        })
    }

    fn reopen(
        &self,
        run: RunId,
        seen_epoch: u64,
        mut changes: Reopening,
        now: Micros,
    ) -> Answer<'_, Option<RunRecord>> {
        self.answer(move |runs| {
            self.limit.check_reopening(&changes)?;
            let mut apart = Apart::default();
            apart.take_reopening(&mut changes);
            runs.get(run)?;
            runs.kept.hold(run, apart);
            runs.tickets.leave_run(run);
            runs.get_mut(run)?
                .reopen(seen_epoch, changes, &self.process, now)
        })
    }

    fn journal(&self, run: RunId) -> Answer<'_, Journal> {
        self.answer(move |runs| Ok(runs.get(run)?.inside.journal()))
    }

    fn record(
        &self,
        run: RunId,
        epoch: u64,
        mut entries: Vec<Entry>,
        _durability: Durability,
    ) -> Answer<'_, ()> {
        self.answer(move |runs| {
            self.limit.check_entries(&entries)?;
            let there = runs.get(run)?;
            there.check_epoch(epoch)?;
            there.inside.check(&entries)?;
            let mut apart = Apart::default();
            apart.take_entries(&mut entries);
            runs.kept.hold(run, apart);
            runs.kept.mark_failed(run, &entries);
            runs.get_mut(run)?.write(entries)
        })
    }

    fn set_state(
        &self,
        run: RunId,
        epoch: u64,
        state: RunState,
        attempt: u32,
        _durability: Durability,
    ) -> Answer<'_, ()> {
        self.answer(move |runs| {
            let run = runs.get_mut(run)?;
            run.check_epoch(epoch)?;
            let state = super::check_going_on(state)?;
            super::check_transition(run.record.id, run.record.state, state)?;
            run.record.state = state;
            run.record.attempt = attempt;
            Ok(())
        })
    }

    fn finish(
        &self,
        run: RunId,
        epoch: u64,
        mut entries: Vec<Entry>,
        mut ending: Ending,
    ) -> Answer<'_, ()> {
        self.answer(move |runs| {
            self.limit.check_entries(&entries)?;
            self.limit.check_ending(&ending)?;
            super::check_ending(ending.state)?;
            let mut apart = Apart::default();
            apart.take_entries(&mut entries);
            apart.take_ending(&mut ending);
            let run = runs.get_mut(run)?;
            run.check_epoch(epoch)?;
            super::check_transition(run.record.id, run.record.state, ending.state)?;
            let id = run.record.id;
            run.write(entries.clone())?;
            run.end(ending);
            runs.kept.hold(id, apart);
            runs.kept.mark_failed(id, &entries);
            runs.tickets.leave_run(id);
            Ok(())
        })
    }

    fn continue_run(
        &self,
        run: RunId,
        epoch: u64,
        mut entries: Vec<Entry>,
        mut successor: NewRun,
        at: Micros,
    ) -> Answer<'_, RunRecord> {
        self.answer(move |runs| {
            self.limit.check_entries(&entries)?;
            self.limit.check_run(&successor)?;
            let mut apart = Apart::default();
            apart.take_entries(&mut entries);
            apart.take_run(&mut successor);
            let ending = continued(at);
            let run = runs.get_mut(run)?;
            run.check_epoch(epoch)?;
            super::check_transition(run.record.id, run.record.state, ending.state)?;
            run.write(entries)?;
            run.end(ending);
            let id = run.record.id;
            runs.tickets.leave_run(id);
            runs.kept.hold(id, apart.clone());
            let next = runs.go_on(id, successor)?;
            runs.kept.hold(next.id, apart);
            Ok(next)
        })
    }

    fn request_cancel(&self, run: RunId, now: Micros) -> Answer<'_, Vec<RunId>> {
        self.answer(move |runs| runs.request_cancel(run, now))
    }

    fn send_signal(
        &self,
        run: RunId,
        name: String,
        payload: Payload,
        key: Option<String>,
        now: Micros,
    ) -> Answer<'_, u64> {
        self.answer(move |runs| {
            self.limit
                .check(&payload, || format!("the signal {name}"))?;
            let mut payload = payload;
            let mut apart = Apart::default();
            apart.take(&mut payload);
            runs.get(run)?;
            runs.kept.hold(run, apart);
            runs.get_mut(run)?.send_signal(name, payload, key, now)
        })
    }

    fn signals(&self, run: RunId, from: u64) -> Answer<'_, Vec<SignalRecord>> {
        self.answer(move |runs| Ok(runs.get(run)?.inside.signals_from(from)))
    }

    fn append_logs(&self, lines: Vec<LogLine>) -> Answer<'_, ()> {
        self.answer(move |runs| {
            runs.append_logs(lines);
            Ok(())
        })
    }

    fn logs(&self, run: RunId, filter: LogFilter) -> Answer<'_, Vec<(i64, LogLine)>> {
        self.answer(move |runs| Ok(runs.get(run)?.inside.logs(&filter)))
    }

    fn delete_run(&self, run: RunId) -> Answer<'_, bool> {
        self.answer(move |runs| runs.delete(run))
    }

    fn sweep(&self) -> Answer<'_, ()> {
        self.answer(|_| Ok(()))
    }

    fn shrink(&self) -> Answer<'_, u64> {
        self.answer(|_| Ok(0))
    }

    fn family(&self, run: RunId) -> Answer<'_, Vec<(RunRecord, Journal)>> {
        self.answer(move |runs| runs.family(run))
    }

    fn import(&self, import: Import) -> Answer<'_, bool> {
        self.answer(move |runs| {
            let (most, limit) = (self.artifacts_max, self.artifact_bytes_max);
            for run in &import.runs {
                self.limit.check_whole(run)?;
                check_artifacts(run, most, limit)?;
            }
            runs.import(import)
        })
    }

    fn imported(&self, run: RunId) -> Answer<'_, Option<Imported>> {
        self.answer(move |runs| Ok(runs.get(run)?.imported.clone()))
    }

    fn usage(&self, largest: usize) -> Answer<'_, Usage> {
        self.answer(move |runs| Ok(runs.usage(largest)))
    }

    fn back_up(&self, _to: PathBuf) -> Answer<'_, Copied> {
        self.answer(|_| {
            Err(Error::Unusable {
                message: "memory: keeps nothing that could be copied to a file".into(),
                hint: "name the store: --store sqlite:PATH".into(),
            })
        })
    }

    fn processes(&self) -> Answer<'_, Vec<Process>> {
        self.answer(|_| Ok(vec![self.process.clone()]))
    }

    fn remember_flows(&self, flows: Vec<String>) -> Answer<'_, Vec<String>> {
        self.answer(move |runs| {
            runs.flows.extend(flows);
            Ok(runs.flows.iter().cloned().collect())
        })
    }

    fn take_turns(&self, turns: Turns) -> Answer<'_, Turned> {
        self.answer(move |runs| Ok(runs.tickets.take_turns(turns, self.process.id)))
    }

    fn buckets(&self, name: Option<String>) -> Answer<'_, Vec<BucketRecord>> {
        self.answer(move |runs| Ok(runs.tickets.list(name.as_deref())))
    }

    fn limit_rules(&self) -> Answer<'_, Vec<(String, Rule)>> {
        self.answer(|runs| Ok(runs.tickets.rules()))
    }

    fn set_limit(&self, name: String, rule: Option<Rule>) -> Answer<'_, ()> {
        self.answer(move |runs| {
            runs.tickets.set_rule(name, rule);
            Ok(())
        })
    }

    fn reset_limit(&self, name: String) -> Answer<'_, ()> {
        self.answer(move |runs| {
            runs.tickets.reset(&name);
            Ok(())
        })
    }

    fn kept(&self, key: Digest, now: Micros) -> Answer<'_, Option<Kept>> {
        self.answer(move |runs| {
            let found = runs.cache.kept(key, now);
            Ok(found.filter(|found| runs.kept.has_all(&found.output)))
        })
    }

    fn keep(&self, result: Kept) -> Answer<'_, ()> {
        self.answer(move |runs| {
            self.limit.check_kept(&result)?;
            runs.cache.keep(result);
            Ok(())
        })
    }

    fn cache_entries(&self, filter: CacheFilter) -> Answer<'_, Vec<CacheEntry>> {
        self.answer(move |runs| Ok(runs.cache.entries(&filter)))
    }

    fn clear_cache(&self, filter: CacheFilter) -> Answer<'_, u64> {
        self.answer(move |runs| Ok(runs.cache.clear(&filter)))
    }

    fn secret(&self, name: String) -> Answer<'_, Option<SecretRecord>> {
        self.answer(move |runs| Ok(runs.secrets.get(&name).cloned()))
    }

    fn secrets(&self) -> Answer<'_, Vec<SecretRecord>> {
        self.answer(|runs| Ok(runs.secrets.values().cloned().collect()))
    }

    fn set_secret(&self, secret: SecretRecord) -> Answer<'_, ()> {
        self.answer(move |runs| {
            runs.secrets.insert(secret.name.clone(), secret);
            Ok(())
        })
    }

    fn reseal_secrets(&self, changes: Vec<(SecretRecord, SecretRecord)>) -> Answer<'_, u64> {
        self.answer(move |runs| Ok(runs.reseal_secrets(changes)))
    }

    fn remove_secret(&self, name: String) -> Answer<'_, bool> {
        self.answer(move |runs| Ok(runs.secrets.remove(&name).is_some()))
    }

    fn sync(&self) -> Answer<'_, ()> {
        self.answer(|_| Ok(()))
    }

    fn version(&self) -> Answer<'_, u64> {
        self.answer(|_| Ok(0))
    }

    fn changes(&self) -> Answer<'_, u64> {
        self.answer(|runs| Ok(runs.changes))
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
            runs.take().map(drop).ok_or(Error::Closed)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{contract, sample};
    use super::Memory;

    #[tokio::test]
    async fn keeps_the_contract() {
        contract::check_all(|| (Memory::open(sample::options(1)), ())).await;
    }
}
