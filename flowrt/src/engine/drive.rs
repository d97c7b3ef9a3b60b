//! Drives one run: polls its flow, writes completions down, hands them out, and ends it.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::host::{Handle, Message, RunHost};
use super::{DEPTH_MAX, HISTORY_STEPS_MAX, Shared, trouble};
use crate::author::context::TaskContext;
use crate::author::core::{Core, Facts, Host, Next, history_full};
use crate::author::meta::Meta;
use crate::author::record::{arguments, named};
use crate::author::slot::{Finished, Key, Recorded};
use crate::error::{Error, ErrorKind, Result};
use crate::logs::Kept;
use crate::model::event::What;
use crate::model::payload::Payload;
use crate::model::record::{ASIDE, Entry, Journal, NewRun, RunRecord};
use crate::model::replay::Replay;
use crate::model::state::{RunState, TaskState};
use crate::store::{Durability, Ending};

/// How many completions are written down in one transaction.
const BATCH: usize = 256;

/// Why the flow's future is not polled any more.
enum Stop {
    /// It returned.
    Returned(Result<Payload>),
    /// The run parks: the code does not fit the record.
    Parked(Error),
    /// It waits for something that is not recorded, or did what it must not.
    Misused(Error),
    /// Somebody asked the run to cancel.
    Cancelled,
    /// Its own timeout passed.
    TimedOut(Error),
    /// Another process owns the run, or the store is gone: nothing may be written.
    Lost(Error),
}

/// Drives a claimed run to its end, and gives the end.
pub(crate) fn drive(
    shared: Arc<Shared>,
    record: RunRecord,
    meta: &'static Meta,
    depth: u32,
) -> BoxFuture<'static, Result<RunRecord>> {
    Box::pin(async move {
        let journal = shared.store.journal(record.id).await.map_err(trouble)?;
        let (sender, messages) = unbounded_channel();
        let again = record.epoch > 1;
        let _kept = Kept::open(record.id, &shared.logs, &*shared.store, again).await;
        tell_start(&shared, &record, &journal);
        let host = RunHost::new(
            shared.clone(),
            record.id,
            record.epoch,
            meta.flow.concurrency,
            &journal,
            sender,
        );
        let host = Arc::new(host);
        let next_seq = journal
            .steps
            .iter()
            .map(|step| step.seq)
            .filter(|seq| *seq < ASIDE)
            .max()
            .map_or(0, |seq| seq + 1);
        let (replay, aside) = Replay::of(journal);
        let facts = Facts {
            run: record.id,
            seed: record.seed,
            logical_time: record.logical_time,
            depth,
            history_max: HISTORY_STEPS_MAX,
        };
        let core = Core::new(
            facts,
            shared.clock.clone(),
            Arc::new(Handle(host.clone())),
            replay,
            aside,
            next_seq,
        );
        shared.enter(record.id, core.clone());
        // A cancel that came before this run could be found among the active ones.
        let asked = shared.store.run(record.id).await.map_err(trouble)?;
        if asked.is_some_and(|run| run.cancel_requested.is_some()) {
            core.cancel.set();
        }
        let mut driver = Driver {
            core,
            host,
            messages,
            woken: true,
        };
        let stop = driver.until_stop(&record, meta).await;
        let end = driver.end(stop).await;
        shared.leave(record.id);
        shared.changed.notify_waiters();
        end?;
        shared
            .store
            .run(record.id)
            .await
            .map_err(trouble)?
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::NotFound,
                    format!("run {} was deleted", record.name),
                )
            })
    })
}

/// Tells those who watch that a run begins, and what it has done already.
fn tell_start(shared: &Shared, record: &RunRecord, journal: &Journal) {
    let events = &shared.events;
    if !events.is_watched() {
        return;
    }
    events.tell(record.id, || What::RunStarted {
        name: record.name.clone(),
        flow: record.flow.clone(),
        parent: record.parent.clone(),
    });
    for step in journal.steps.iter().filter(|step| step.seq < ASIDE) {
        events.tell(record.id, || What::ended(step, true));
    }
}

struct Driver {
    core: Arc<Core>,
    host: Arc<RunHost>,
    messages: UnboundedReceiver<Message>,
    /// The flow's future has something to do.
    woken: bool,
}

impl Driver {
    async fn until_stop(&mut self, record: &RunRecord, meta: &'static Meta) -> Stop {
        let input = match arguments(meta, &record.input) {
            Ok(input) => input,
            Err(error) => return Stop::Misused(error),
        };
        let context = TaskContext::plain(meta.name, record.logical_time);
        let mut flow = AssertUnwindSafe((meta.body)(input, context)).catch_unwind();
        let started = record.started.unwrap_or(record.created);
        let deadline = meta
            .flow
            .timeout
            .map(|limit| started.saturating_add(crate::clock::micros(limit)));
        let mut returned = None;
        loop {
            if let Some(result) = &returned {
                if !self.core.submitted_outstanding() {
                    let Some(result) = returned.take() else {
                        continue;
                    };
                    return self.returned(result);
                }
                let _: &Result<Payload> = result;
            } else {
                self.woken = false;
                let polled = poll_fn(|cx| Poll::Ready(self.core.poll_flow(&mut flow, cx))).await;
                if let Poll::Ready(result) = polled {
                    let panicked = |_| {
                        Err(Error::new(
                            ErrorKind::Panicked,
                            format!("the flow `{}` panicked", meta.name),
                        ))
                    };
                    returned = Some(result.unwrap_or_else(panicked));
                }
            }
            if let Some(stop) = self.step(returned.is_some(), deadline).await {
                return stop;
            }
        }
    }

