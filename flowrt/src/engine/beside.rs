//! Calls beside a flow, which it does not see: hooks, and what undoes its tasks. Each is a recorded step with attempts of
//! its own; what its failure means is up to who began it.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::unbounded_channel;

use super::driver::Stop;
use super::host::{Handle, Message, RunHost};
use super::{Shared, patiently, trouble};
use crate::author::cancel::Cancel;
use crate::author::core::{Core, Facts, Host, Numbers};
use crate::author::meta::Meta;
use crate::author::slot::{CallOptions, Finished, Key, Recorded, Work};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint::failpoint;
use crate::model::after::is_after;
use crate::model::payload::Payload;
use crate::model::record::{Journal, RunRecord};
use crate::model::state::TaskState;
use crate::store::Durability;

/// What such calls of one driven run have in common.
#[derive(Debug)]
pub(super) struct Beside {
    pub(super) shared: Arc<Shared>,
    pub(super) record: RunRecord,
    facts: Facts,
    /// The process will go.
    pub(super) interrupt: Arc<Cancel>,
    numbers: Numbers,
    /// As many may be under way at a time as tasks of the run.
    places: Semaphore,
    /// What is noted of calls that were under way when an earlier process died.
    noted: Journal,
}

/// One call.
#[derive(Debug)]
pub(super) struct Job {
    /// The scope of its step.
    pub(super) scope: String,
    /// The name of its step in that scope.
    pub(super) name: String,
    pub(super) meta: &'static Meta,
    pub(super) input: Payload,
}

impl Beside {
    pub(super) fn new(
        shared: Arc<Shared>,
        record: RunRecord,
        facts: Facts,
        interrupt: Arc<Cancel>,
        numbers: Numbers,
        journal: &Journal,
    ) -> Self {
        let attempts = journal.attempts.iter().filter(|at| is_after(&at.step));
        let waits = journal.waits.iter().filter(|wait| is_after(&wait.step));
        let noted = Journal {
            attempts: attempts.cloned().collect(),
            waits: waits.cloned().collect(),
            ..Journal::default()
        };
        Self {
            shared,
            record,
            places: Semaphore::new(usize::try_from(facts.concurrency.max(1)).unwrap_or(1)),
            facts,
            interrupt,
            numbers,
            noted,
        }
    }

    /// Makes the call and writes its outcome down. `None` if the process goes before it has one: then it is made again.
    ///
    /// # Errors
    /// If the store fails, or another process owns the run.
    pub(super) async fn call(&self, job: Job) -> Result<Option<Recorded>> {
        let place = tokio::select! {
            place = self.places.acquire() => place,
            () = self.interrupt.wait() => return Ok(None),
        };
        let _place = place.expect("nobody closes these places");
        let (sender, mut messages) = unbounded_channel();
        let host = Arc::new(RunHost::new(
            self.shared.clone(),
            &self.record,
            1,
            &self.noted,
            sender,
        ));
        let handle = Handle(host.clone());
        let core = self.core(Arc::new(Handle(host.clone())));
        let key = core.begin_beside(job.scope, &job.name, job.meta, job.input.clone());
        let work = Work::Call {
            meta: job.meta,
            input: job.input,
            options: CallOptions::default(),
        };
        let work = handle.execute(&core, key, work);
        failpoint("engine::before_hook");
        let finished = tokio::select! {
            finished = work => finished,
            message = messages.recv() => match message {
                Some(Message::Lost(error) | Message::Held(_, Stop::Lost(error))) => return Err(error),
                Some(Message::Held(_, Stop::Interrupted)) | None => return Ok(None),
                Some(Message::Held(_, stop)) => held(&core, key, job.meta, &stop),
                Some(_) => return Ok(None),
            },
            () = self.gone(&host) => return Ok(None),
        };
        // The signal that stops this process often goes to the processes that a body has started, too.
        if self.interrupt.is_set() && !finished.recorded.state.is_success() {
            return Ok(None);
        }
        self.write_down(&host, &core, finished).await.map(Some)
    }

    /// Writes down that a call kills its process, so that what comes after it is not kept from being done.
    pub(super) async fn give_up(&self, job: Job, crashes: u32) -> Result<Recorded> {
        let (sender, _messages) = unbounded_channel();
        let host = Arc::new(RunHost::new(
            self.shared.clone(),
            &self.record,
            1,
            &self.noted,
            sender,
        ));
        let core = self.core(Arc::new(Handle(host.clone())));
        let key = core.begin_beside(job.scope, &job.name, job.meta, job.input);
        let error = Error::new(
            ErrorKind::Crashed,
            format!(
                "the process died {crashes} times in a row while this was to be done, more than allowed (crashes_max)"
            ),
        );
        let finished = failed(&core, key, job.meta, TaskState::Crashed, error);
        self.write_down(&host, &core, finished).await
    }

    async fn write_down(
        &self,
        host: &RunHost,
        core: &Arc<Core>,
        finished: Finished,
    ) -> Result<Recorded> {
        let step = core.step_id(finished.key);
        let (entries, recorded, _) = core.number(finished);
        host.record(entries, Durability::Synced).await?;
        failpoint("engine::after_hook");
        if recorded.state.is_failure() {
            let error = Error::from_json(&recorded.output);
            tracing::warn!(run = %self.record.name, step = %step, error = %error, "a hook or rollback failed");
        }
        Ok(recorded)
    }

    fn core(&self, host: Arc<dyn Host>) -> Arc<Core> {
        Core::beside(
            self.facts.clone(),
            self.shared.clock.clone(),
            self.interrupt.clone(),
            host,
            self.numbers.clone(),
        )
    }

    /// Returns when the process goes, and what ran has had its grace.
    async fn gone(&self, host: &RunHost) {
        self.interrupt.wait().await;
        host.children.interrupt();
        Clock::real().sleep(self.shared.settings.grace()).await;
        host.children.abort();
    }

    /// All that is recorded of the run by now.
    pub(super) async fn journal(&self) -> Result<Journal> {
        let (store, run) = (&self.shared.store, self.record.id);
        patiently(|| store.journal(run)).await.map_err(trouble)
    }
}

/// A child run that was called as a hook waits for a person: nobody waits for it here.
fn held(core: &Arc<Core>, key: Key, meta: &'static Meta, stop: &Stop) -> Finished {
    let error = match stop {
        Stop::Parked(error) => error.clone(),
        _ => Error::new(ErrorKind::Stopped, "its run stopped and waits for a person"),
    };
    failed(core, key, meta, TaskState::Failed, error)
}

fn failed(
    core: &Arc<Core>,
    key: Key,
    meta: &'static Meta,
    state: TaskState,
    error: Error,
) -> Finished {
    let now = core.clock.now();
    let step = core.step_id(key);
    let error = error.at(&step, Some(format!("{}:{}", meta.file, meta.line)), 1);
    Finished {
        key,
        recorded: Recorded {
            state,
            output: Payload::from_json(error.to_json()),
        },
        attempts: 1,
        started: now,
        ended: now,
        fingerprint: meta.fingerprint,
        signal: None,
        reused_from: None,
        synced: true,
    }
}
