//! A store whose process dies at a chosen write: that write happens or not, and nothing after it does.

mod backfills;
mod deployments;
mod looks;
mod notices;
mod publications;
mod queue;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::model::ids::{ProcessId, RunId};
use crate::model::limit::Rule;
use crate::model::payload::{Digest, Payload};
use crate::model::record::{
    Entry, Journal, LogLine, Micros, NewRun, RunRecord, SignalRecord, StepKind, TaskCounts,
};
use crate::model::state::RunState;
use crate::store::cache::{CacheEntry, CacheFilter, Kept};
use crate::store::memory::Memory;
use crate::store::tickets::{BucketRecord, Turned, Turns};
use crate::store::{
    Answer, Copied, Durability, Ending, Error, Import, Imported, LogFilter, Process, Reopening,
    RunFilter, SecretRecord, Store, Usage,
};

/// Where the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At the record of the n-th step, counted from 1.
    Step(usize),
    /// At the n-th write of any kind, counted from 1.
    Write(usize),
}

/// Where, and whether that write still happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Death {
    pub(super) at: Place,
    pub(super) written: bool,
}

/// Whether the process lives; shared with what begins bodies.
#[derive(Debug, Default)]
pub(super) struct Life {
    dead: AtomicBool,
    died: Notify,
}

impl Life {
    pub(super) fn is_over(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    fn end(&self) {
        self.dead.store(true, Ordering::Release);
        self.died.notify_waiters();
    }

    pub(super) async fn over(&self) {
        let died = self.died.notified();
        if !self.is_over() {
            died.await;
        }
    }
}

/// One process's handle of a memory store.
#[derive(Debug)]
pub(super) struct Dying {
    pub(super) runs: Memory,
    pub(super) life: Arc<Life>,
    plan: Mutex<Plan>,
}

#[derive(Debug, Default)]
struct Plan {
    death: Option<Death>,
    writes: usize,
    steps: usize,
}

/// What becomes of a write.
enum Fate {
    Lives,
    DiesBefore,
    DiesAfter,
}

impl Dying {
    pub(super) fn new(runs: Memory) -> Self {
        Self {
            runs,
            life: Arc::default(),
            plan: Mutex::default(),
        }
    }

    pub(super) fn die(&self, death: Death) {
        self.plan().death = Some(death);
    }

    /// How many writes there were: equal numbers mean that nothing has changed.
    pub(super) fn writes(&self) -> usize {
        self.plan().writes
    }

    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fate(&self, steps: usize) -> Fate {
        let mut plan = self.plan();
        let before = plan.steps;
        plan.writes += 1;
        plan.steps += steps;
        match plan.death {
            Some(death) if death.at.is_hit(plan.writes, before, plan.steps) => {
                if death.written {
                    Fate::DiesAfter
                } else {
                    Fate::DiesBefore
                }
            }
            _ => Fate::Lives,
        }
    }

    fn write<'a, T: Send + 'a>(&'a self, steps: usize, write: Answer<'a, T>) -> Answer<'a, T> {
        Box::pin(async move {
            if self.life.is_over() {
                return Err(Error::Closed);
            }
            let fate = self.fate(steps);
            if matches!(fate, Fate::DiesBefore) {
                self.life.end();
                return Err(Error::Closed);
            }
            let answer = write.await;
            if matches!(fate, Fate::DiesAfter) {
                self.life.end();
                return Err(Error::Closed);
            }
            answer
        })
    }

    fn read<'a, T: Send + 'a>(&'a self, read: Answer<'a, T>) -> Answer<'a, T> {
        Box::pin(async move {
            if self.life.is_over() {
                return Err(Error::Closed);
            }
            read.await
        })
    }
}

impl Place {
    fn is_hit(self, write: usize, steps_before: usize, steps_after: usize) -> bool {
        match self {
            Self::Write(n) => write == n,
            Self::Step(n) => steps_before < n && n <= steps_after,
        }
    }
}

