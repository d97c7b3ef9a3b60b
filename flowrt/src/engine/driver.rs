//! Polls a flow, writes completions down, and hands them out, until there is a reason to stop.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, CatchUnwind};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::attempt::Task;
use super::beside::Beside;
use super::hooks::{self, Hooks};
use super::host::{Handle, Message, RunHost};
use super::starter;
use super::{Shared, end, patiently, trouble};
use crate::author::cancel::Stops;
use crate::author::context::TaskContext;
use crate::author::core::{Continuation, Core, Facts, Host, Next, Numbers, history_full};
use crate::author::meta::{Kind, Meta};
use crate::author::record::arguments;
use crate::author::slot::{Finished, Key, Work};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::model::payload::Payload;
use crate::model::record::{ASIDE, Entry, Journal, Micros, RunRecord};
use crate::model::replay::Replay;
use crate::model::state::RunState;
use crate::store::Durability;
use crate::store::queue::Rest;

/// How many completions are written down in one transaction.
pub(super) const BATCH: usize = 256;

/// A run that only waits says so after this long, so that short waits cost no write.
const QUIET: Duration = Duration::from_millis(100);

/// How seldom a run that is quiet is looked at.
const QUIET_AT_MOST: Duration = Duration::from_secs(5);

/// Why the flow's future is not polled any more.
#[derive(Debug)]
pub(super) enum Stop {
    /// It returned.
    Returned(Result<Payload>),
    /// It goes on in another run.
    Continued(Continuation),
    /// The run parks: the code does not fit the record.
    Parked(Error),
    /// It waits for something that is not recorded, or did what it must not.
    Misused(Error),
    /// Somebody asked the run to cancel.
    Cancelled,
    /// Its process will go: it is released.
    Interrupted,
    /// It waits long, and leaves memory.
    Resting(Rest),
    /// Its own timeout passed.
    TimedOut,
    /// Another process owns the run, or the store is gone: nothing may be written.
    Lost(Error),
}

/// What a flow ends with.
enum Output {
    Value(Payload),
    Next(Continuation),
}

type Flow = CatchUnwind<AssertUnwindSafe<BoxFuture<'static, Result<Payload>>>>;

/// One attempt of a flow.
pub(super) struct Driver {
    pub(super) core: Arc<Core>,
    pub(super) host: Arc<RunHost>,
    pub(super) record: RunRecord,
    pub(super) meta: &'static Meta,
    pub(super) began: Micros,
    pub(super) messages: UnboundedReceiver<Message>,
    /// Makes calls that the flow does not see.
    pub(super) beside: Arc<Beside>,
    /// Attempts of the flow after the first.
    pub(super) retries: u32,
    pub(super) deadline: Option<Micros>,
    /// It holds a place among the runs that may go on.
    pub(super) has_place: bool,
    /// The state that the store has.
    shown: RunState,
    /// The flow. It outlives the last poll, because what it calls ends with it.
    flow: Option<Flow>,
    /// A child run waits for a person; so will this run, once its bodies have ended.
    held: Option<Stop>,
}

impl Driver {
    pub(super) fn new(
        shared: &Arc<Shared>,
        record: RunRecord,
        meta: &'static Meta,
        journal: Journal,
        depth: u32,
        stops: &Stops,
        deadline: Option<Micros>,
    ) -> Self {
        let (sender, messages) = unbounded_channel();
        let host = Arc::new(RunHost::new(
            shared.clone(),
            &record,
            meta.flow.concurrency,
            &journal,
            sender,
        ));
        if let Some(budget) = meta.flow.retry_budget {
            host.limit_retries(budget, &journal);
        }
        let numbers = journal.steps.iter().map(|step| step.seq);
        let last = numbers.filter(|seq| *seq < ASIDE).max();
        let numbers = Numbers::new(AtomicU64::new(last.map_or(0, |seq| seq + 1)));
        let facts = Facts {
            run: record.id,
            name: record.name.as_str().into(),
            seed: record.seed,
            logical_time: record.logical_time,
            cache: record.cache,
            accepted: record.created,
            depth,
            history_max: shared.settings.history_steps_max(),
            is_program: meta.kind == Kind::Program,
            concurrency: meta.flow.concurrency,
            fail_fast: meta.flow.fail_fast,
            vault: Some(shared.vault.clone()),
        };
        let beside = Arc::new(Beside::new(
            shared.clone(),
            record.clone(),
            facts.clone(),
            stops.interrupt.clone(),
            numbers.clone(),
            &journal,
        ));
        if !hooks::tasks().is_empty() {
            host.watch_outcomes(Hooks::new(beside.clone(), &journal, stops.in_hook));
        }
        let (replay, aside) = Replay::of(journal);
        let core = Core::new(
            facts,
            shared.clock.clone(),
            stops.clone(),
            Arc::new(Handle(host.clone())),
            replay,
            aside,
            numbers,
        );
        Self {
            core,
            host,
            meta,
            began: shared.clock.now(),
            messages,
            beside,
            retries: meta.flow.retries,
            deadline,
            has_place: false,
            shown: record.state,
            flow: None,
            held: None,
            record,
        }
    }

