//! What one driven run needs done outside its flow: work, commits, waits.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Shared, attempt, drive, trouble};
use crate::author::core::{Core, Host};
use crate::author::meta::{Kind, Meta};
use crate::author::slot::{Finished, Key, Recorded, Work};
use crate::clock::micros;
use crate::error::{Error, ErrorKind, Result};
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::{Entry, Journal, Micros, SignalRecord, WaitRecord};
use crate::model::state::TaskState;
use crate::store::Durability;

/// What the driver is told.
#[derive(Debug)]
pub(super) enum Message {
    /// Work ended; not recorded yet.
    Finished(Finished),
    /// A step whose commit was under way is recorded.
    Committed(Key, Recorded),
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
    /// Failed attempts of earlier drives and when the next one is due.
    attempts: HashMap<String, (u32, Option<Micros>)>,
    /// When the waits of earlier drives end: a restart wakes at the same instant.
    dues: HashMap<String, Micros>,
}

impl fmt::Debug for RunHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunHost({})", self.run)
    }
}

impl RunHost {
    pub(super) fn new(
        shared: Arc<Shared>,
        run: RunId,
        epoch: u64,
        concurrency: u32,
        journal: &Journal,
        messages: UnboundedSender<Message>,
    ) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut counted = HashMap::new();
        for attempt in &journal.attempts {
            let entry: &mut (u32, Option<Micros>) =
                counted.entry(attempt.step.clone()).or_default();
            if attempt.attempt > entry.0 {
                *entry = (attempt.attempt, attempt.next);
            }
        }
        let dues = journal
            .waits
            .iter()
            .filter_map(|wait| Some((wait.step.clone(), wait.due?)))
            .collect();
        let permits = Arc::new(Semaphore::new(
            usize::try_from(concurrency.max(1)).unwrap_or(1),
        ));
        Self {
            shared,
            run,
            epoch,
            messages,
            permits,
            blocking: Arc::new(Semaphore::new(cores)),
            attempts: counted,
            dues,
        }
    }

    pub(super) fn earlier_attempts(&self, step: &str) -> (u32, Option<Micros>) {
        self.attempts.get(step).copied().unwrap_or_default()
    }

    /// A place to run a body: of the run's concurrency, or of the machine's cores for a blocking one.
    pub(super) async fn permit(&self, meta: &Meta) -> Option<OwnedSemaphorePermit> {
        let permits = if meta.task.blocking {
            &self.blocking
        } else {
            &self.permits
        };
        permits.clone().acquire_owned().await.ok()
    }

    /// Writes entries down; trouble with the store is waited out, a lost lease is final.
    pub(super) async fn record(&self, entries: Vec<Entry>, durability: Durability) -> Result<()> {
        // A body whose end is recorded has its lines in the store: they are what explains a crash after it.
        if self.shared.logs.holds_lines() {
            self.shared.logs.flush().await;
        }
        let mut pause = std::time::Duration::from_millis(20);
        loop {
            match self
                .shared
                .store
                .record(self.run, self.epoch, entries.clone(), durability)
                .await
            {
                Err(error) if error.is_retryable() => {
                    tracing::warn!(%error, "the store is not available; waiting");
                    self.shared.clock.sleep(pause).await;
                    pause = (pause * 2).min(std::time::Duration::from_secs(5));
                }
                Ok(()) => {
                    self.shared.events.recorded(self.run, &entries);
                    return Ok(());
                }
                Err(error) => return Err(trouble(error)),
            }
        }
    }

    async fn wait_for_signal(
        &self,
        core: &Core,
        key: Key,
        name: String,
        until: Option<Micros>,
        schema: serde_json::Value,
    ) -> Finished {
        let started = core.clock.now();
        let step = core.step_id(key).to_string();
        let until = self.dues.get(&step).copied().or(until);
        let detail = serde_json::json!({ "name": name, "schema": schema });
        let wait = WaitRecord {
            step,
            kind: "signal".to_owned(),
            due: until,
            detail,
        };
        let noted = self
            .record(vec![Entry::Wait(wait)], Durability::Synced)
            .await;
        if let Err(error) = noted {
            let _ = self.messages.send(Message::Lost(error));
        }
        loop {
            let changed = self.shared.changed.notified();
            if let Some(signal) = self.take_signal(&name).await {
                return finished(
                    key,
                    TaskState::Completed,
                    signal.payload,
                    started,
                    core,
                    Some(signal.seq),
                );
            }
            if until.is_some_and(|until| core.clock.now() >= until) {
                let error = Error::new(
                    ErrorKind::SignalTimedOut,
                    format!("no signal `{name}` came in time"),
                );
                return finished(
                    key,
                    TaskState::TimedOut,
                    Payload::from_json(error.to_json()),
                    started,
                    core,
                    None,
                );
            }
            // Signals of other processes are seen by asking.
            let ask = core.clock.now() + 200_000;
            let wake = until.map_or(ask, |until| until.min(ask));
            tokio::select! {
                () = changed => {}
                () = core.clock.sleep_until(wake) => {}
            }
        }
    }

    async fn take_signal(&self, name: &str) -> Option<SignalRecord> {
        let journal = self.shared.store.journal(self.run).await.ok()?;
        let used: Vec<u64> = journal
            .steps
            .iter()
            .filter_map(|step| step.signal)
            .collect();
        journal
            .signals
            .into_iter()
            .find(|signal| signal.name == name && !used.contains(&signal.seq))
    }
}

fn finished(
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
        synced: true,
    }
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
                Box::pin(attempt::run_task(host, core, key, meta, input, options))
            }
            Work::Call { meta, input, .. } => {
                Box::pin(drive::run_child(host, core, key, meta, input))
            }
            Work::Sleep { until } => Box::pin(async move {
                let started = core.clock.now();
                let step = core.step_id(key).to_string();
                let until = host.dues.get(&step).copied().unwrap_or(until);
                let wait = WaitRecord {
                    step,
                    kind: "sleep".to_owned(),
                    due: Some(until),
                    detail: serde_json::Value::Null,
                };
                // The instant is recorded before anything else begins, so that a restart wakes at the same one.
                if let Err(error) = host
                    .record(vec![Entry::Wait(wait)], Durability::Synced)
                    .await
                {
                    let _ = host.messages.send(Message::Lost(error));
                }
                core.clock.sleep_until(until).await;
                finished(
                    key,
                    TaskState::Completed,
                    Payload::null(),
                    started,
                    &core,
                    None,
                )
            }),
            Work::Receive {
                name,
                timeout,
                schema,
            } => Box::pin(async move {
                let until = timeout.map(|timeout| core.clock.now().saturating_add(micros(timeout)));
                host.wait_for_signal(&core, key, name, until, schema).await
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