    fn returned(&self, result: Result<Payload>) -> Stop {
        if let Some(error) = self.core.take_diverged().or_else(|| self.core.unreached()) {
            return Stop::Parked(error);
        }
        match (result, self.core.unawaited_failure()) {
            (Ok(_), Some(error)) => Stop::Returned(Err(error)),
            (result, _) => Stop::Returned(result),
        }
    }

    /// One thing between two polls of the flow.
    async fn step(&mut self, returned: bool, deadline: Option<i64>) -> Option<Stop> {
        if self.core.cancel.is_set() {
            return Some(Stop::Cancelled);
        }
        match self.core.next() {
            Next::Poll => None,
            Next::Diverged(error) if error.kind() == ErrorKind::Diverged => Some(Stop::Parked(error)),
            Next::Diverged(error) => Some(Stop::Misused(error)),
            Next::Start(starts) => {
                let handle = Handle(self.host.clone());
                for (key, work) in starts {
                    let work = handle.execute(&self.core, key, work);
                    handle.spawn(&self.core, key, work);
                }
                None
            }
            Next::Wait => self.wait(deadline).await,
            Next::Stuck if returned => None,
            Next::Stuck => Some(Stop::Misused(
                Error::new(ErrorKind::Misuse, "the flow waits for something that is not recorded, and nothing recorded is under way")
                    .hint("await tasks and flowrt's own steps only; wrap anything else in untracked(…)"),
            )),
        }
    }

