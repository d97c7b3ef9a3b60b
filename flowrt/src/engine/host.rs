//! What one driven run needs done outside its flow: work, commits, waits.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::attempt::Task;
use super::cache;
use super::child::Children;
use super::driver::Stop;
use super::hooks::Hooks;
use super::signal::Signals;
use super::starter::Queue;
use super::{Shared, attempt, child, crash, patiently, signal, trouble};
use crate::author::core::{Core, Host};
use crate::author::meta::{Kind, Meta};
use crate::author::slot::{Asked, Finished, Key, Recorded, Work};
use crate::clock::micros;
use crate::error::{Error, Result};
use crate::failpoint::failpoint;
use crate::model::after::Afters;
use crate::model::event::What;
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::{CacheUse, Entry, Journal, Micros, RunRecord, WaitRecord};
use crate::model::state::TaskState;
use crate::store::Durability;

/// What the driver is told.
#[derive(Debug)]
pub(super) enum Message {
    /// Work ended; not recorded yet.
    Finished(Finished),
    /// A step whose commit was under way is recorded.
    Committed(Key, Recorded),
    /// A step has no outcome, because its child run stopped: so does this run.
    Held(Key, Stop),
    /// A commit failed for good.
    Lost(Error),
}

/// The engine's end of one run.
pub(super) struct RunHost {
    pub(super) shared: Arc<Shared>,
    pub(super) run: RunId,
    pub(super) epoch: u64,
    pub(super) messages: UnboundedSender<Message>,
    permits: Arc<Semaphore>,
    blocking: Arc<Semaphore>,
    /// Tasks that wait for a permit of either kind.
    queues: [Queue; 2],
    pub(super) cores: usize,
    /// Failed attempts of earlier drives and when the next one is due.
    attempts: HashMap<String, (u32, Option<Micros>)>,
    /// What they failed with.
    errors: HashMap<String, Vec<Payload>>,
    /// When the waits of earlier drives end: a restart wakes at the same instant.
    dues: HashMap<String, Micros>,
    /// How often the polls of earlier drives asked.
    asks: HashMap<String, u32>,
    /// Child runs that this life of the run has begun.
    begun: HashSet<String>,
    pub(super) signals: Signals,
    pub(super) children: Children,
    /// The process died, and nothing has been recorded since: what begins is noted, so that a loop knows its cause.
    suspicious: AtomicBool,
    /// Told of all that is recorded, if the program's tasks have hooks.
    pub(super) hooks: OnceLock<Hooks>,
    /// How many more attempts the tasks of the run may have after failed ones.
    retries_left: AtomicU32,
    /// How often steps were undone before they are done again now.
    undone: HashMap<String, u32>,
}

impl fmt::Debug for RunHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunHost({})", self.run)
    }
}