/// A drawn instant is no step that anybody would count.
fn steps_in(entries: &[Entry]) -> usize {
    let is_step = |entry: &&Entry| matches!(entry, Entry::Step(step) if step.kind != StepKind::Now);
    entries.iter().filter(is_step).count()
}

impl Store for Dying {
    fn url(&self) -> String {
        self.runs.url()
    }
    fn process(&self) -> ProcessId {
        self.runs.process()
    }
    fn is_alive(&self, process: ProcessId) -> bool {
        self.runs.is_alive(process)
    }
    fn create_run(&self, run: NewRun) -> Answer<'_, RunRecord> {
        self.write(0, self.runs.create_run(run))
    }
    fn run(&self, id: RunId) -> Answer<'_, Option<RunRecord>> {
        self.read(self.runs.run(id))
    }
    fn find_runs(&self, reference: String) -> Answer<'_, Vec<RunRecord>> {
        self.read(self.runs.find_runs(reference))
    }
    fn list_runs(&self, filter: RunFilter) -> Answer<'_, Vec<RunRecord>> {
        self.read(self.runs.list_runs(filter))
    }
    fn task_counts(&self, runs: Vec<RunId>) -> Answer<'_, Vec<TaskCounts>> {
        self.read(self.runs.task_counts(runs))
    }
    fn claim(
        &self,
        run: RunId,
        seen_epoch: u64,
        after_crash: bool,
        now: Micros,
    ) -> Answer<'_, Option<RunRecord>> {
        self.write(0, self.runs.claim(run, seen_epoch, after_crash, now))
    }
    fn reopen(
        &self,
        run: RunId,
        seen_epoch: u64,
        changes: Reopening,
        now: Micros,
    ) -> Answer<'_, Option<RunRecord>> {
        self.write(0, self.runs.reopen(run, seen_epoch, changes, now))
    }
    fn journal(&self, run: RunId) -> Answer<'_, Journal> {
        self.read(self.runs.journal(run))
    }
    fn record(
        &self,
        run: RunId,
        epoch: u64,
        entries: Vec<Entry>,
        durability: Durability,
    ) -> Answer<'_, ()> {
        let steps = steps_in(&entries);
        self.write(steps, self.runs.record(run, epoch, entries, durability))
    }
    fn set_state(
        &self,
        run: RunId,
        epoch: u64,
        state: RunState,
        attempt: u32,
        durability: Durability,
    ) -> Answer<'_, ()> {
        self.write(
            0,
            self.runs.set_state(run, epoch, state, attempt, durability),
        )
    }
    fn finish(
        &self,
        run: RunId,
        epoch: u64,
        entries: Vec<Entry>,
        ending: Ending,
    ) -> Answer<'_, ()> {
        let steps = steps_in(&entries);
        self.write(steps, self.runs.finish(run, epoch, entries, ending))
    }
    fn request_cancel(&self, run: RunId, now: Micros) -> Answer<'_, Vec<RunId>> {
        self.read(self.runs.request_cancel(run, now))
    }
    fn send_signal(
        &self,
        run: RunId,
        name: String,
        payload: Payload,
        key: Option<String>,
        now: Micros,
    ) -> Answer<'_, u64> {
        self.read(self.runs.send_signal(run, name, payload, key, now))
    }
    fn signals(&self, run: RunId, from: u64) -> Answer<'_, Vec<SignalRecord>> {
        self.read(self.runs.signals(run, from))
    }
    fn append_logs(&self, lines: Vec<LogLine>) -> Answer<'_, ()> {
        self.read(self.runs.append_logs(lines))
    }
    fn logs(&self, run: RunId, filter: LogFilter) -> Answer<'_, Vec<(i64, LogLine)>> {
        self.read(self.runs.logs(run, filter))
    }
    fn delete_run(&self, run: RunId) -> Answer<'_, bool> {
        self.read(self.runs.delete_run(run))
    }
    fn sweep(&self) -> Answer<'_, ()> {
        self.read(self.runs.sweep())
    }
    fn shrink(&self) -> Answer<'_, u64> {
        self.read(self.runs.shrink())
    }
    fn family(&self, run: RunId) -> Answer<'_, Vec<(RunRecord, Journal)>> {
        self.read(self.runs.family(run))
    }
    fn import(&self, import: Import) -> Answer<'_, bool> {
        self.read(self.runs.import(import))
    }
    fn imported(&self, run: RunId) -> Answer<'_, Option<Imported>> {
        self.read(self.runs.imported(run))
    }
    fn usage(&self, largest: usize) -> Answer<'_, Usage> {
        self.read(self.runs.usage(largest))
    }
    fn back_up(&self, to: PathBuf) -> Answer<'_, Copied> {
        self.read(self.runs.back_up(to))
    }
    fn processes(&self) -> Answer<'_, Vec<Process>> {
        self.read(self.runs.processes())
    }
    fn remember_flows(&self, flows: Vec<String>) -> Answer<'_, Vec<String>> {
        self.read(self.runs.remember_flows(flows))
    }
    fn take_turns(&self, turns: Turns) -> Answer<'_, Turned> {
        self.write(0, self.runs.take_turns(turns))
    }
    fn buckets(&self, name: Option<String>) -> Answer<'_, Vec<BucketRecord>> {
        self.read(self.runs.buckets(name))
    }
    fn limit_rules(&self) -> Answer<'_, Vec<(String, Rule)>> {
        self.read(self.runs.limit_rules())
    }
    fn set_limit(&self, name: String, rule: Option<Rule>) -> Answer<'_, ()> {
        self.read(self.runs.set_limit(name, rule))
    }
    fn reset_limit(&self, name: String) -> Answer<'_, ()> {
        self.read(self.runs.reset_limit(name))
    }
    fn continue_run(
        &self,
        run: RunId,
        epoch: u64,
        entries: Vec<Entry>,
        successor: NewRun,
        at: Micros,
    ) -> Answer<'_, RunRecord> {
        let steps = steps_in(&entries);
        self.write(
            steps,
            self.runs.continue_run(run, epoch, entries, successor, at),
        )
    }
    fn kept(&self, key: Digest, now: Micros) -> Answer<'_, Option<Kept>> {
        self.read(self.runs.kept(key, now))
    }
    fn keep(&self, result: Kept) -> Answer<'_, ()> {
        self.write(0, self.runs.keep(result))
    }
    fn cache_entries(&self, filter: CacheFilter) -> Answer<'_, Vec<CacheEntry>> {
        self.read(self.runs.cache_entries(filter))
    }
    fn clear_cache(&self, filter: CacheFilter) -> Answer<'_, u64> {
        self.read(self.runs.clear_cache(filter))
    }
    fn secret(&self, name: String) -> Answer<'_, Option<SecretRecord>> {
        self.read(self.runs.secret(name))
    }
    fn secrets(&self) -> Answer<'_, Vec<SecretRecord>> {
        self.read(self.runs.secrets())
    }
    fn set_secret(&self, secret: SecretRecord) -> Answer<'_, ()> {
        self.read(self.runs.set_secret(secret))
    }
    fn reseal_secrets(&self, changes: Vec<(SecretRecord, SecretRecord)>) -> Answer<'_, u64> {
        self.read(self.runs.reseal_secrets(changes))
    }
    fn remove_secret(&self, name: String) -> Answer<'_, bool> {
        self.read(self.runs.remove_secret(name))
    }
    fn sync(&self) -> Answer<'_, ()> {
        self.read(self.runs.sync())
    }
    fn version(&self) -> Answer<'_, u64> {
        self.read(self.runs.version())
    }
    fn changes(&self) -> Answer<'_, u64> {
        self.read(self.runs.changes())
    }
    fn close(&self) -> Answer<'_, ()> {
        self.read(self.runs.close())
    }
}