    /// The hooks of the run's tasks, if the program has any.
    pub(super) fn hooks(&self) -> Option<&Hooks> {
        self.host.hooks.get()
    }

    pub(super) async fn until_stop(&mut self) -> Stop {
        let meta = self.meta;
        let input = match arguments(meta, &self.record.input) {
            Ok(input) => input,
            Err(error) => return Stop::Misused(error),
        };
        if let Some(hooks) = self.hooks() {
            hooks.go_on();
        }
        let context = TaskContext::plain(meta.name, self.record.logical_time);
        self.flow = Some(AssertUnwindSafe((meta.body)(input, context)).catch_unwind());
        let mut returned = None;
        loop {
            if let Some(stop) = self.told_to_stop() {
                return stop;
            }
            if let Some(result) = returned.take() {
                if !self.core.submitted_outstanding() {
                    return self.returned(result);
                }
                returned = Some(result);
            } else if let Some(flow) = &mut self.flow {
                let core = &self.core;
                let polled = poll_fn(|cx| Poll::Ready(core.poll_flow(flow, cx))).await;
                let continuation = core.take_continuation();
                returned = match (polled, continuation) {
                    (Poll::Ready(result), _) => {
                        let result =
                            result.unwrap_or_else(|panic| Err(end::panicked(meta, &*panic)));
                        Some(result.map(Output::Value))
                    }
                    (Poll::Pending, Some(next)) => {
                        // As if it had returned: what it has not submitted ends with it.
                        self.drop_flow();
                        Some(Ok(Output::Next(next)))
                    }
                    (Poll::Pending, None) => None,
                };
                if returned.is_some() {
                    self.core.close_flow();
                }
            }
            if let Some(stop) = self.step(returned.is_some()).await {
                return stop;
            }
        }
    }

    /// The run has ended, so whatever the flow's values do when they are dropped changes nothing.
    pub(super) fn drop_flow(&mut self) {
        let flow = self.flow.take();
        if catch_unwind(AssertUnwindSafe(|| drop(flow))).is_err() {
            tracing::warn!(run = %self.record.name, "a value of the flow panicked when it was dropped");
        }
    }

    fn told_to_stop(&self) -> Option<Stop> {
        if self.core.stops.cancel.is_set() {
            Some(Stop::Cancelled)
        } else {
            let interrupted = self.core.stops.interrupt.is_set();
            interrupted.then_some(Stop::Interrupted)
        }
    }

    fn returned(&self, result: Result<Output>) -> Stop {
        if let Some(error) = self.core.take_diverged().or_else(|| self.core.unreached()) {
            return Stop::Parked(error);
        }
        match (result, self.core.unawaited_failure()) {
            (Ok(_), Some(error)) | (Err(error), _) => Stop::Returned(Err(error)),
            (Ok(Output::Value(output)), None) => Stop::Returned(Ok(output)),
            (Ok(Output::Next(next)), None) => Stop::Continued(next),
        }
    }

    /// One thing between two polls of the flow.
    async fn step(&mut self, returned: bool) -> Option<Stop> {
        match self.core.next() {
            Next::Poll => None,
            Next::Diverged(error) if error.kind() == ErrorKind::Diverged => {
                let ended = returned.then(|| self.core.unreached()).flatten();
                Some(Stop::Parked(ended.unwrap_or(error)))
            }
            Next::Diverged(error) => Some(Stop::Misused(error)),
            // Decided before the stop, and not begun: it never will.
            Next::Start(_) if self.core.stops.any() => self.told_to_stop(),
            Next::Start(starts) => {
                let decided = self.core.take_decided();
                if !decided.is_empty()
                    && let Err(error) = self.host.record(decided, Durability::Synced).await
                {
                    return Some(Stop::Lost(error));
                }
                self.start(starts);
                None
            }
            Next::Wait => self.wait().await,
            Next::Stuck if returned => None,
            Next::Stuck => Some(Stop::Misused(
                Error::new(ErrorKind::Misuse, "the flow waits for something that is not recorded, and nothing recorded is under way")
                    .hint("await tasks and flowrt's own steps only; wrap anything else in untracked(…)"),
            )),
        }
    }