impl RunHost {
    pub(super) fn new(
        shared: Arc<Shared>,
        record: &RunRecord,
        concurrency: u32,
        journal: &Journal,
        messages: UnboundedSender<Message>,
    ) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut counted = HashMap::new();
        let mut errors: HashMap<String, Vec<Payload>> = HashMap::new();
        for attempt in &journal.attempts {
            let entry: &mut (u32, Option<Micros>) =
                counted.entry(attempt.step.clone()).or_default();
            if attempt.attempt > entry.0 {
                *entry = (attempt.attempt, attempt.next);
            }
            let of_step = errors.entry(attempt.step.clone()).or_default();
            of_step.push(attempt.error.clone());
        }
        let dues = journal
            .waits
            .iter()
            .filter_map(|wait| Some((wait.step.clone(), wait.due?)))
            .collect();
        let asks = journal
            .waits
            .iter()
            .filter_map(|wait| {
                let asked = wait.detail.get("asked")?.as_u64()?;
                Some((wait.step.clone(), u32::try_from(asked).unwrap_or(u32::MAX)))
            })
            .collect();
        let permits = Arc::new(Semaphore::new(
            usize::try_from(concurrency.max(1)).unwrap_or(1),
        ));
        Self {
            shared,
            run: record.id,
            epoch: record.epoch,
            messages,
            permits,
            blocking: Arc::new(Semaphore::new(cores)),
            queues: Default::default(),
            cores,
            attempts: counted,
            errors,
            dues,
            asks,
            begun: journal
                .waits
                .iter()
                .filter(|wait| wait.kind == "child")
                .map(|wait| wait.step.clone())
                .collect(),
            signals: Signals::of(journal),
            children: Children::of(journal),
            suspicious: AtomicBool::new(record.crashes > 0),
            hooks: OnceLock::new(),
            retries_left: AtomicU32::new(u32::MAX),
            undone: Afters::of(journal).undone_before(),
        }
    }

    /// All tasks of the run together may be tried again so often; what was recorded of failed attempts counts.
    pub(super) fn limit_retries(&self, budget: u32, journal: &Journal) {
        let of_tasks = journal.attempts.iter().filter(|at| !at.step.is_empty());
        let spent = u32::try_from(of_tasks.count()).unwrap_or(u32::MAX);
        self.retries_left
            .store(budget.saturating_sub(spent), Ordering::Relaxed);
    }

    /// Whether one more attempt is left to the run; it is spent then.
    pub(super) fn spends_a_retry(&self) -> bool {
        let spend = |left: u32| match left {
            u32::MAX => Some(left),
            left => left.checked_sub(1),
        };
        let (set, get) = (Ordering::Relaxed, Ordering::Relaxed);
        self.retries_left.fetch_update(set, get, spend).is_ok()
    }

    /// From now on these hooks are told of all that is recorded.
    pub(super) fn watch_outcomes(&self, hooks: Hooks) {
        let _ = self.hooks.set(hooks);
    }

    /// How often that step was done and undone before.
    pub(super) fn undone(&self, step: &str) -> u32 {
        self.undone.get(step).copied().unwrap_or_default()
    }

    pub(super) fn earlier_attempts(&self, step: &str) -> (u32, Option<Micros>) {
        self.attempts.get(step).copied().unwrap_or_default()
    }

    /// The errors of the attempts of earlier drives.
    pub(super) fn earlier_errors(&self, step: &str) -> impl Iterator<Item = Error> {
        let errors = self.errors.get(step).into_iter().flatten();
        errors.map(|error| Error::from_json(error))
    }

    /// A place to run a body: of the run's concurrency, or of the machine's cores for a blocking one.
    pub(super) async fn permit(&self, meta: &Meta) -> Option<OwnedSemaphorePermit> {
        let permits = if meta.task.blocking {
            &self.blocking
        } else {
            &self.permits
        };
        // Mostly there is one, and then no wait needs to be set up.
        if let Ok(permit) = permits.clone().try_acquire_owned() {
            return Some(permit);
        }
        Box::pin(permits.clone().acquire_owned()).await.ok()
    }

    /// The same, for a starter of tasks of either kind.
    pub(super) async fn permit_of(&self, blocking: bool) -> Option<OwnedSemaphorePermit> {
        let permits = if blocking {
            &self.blocking
        } else {
            &self.permits
        };
        permits.clone().acquire_owned().await.ok()
    }

    /// Where tasks wait for such a place.
    pub(super) fn queue(&self, blocking: bool) -> &Queue {
        &self.queues[usize::from(blocking)]
    }

    /// The instant at which a wait of an earlier drive ends.
    pub(super) fn due_of(&self, step: &str) -> Option<Micros> {
        self.dues.get(step).copied()
    }

    /// Whether this life of the run has begun that child run already.
    pub(super) fn has_begun(&self, step: &str) -> bool {
        self.begun.contains(step)
    }

    /// Writes entries down; trouble with the store is waited out, a lost lease is final.
    pub(super) async fn record(&self, entries: Vec<Entry>, durability: Durability) -> Result<()> {
        if self.suspicious.load(Ordering::Relaxed)
            && entries.iter().any(|entry| matches!(entry, Entry::Step(_)))
        {
            self.suspicious.store(false, Ordering::Relaxed);
        }
        let (store, run, epoch) = (&self.shared.store, self.run, self.epoch);
        // A body whose end is recorded has its lines in the store: they are what explains a crash after it.
        if self.shared.logs.holds_lines() {
            self.shared.logs.flush().await;
        }
        failpoint("engine::before_record");
        let watched;
        let recorded = if store.is_always_there() {
            // Nobody needs what was written, unless somebody watches.
            let is_watched = self.shared.events.is_watched() || self.hooks.get().is_some();
            watched = is_watched.then(|| entries.clone());
            store.record(run, epoch, entries, durability).await
        } else {
            let recorded =
                patiently(|| store.record(run, epoch, entries.clone(), durability)).await;
            watched = Some(entries);
            recorded
        };
        failpoint("engine::after_record");
        recorded.map_err(trouble)?;
        if let Some(entries) = watched {
            self.shared.events.recorded(run, &entries);
            if let Some(hooks) = self.hooks.get() {
                hooks.recorded(&entries);
            }
        }
        Ok(())
    }

    /// Writes down that a step waits. Returns only if that is recorded; else the run is lost.
    pub(super) async fn note_wait(&self, wait: WaitRecord) {
        let durability = if wait.due.is_some() {
            Durability::Synced
        } else {
            Durability::Soon
        };
        self.note(wait, durability).await;
    }

    /// Writes down that a step waits, on the disk. Returns only then; else the run is lost.
    pub(super) async fn note_synced(&self, wait: WaitRecord) {
        self.note(wait, Durability::Synced).await;
    }

    /// Writes down that a step does not wait any more. Returns only if that is recorded; else the run is lost.
    pub(super) async fn note_over(&self, step: String) {
        self.note_entry(Entry::WaitOver(step), Durability::Soon)
            .await;
    }

    async fn note(&self, wait: WaitRecord, durability: Durability) {
        self.note_entry(Entry::Wait(wait), durability).await;
    }

    async fn note_entry(&self, entry: Entry, durability: Durability) {
        if let Err(error) = self.record(vec![entry], durability).await {
            let _ = self.messages.send(Message::Lost(error));
            std::future::pending::<()>().await;
        }
    }

    /// Tells those who watch that a body begins, and writes it down if the run is under suspicion of killing its process.
    pub(super) async fn note_start(
        &self,
        step: &Arc<str>,
        (task, attempt): (&'static str, u32),
        label: impl FnOnce() -> Option<Arc<str>>,
    ) {
        self.shared.events.tell(self.run, || What::Started {
            step: step.clone(),
            task,
            attempt,
            label: label(),
        });
        if self.suspicious.load(Ordering::Relaxed) {
            Box::pin(self.note_suspicious(step)).await;
        }
    }

    /// What is on record of a body that has begun is not true of this one any more.
    pub(super) async fn did_not_begin(&self, step: &Arc<str>, meta: &Meta) {
        if meta.task.park || self.suspicious.load(Ordering::Relaxed) {
            Box::pin(self.note_over(step.to_string())).await;
        }
    }

    async fn note_suspicious(&self, step: &Arc<str>) {
        let wait = WaitRecord {
            step: step.to_string(),
            kind: crash::UNDER_WAY.to_owned(),
            due: None,
            detail: serde_json::Value::Null,
        };
        self.note_wait(wait).await;
    }
}