    async fn wait(&mut self, deadline: Option<i64>) -> Option<Stop> {
        let pending = self.core.take_pending();
        if !pending.is_empty()
            && let Err(error) = self.host.record(pending, Durability::Soon).await
        {
            return Some(Stop::Lost(error));
        }
        let mut batch = Vec::new();
        let (core, clock) = (self.core.clone(), self.core.clock.clone());
        let late = async move {
            match deadline {
                Some(deadline) => clock.sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = self.messages.recv_many(&mut batch, BATCH) => {}
            () = core.cancel.wait() => return Some(Stop::Cancelled),
            () = late => return Some(Stop::TimedOut(Error::new(ErrorKind::TimedOut, "the run did not end within its timeout"))),
            () = core.woken() => return None,
        }
        let mut ended = Vec::with_capacity(batch.len());
        for message in batch {
            match message {
                Message::Finished(finished) => ended.push(finished),
                Message::Committed(key, recorded) => self.core.committed(key, recorded),
                Message::Lost(error) => return Some(Stop::Lost(error)),
            }
        }
        self.write_down(ended).await
    }

    async fn write_down(&mut self, ended: Vec<Finished>) -> Option<Stop> {
        let mut entries = Vec::with_capacity(ended.len());
        let mut handouts = Vec::with_capacity(ended.len());
        let mut synced = false;
        for finished in ended {
            let key = finished.key;
            let (mut more, recorded, needs_sync) = self.core.number(finished);
            if more.iter().any(|entry| matches!(entry, Entry::Step(step) if step.seq >= self.core.facts.history_max)) {
                return Some(Stop::Misused(history_full(self.core.facts.history_max)));
            }
            entries.append(&mut more);
            handouts.push((key, recorded));
            synced |= needs_sync;
        }
        let durability = if synced {
            Durability::Synced
        } else {
            Durability::Soon
        };
        if !entries.is_empty()
            && let Err(error) = self.host.record(entries, durability).await
        {
            return Some(Stop::Lost(error));
        }
        for (key, recorded) in handouts {
            self.core.committed(key, recorded);
        }
        None
    }

    async fn end(&mut self, stop: Stop) -> Result<()> {
        let (state, output, error) = match stop {
            Stop::Returned(Ok(output)) => (RunState::Completed, Some(output), None),
            Stop::Returned(Err(error)) if error.kind() == ErrorKind::Skipped => {
                (RunState::Skipped, None, None)
            }
            Stop::Returned(Err(error)) | Stop::Misused(error) => {
                (RunState::Failed, None, Some(error))
            }
            Stop::Parked(error) => (RunState::Parked, None, Some(error)),
            Stop::Cancelled => {
                self.grace().await;
                (
                    RunState::Cancelled,
                    None,
                    Some(Error::new(ErrorKind::Cancelled, "the run was cancelled")),
                )
            }
            Stop::TimedOut(error) => {
                self.grace().await;
                (RunState::TimedOut, None, Some(error))
            }
            Stop::Lost(error) => {
                self.core.abort_running(self.core.clock.now());
                return Err(error);
            }
        };
        let at = self.core.clock.now();
        let entries = self.core.abort_running(at);
        let error = error.map(|error| Payload::from_json(error.to_json()));
        // Whoever is told of the end finds every line of the run.
        self.host.shared.logs.flush().await;
        let events = self.host.shared.events.clone();
        let told = events
            .is_watched()
            .then(|| (entries.clone(), error.clone()));
        let ending = Ending {
            state,
            output,
            error,
            at,
        };
        self.host
            .shared
            .store
            .finish(self.host.run, self.host.epoch, entries, ending)
            .await
            .map_err(trouble)?;
        if let Some((entries, error)) = told {
            events.recorded(self.host.run, &entries);
            events.tell(self.host.run, || What::RunEnded { state, error });
        }
        Ok(())
    }

    /// Lets running bodies see that they are not wanted; what ends in time is recorded, the rest is dropped.
    async fn grace(&mut self) {
        self.core.cancel_running();
        let until = self.core.clock.now() + 5_000_000;
        while self.core.bodies() > 0 {
            let mut batch = Vec::new();
            tokio::select! {
            biased;
                _ = self.messages.recv_many(&mut batch, BATCH) => {}
                () = self.core.clock.sleep_until(until) => return,
            }
            let ended: Vec<Finished> = batch
                .into_iter()
                .filter_map(|message| {
                    if let Message::Finished(finished) = message {
                        Some(finished)
                    } else {
                        None
                    }
                })
                .collect();
            if self.write_down(ended).await.is_some() {
                return;
            }
            self.core.settle();
        }
    }
}

/// Runs a flow that another flow called: a run of its own, with an id that every replay finds again.
pub(super) async fn run_child(
    host: Arc<RunHost>,
    core: Arc<Core>,
    key: Key,
    meta: &'static Meta,
    input: Payload,
) -> Finished {
    let started = core.clock.now();
    let step = core.step_id(key).to_string();
    core.set_cancel(key, Arc::default());
    let result = child(&host, &core, &step, meta, &input).await;
    let (state, output) = match result {
        Ok(output) => (TaskState::Completed, output),
        Err(error) if error.kind() == ErrorKind::Skipped => {
            (TaskState::Skipped, Payload::from_json(error.to_json()))
        }
        Err(error) => (
            TaskState::Failed,
            Payload::from_json(error.at(&step, None, 1).to_json()),
        ),
    };
    let recorded = Recorded { state, output };
    Finished {
        key,
        recorded,
        attempts: 1,
        started,
        ended: core.clock.now(),
        fingerprint: meta.fingerprint,
        signal: None,
        synced: true,
    }
}

async fn child(
    host: &Arc<RunHost>,
    core: &Arc<Core>,
    step: &str,
    meta: &'static Meta,
    input: &Payload,
) -> Result<Payload> {
    if core.facts.depth >= DEPTH_MAX {
        let message =
            format!("child runs are nested {DEPTH_MAX} deep, the most that may be (depth_max)");
        return Err(Error::new(ErrorKind::Limit, message)
            .hint("give the recursion a base case that is reached sooner"));
    }
    let shared = host.shared.clone();
    let id = host.run.child(step);
    let run = NewRun {
        id,
        name: format!("{}-{}", meta.name, &id.to_string()[..6]),
        flow: meta.name.to_owned(),
        input: named(meta, input),
        parent: Some((host.run, step.to_owned())),
        origin: None,
        idempotency_key: None,
        seed: id.0.as_u64_pair().0,
        created: core.clock.now(),
        logical_time: core.facts.logical_time,
        build: String::new(),
        steps: Vec::new(),
    };
    let mut record = shared.store.create_run(run).await.map_err(trouble)?;
    if record.state != RunState::Completed {
        let now = core.clock.now();
        let claimed = if record.state.is_final() || record.state.needs_person() {
            shared
                .store
                .reopen(id, record.epoch, redo_of(&shared, &record).await?, now)
                .await
                .map_err(trouble)?
        } else {
            shared
                .store
                .claim(id, record.epoch, record.owner.is_some(), now)
                .await
                .map_err(trouble)?
        };
        let claimed = claimed.ok_or_else(|| {
            Error::new(ErrorKind::LeaseLost, "another process drives the child run")
        })?;
        record = drive(shared, claimed, meta, core.facts.depth + 1).await?;
    }
    match (record.output, record.error) {
        (Some(output), _) => Ok(output),
        (None, Some(error)) => Err(Error::from_json(&error)),
        (None, None) => Err(Error::new(
            ErrorKind::Skipped,
            format!("the child run {} was skipped", record.name),
        )),
    }
}

/// What a resume does again: failures that nothing handled.
pub(crate) async fn redo_of(
    shared: &Shared,
    record: &RunRecord,
) -> Result<crate::store::Reopening> {
    let journal = shared.store.journal(record.id).await.map_err(trouble)?;
    let redo = journal
        .steps
        .iter()
        .filter(|step| !step.state.is_success() && !step.tolerated)
        .map(|step| step.step.clone())
        .collect();
    Ok(crate::store::Reopening { redo, input: None })
}