    /// Tasks begin as places become free; all else begins at once, and so does what may wait for a limit, or for the same
    /// result elsewhere, first.
    fn start(&self, starts: Vec<(Key, Work)>) {
        let handle = Handle(self.host.clone());
        let (mut tasks, mut blocking) = (Vec::new(), Vec::new());
        for (key, work) in starts {
            match work {
                Work::Call {
                    meta,
                    input,
                    options,
                } if meta.kind == Kind::Task
                    && meta.task.limit.is_none()
                    && meta.task.cache.is_none() =>
                {
                    let task = Task {
                        meta,
                        input,
                        options,
                    };
                    if meta.task.blocking {
                        blocking.push((key, task));
                    } else {
                        tasks.push((key, task));
                    }
                }
                work => {
                    let work = handle.execute(&self.core, key, work);
                    handle.spawn(&self.core, key, work);
                }
            }
        }
        starter::start(&self.host, &self.core, false, tasks);
        starter::start(&self.host, &self.core, true, blocking);
    }

    async fn wait(&mut self) -> Option<Stop> {
        let pending = self.core.take_pending();
        if !pending.is_empty()
            && let Err(error) = self.host.record(pending, Durability::Soon).await
        {
            return Some(Stop::Lost(error));
        }
        if self.held.is_some() && self.core.bodies() == 0 {
            return self.held.take();
        }
        let mut batch = Vec::new();
        let mut quiet = QUIET;
        let machine = Clock::real();
        let mut patience = self.patience();
        loop {
            let (core, deadline) = (self.core.clone(), self.deadline);
            let late = async {
                match deadline {
                    Some(deadline) => core.clock.sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            let may_show = self.shown == RunState::Running;
            tokio::select! {
                biased;
                _ = self.messages.recv_many(&mut batch, BATCH) => break,
                () = core.stops.cancel.wait() => return Some(Stop::Cancelled),
                () = core.stops.interrupt.wait() => return Some(Stop::Interrupted),
                () = late => return Some(Stop::TimedOut),
                () = machine.sleep(quiet), if may_show => {}
                () = patience.over(), if !may_show => {
                    match self.may_rest().await {
                        Some(rest) => return Some(Stop::Resting(rest)),
                        None => patience.longer(),
                    }
                    continue;
                }
                // Any further poll of this one counts as a wake, so it comes last.
                () = core.woken() => break,
            }
            quiet = (quiet * 2).min(QUIET_AT_MOST);
            if self.core.only_waits()
                && let Err(error) = self.show(RunState::Waiting).await
            {
                return Some(Stop::Lost(error));
            }
            // A run that keeps its place does not rest, however long it waits.
            if self.has_place && self.core.waiting_tasks().is_some() {
                self.core.stops.leave_seat();
            }
        }
        self.core.stops.take_seat().await;
        if self.shown == RunState::Waiting
            && let Err(error) = self.show(RunState::Running).await
        {
            return Some(Stop::Lost(error));
        }
        self.take_in(batch).await
    }

    /// Takes in what work and commits have told. What fails once the run is interrupted is not kept: the signal that
    /// stops this process often goes to the processes that it has started, too.
    pub(super) async fn take_in(&mut self, batch: Vec<Message>) -> Option<Stop> {
        let going = self.core.stops.interrupt.is_set();
        let mut ended = Vec::with_capacity(batch.len());
        for message in batch {
            match message {
                Message::Finished(finished) if going && !finished.recorded.state.is_success() => {
                    self.core.body_waits(finished.key);
                }
                Message::Finished(finished) => ended.push(finished),
                Message::Committed(key, recorded) => self.core.committed(key, recorded),
                Message::Held(key, stop) => {
                    self.core.body_waits(key);
                    self.held.get_or_insert(stop);
                }
                Message::Lost(error) if error.kind() == ErrorKind::Limit => {
                    return Some(Stop::Misused(error));
                }
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
            let (key, signal) = (finished.key, finished.signal);
            let before = entries.len();
            let (mut more, recorded, needs_sync) = self.core.number(finished);
            if more.iter().any(|entry| matches!(entry, Entry::Step(step) if step.seq >= self.core.facts.history_max)) {
                return Some(Stop::Misused(history_full(self.core.facts.history_max)));
            }
            entries.append(&mut more);
            if let Some(signal) = signal
                && !entries[before..]
                    .iter()
                    .any(|entry| matches!(entry, Entry::Step(step) if step.signal == Some(signal)))
            {
                // The call was dropped; another may wait for the same.
                self.host.signals.give_back(signal);
                self.host.shared.changed.notify_waiters();
            }
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
            return Some(if error.kind() == ErrorKind::Limit {
                Stop::Misused(error)
            } else {
                Stop::Lost(error)
            });
        }
        for (key, recorded) in handouts {
            self.core.committed(key, recorded);
        }
        None
    }

    /// Lets those who look from outside see where the run stands.
    pub(super) async fn show(&mut self, state: RunState) -> Result<()> {
        let (run, epoch, attempt) = (self.record.id, self.record.epoch, self.record.attempt);
        if self.shown == state {
            return Ok(());
        }
        let store = &self.host.shared.store;
        patiently(|| store.set_state(run, epoch, state, attempt, Durability::Soon))
            .await
            .map_err(trouble)?;
        self.shown = state;
        Ok(())
    }
}