pub(super) fn finished(
    key: Key,
    state: TaskState,
    output: Payload,
    started: Micros,
    core: &Core,
    signal: Option<u64>,
) -> Finished {
    let recorded = Recorded { state, output };
    Finished {
        key,
        recorded,
        attempts: 1,
        started,
        ended: core.clock.now(),
        fingerprint: 0,
        signal,
        reused_from: None,
        synced: true,
    }
}

async fn sleep(host: Arc<RunHost>, core: Arc<Core>, key: Key, until: Micros) -> Finished {
    let started = core.clock.now();
    let step = core.step_id(key).to_string();
    let known = host.due_of(&step);
    let until = known.unwrap_or(until);
    if known.is_none() {
        // The instant is recorded before anything else begins, so that a restart wakes at the same one.
        let wait = WaitRecord {
            step,
            kind: "sleep".to_owned(),
            due: Some(until),
            detail: serde_json::Value::Null,
        };
        host.note_wait(wait).await;
    }
    core.clock.sleep_until(until).await;
    let nothing = Payload::null();
    finished(key, TaskState::Completed, nothing, started, &core, None)
}

/// A wait whose instant is recorded before anything else begins.
async fn wait_until(
    host: Arc<RunHost>,
    core: Arc<Core>,
    key: Key,
    wait: WaitRecord,
    until: Micros,
) -> Finished {
    let started = core.clock.now();
    host.note_wait(wait).await;
    core.clock.sleep_until(until).await;
    let nothing = Payload::null();
    finished(key, TaskState::Completed, nothing, started, &core, None)
}

/// The host as the author's side sees it: shared, because work outlives a poll.
#[derive(Debug)]
pub(super) struct Handle(pub(super) Arc<RunHost>);

impl Host for Handle {
    fn execute(&self, core: &Arc<Core>, key: Key, work: Work) -> BoxFuture<'static, Finished> {
        let (host, core) = (self.0.clone(), core.clone());
        match work {
            Work::Call {
                meta,
                input,
                options,
            } if meta.kind == Kind::Task => {
                let task = Task {
                    meta,
                    input,
                    options,
                };
                // A poll asks anew each time.
                let uses = |_: &_| core.facts.cache != CacheUse::Off && !core.is_part(key);
                match meta.task.cache.filter(uses) {
                    Some(keeps) => Box::pin(cache::run_task(host, core, key, task, keeps)),
                    None => Box::pin(attempt::run_task(host, core, key, task, None)),
                }
            }
            Work::Call { meta, input, .. } => {
                Box::pin(child::run_child(host, core, key, meta, input))
            }
            Work::Sleep { until } => Box::pin(sleep(host, core, key, until)),
            Work::Pause { of, asked, until } => {
                let wait = WaitRecord {
                    step: core.step_id(of).to_string(),
                    kind: "poll".to_owned(),
                    due: Some(until),
                    detail: serde_json::json!({ "asked": asked }),
                };
                Box::pin(wait_until(host, core, key, wait, until))
            }
            Work::Receive {
                name,
                timeout,
                schema,
            } => Box::pin(async move {
                let until = timeout.map(|timeout| core.clock.now().saturating_add(micros(timeout)));
                signal::wait_for_signal(host, core, key, name, until, schema).await
            }),
        }
    }

    fn spawn(&self, core: &Arc<Core>, key: Key, work: BoxFuture<'static, Finished>) {
        let messages = self.0.messages.clone();
        let task = tokio::spawn(async move {
            let _ = messages.send(Message::Finished(work.await));
        });
        core.set_abort(key, task.abort_handle());
    }

    fn asked(&self, step: &str) -> Asked {
        Asked {
            asks: self.0.asks.get(step).copied().unwrap_or_default(),
            due: self.0.dues.get(step).copied(),
        }
    }

    fn commit(
        &self,
        _core: &Arc<Core>,
        entries: Vec<Entry>,
        synced: bool,
    ) -> BoxFuture<'static, Result<()>> {
        let host = self.0.clone();
        let durability = if synced {
            Durability::Synced
        } else {
            Durability::Soon
        };
        Box::pin(async move { host.record(entries, durability).await })
    }

    fn fanned_out(&self, items: u64, step: &dyn Fn() -> Arc<str>) {
        let what = || What::FannedOut {
            step: step(),
            items,
        };
        self.0.shared.events.tell(self.0.run, what);
    }

    fn spawn_commit(
        &self,
        _core: &Arc<Core>,
        key: Key,
        recorded: Recorded,
        commit: BoxFuture<'static, Result<()>>,
    ) {
        let messages = self.0.messages.clone();
        tokio::spawn(async move {
            let message = match commit.await {
                Ok(()) => Message::Committed(key, recorded),
                Err(error) => Message::Lost(error),
            };
            let _ = messages.send(message);
        });
    }
}
