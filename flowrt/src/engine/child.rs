//! Runs that a flow calls: each a run of its own, driven beside its parent and never without it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::around::Beginning;
use super::driver::Stop;
use super::host::{Message, RunHost};
use super::successor::{forget_chain, last_of_chain};
use super::{again, build, drive, patiently, trouble};
use crate::author::cancel::Stops;
use crate::author::context::TaskContext;
use crate::author::core::Core;
use crate::author::meta::Meta;
use crate::author::record::named;
use crate::author::slot::{Busy, Finished, Key, Recorded};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint::failpoint;
use crate::model::dispatch::Dispatch;
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::{Journal, Micros, NewRun, RunRecord, StepKind, WaitRecord};
use crate::model::state::{RunState, TaskState};

/// How often a child that another process drives is looked at.
const LOOK: std::time::Duration = std::time::Duration::from_secs(1);

/// The child runs that are driven for a run.
#[derive(Debug)]
pub(super) struct Children {
    live: Mutex<HashMap<RunId, Live>>,
    changed: Notify,
    any: AtomicBool,
}

#[derive(Debug)]
struct Live {
    stops: Stops,
    task: Option<AbortHandle>,
}

impl Children {
    pub(super) fn of(journal: &Journal) -> Self {
        let steps = journal.steps.iter().any(|step| step.kind == StepKind::Flow);
        let waits = journal.waits.iter().any(|wait| wait.kind == "child");
        Self {
            live: Mutex::default(),
            changed: Notify::new(),
            any: AtomicBool::new(steps || waits),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The run has called flows, now or in an earlier drive.
    pub(super) fn were_any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Tells all of them to let go.
    pub(super) fn interrupt(&self) {
        for live in self.lock().values() {
            live.stops.interrupt.set();
        }
    }

    /// Whether the end of one is decided, and only what follows from it keeps it.
    pub(super) fn any_decided(&self) -> bool {
        self.lock().values().any(|live| live.stops.decided.is_set())
    }

    /// Stops driving them where they are.
    pub(super) fn abort(&self) {
        for task in self.lock().values().filter_map(|live| live.task.as_ref()) {
            task.abort();
        }
    }

    /// Returns when none is driven any more.
    pub(super) async fn gone(&self) {
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            if self.lock().is_empty() {
                return;
            }
            changed.await;
        }
    }

    fn left(&self, run: RunId) {
        self.lock().remove(&run);
        self.changed.notify_waiters();
    }
}

/// The call was dropped: nobody wants the child any more, unless the whole run is only released.
struct CancelOnDrop(Option<Stops>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(stops) = &self.0
            && !stops.interrupt.is_set()
        {
            stops.cancel.set();
        }
    }
}

/// Why a child gave no outcome.
enum Trouble {
    /// The step failed.
    Failed(Error),
    /// The parent stops, too.
    Stop(Stop),
}

/// Runs a flow that another flow called, under an id that every replay finds again.
pub(super) async fn run_child(
    host: Arc<RunHost>,
    core: Arc<Core>,
    key: Key,
    meta: &'static Meta,
    input: Payload,
) -> Finished {
    let started = core.clock.now();
    let step = core.step_id(key).to_string();
    let stops = Stops {
        in_hook: core.stops.in_hook,
        ..Stops::default()
    };
    core.body_starts(key, Busy::Child, stops.cancel.clone());
    let stand_in = host.shared.around.as_ref().and_then(|around| {
        around.child(Beginning {
            meta,
            step: Arc::from(step.as_str()),
            input: input.clone(),
            context: TaskContext::plain(meta.name, core.facts.logical_time),
        })
    });
    if let Some(stand_in) = stand_in {
        let recorded = recorded_of(stand_in.await, &step);
        return ended(key, &core, meta, started, recorded);
    }
    let recorded = match outcome(&host, &core, &step, meta, &input, stops).await {
        Ok(record) => recorded(&record, &step),
        Err(Trouble::Failed(error)) => Recorded {
            state: TaskState::Failed,
            output: Payload::from_json(error.at(&step, None, 1).to_json()),
        },
        Err(Trouble::Stop(stop)) => {
            let message = match stop {
                Stop::Lost(error) => Message::Lost(error),
                stop => Message::Held(key, stop),
            };
            let _ = host.messages.send(message);
            std::future::pending().await
        }
    };
    ended(key, &core, meta, started, recorded)
}

fn ended(key: Key, core: &Core, meta: &Meta, started: Micros, recorded: Recorded) -> Finished {
    Finished {
        key,
        recorded,
        attempts: 1,
        started,
        ended: core.clock.now(),
        fingerprint: meta.fingerprint,
        signal: None,
        reused_from: None,
        synced: true,
    }
}

/// How the outcome of what stood in a child's place is recorded.
fn recorded_of(result: Result<Payload>, step: &str) -> Recorded {
    match result {
        Ok(output) => Recorded {
            state: TaskState::Completed,
            output,
        },
        Err(error) => Recorded {
            state: TaskState::Failed,
            output: Payload::from_json(error.at(step, None, 1).to_json()),
        },
    }
}

async fn outcome(
    host: &Arc<RunHost>,
    core: &Arc<Core>,
    step: &str,
    meta: &'static Meta,
    input: &Payload,
    stops: Stops,
) -> std::result::Result<RunRecord, Trouble> {
    let depth_max = host.shared.settings.depth_max();
    if core.facts.depth >= depth_max {
        let message =
            format!("child runs are nested {depth_max} deep, the most that may be (depth_max)");
        let error = Error::new(ErrorKind::Limit, message)
            .hint("give the recursion a base case that is reached sooner");
        return Err(Trouble::Failed(error));
    }
    if core.stops.any() {
        std::future::pending::<()>().await;
    }
    host.children.any.store(true, Ordering::Relaxed);
    let begun = host.has_begun(step);
    let clock = Clock::real();
    let new = new_run(host.run, core, step, meta, input);
    loop {
        let changed = host.shared.changed.notified();
        failpoint("engine::before_child");
        let first = patiently(|| host.shared.store.create_run(new.clone()))
            .await
            .map_err(lost)?;
        let same_input = first.input.digest() == new.input.digest();
        let record = last_of_chain(&host.shared, first.clone())
            .await
            .map_err(|error| Trouble::Stop(Stop::Lost(error)))?;
        failpoint("engine::after_child");
        let owner = record
            .owner
            .filter(|owner| *owner != host.shared.store.process());
        let elsewhere = owner.is_some_and(|owner| host.shared.store.is_alive(owner))
            || host.shared.active.holds(record.id);
        match what_to_do(record.state, begun, elsewhere, same_input) {
            Do::Take => return Ok(record),
            Do::Wait => {
                tokio::select! {
                    () = changed => {}
                    () = clock.sleep(LOOK) => {}
                }
            }
            Do::Park => return Err(Trouble::Stop(parked(&record))),
            todo @ (Do::Claim | Do::Reopen | Do::Other) => {
                let record = if todo == Do::Other { &first } else { &record };
                let claimed = claim(host, record, &todo, &new.input).await?;
                // Another process was faster, and drives it now.
                let Some(claimed) = claimed else { continue };
                let wait = WaitRecord {
                    step: step.to_owned(),
                    kind: "child".to_owned(),
                    due: None,
                    detail: serde_json::json!({ "run": claimed.id }),
                };
                failpoint("engine::child_claimed");
                host.note_wait(wait).await;
                return drive_child(host, core, claimed, meta, stops).await;
            }
        }
    }
}

async fn drive_child(
    host: &Arc<RunHost>,
    core: &Core,
    claimed: RunRecord,
    meta: &'static Meta,
    stops: Stops,
) -> std::result::Result<RunRecord, Trouble> {
    let id = claimed.id;
    let live = Live {
        stops: stops.clone(),
        task: None,
    };
    host.children.lock().insert(id, live);
    // An interrupt that came before the child was known goes on to it here.
    if core.stops.interrupt.is_set() {
        stops.interrupt.set();
    }
    let depth = core.facts.depth + 1;
    let driven = drive(host.shared.clone(), claimed, meta, depth, stops.clone());
    let mut dropped = CancelOnDrop(Some(stops));
    let ending = Ending(host.clone(), id);
    let task = tokio::spawn(async move {
        let _ending = ending;
        driven.await
    });
    if let Some(live) = host.children.lock().get_mut(&id) {
        live.task = Some(task.abort_handle());
    }
    let ended = task.await;
    dropped.0 = None;
    let record = match ended {
        Ok(record) => record.map_err(|error| Trouble::Stop(Stop::Lost(error)))?,
        Err(error) => {
            let error = Error::new(ErrorKind::Panicked, error.to_string());
            return Err(Trouble::Stop(Stop::Lost(error)));
        }
    };
    match record.state {
        RunState::Parked => Err(Trouble::Stop(parked(&record))),
        RunState::Interrupted => Err(Trouble::Stop(Stop::Interrupted)),
        _ => Ok(record),
    }
}

/// Notes that a child is not driven any more, however its task ends.
struct Ending(Arc<RunHost>, RunId);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.children.left(self.1);
    }
}

/// What a parent does about a child run that it finds.
#[derive(Debug, PartialEq, Eq)]
enum Do {
    /// It has its outcome.
    Take,
    /// Somebody else drives it.
    Wait,
    /// It waits for a person.
    Park,
    /// Go on with it as it is.
    Claim,
    /// It ended in an earlier life of the parent, which now does the step again.
    Reopen,
    /// An earlier life of the parent called it with other inputs.
    Other,
}

/// `begun`: this life of the parent (since somebody started or resumed it) has already begun the step.
fn what_to_do(state: RunState, begun: bool, elsewhere: bool, same_input: bool) -> Do {
    match state {
        _ if !same_input && !elsewhere => Do::Other,
        RunState::Completed | RunState::Skipped => Do::Take,
        RunState::Parked if begun => Do::Park,
        _ if state.is_final() && begun => Do::Take,
        RunState::Parked => Do::Reopen,
        _ if state.is_final() => Do::Reopen,
        _ if elsewhere => Do::Wait,
        _ => Do::Claim,
    }
}

async fn claim(
    host: &RunHost,
    record: &RunRecord,
    todo: &Do,
    input: &Payload,
) -> std::result::Result<Option<RunRecord>, Trouble> {
    let shared = &host.shared;
    let claimed = match todo {
        Do::Other => match forget_chain(shared, record).await {
            Ok(()) => again::with_other_input(shared, record.clone(), input.clone()).await,
            Err(error) => Err(error),
        },
        Do::Reopen => match again::redo_of(shared, record).await {
            Ok(changes) => again::reopen(shared, record, changes).await,
            Err(error) => Err(error),
        },
        _ => again::claim(shared, record).await,
    };
    match claimed {
        Ok(claimed) => Ok(Some(claimed)),
        Err(error) if error.kind() == ErrorKind::LeaseLost => Ok(None),
        Err(error) => Err(Trouble::Stop(Stop::Lost(error))),
    }
}

fn lost(error: crate::store::Error) -> Trouble {
    Trouble::Stop(Stop::Lost(trouble(error)))
}

fn parked(record: &RunRecord) -> Stop {
    let why = record.error.as_ref().map(|error| Error::from_json(error));
    let why = why.map_or_else(String::new, |error| format!(": {}", error.message()));
    Stop::Parked(
        Error::new(
            ErrorKind::Diverged,
            format!("the child run {} is parked{why}", record.name),
        )
        .hint(format!("look at it: runs show {}", record.name)),
    )
}

fn new_run(parent: RunId, core: &Core, step: &str, meta: &Meta, input: &Payload) -> NewRun {
    let id = parent.child(step);
    NewRun {
        id,
        name: format!("{}/{step}", core.facts.name),
        flow: meta.name.to_owned(),
        input: named(meta, input),
        parent: Some((parent, step.to_owned())),
        origin: None,
        idempotency_key: None,
        seed: id.0.as_u64_pair().0,
        created: core.clock.now(),
        logical_time: core.facts.logical_time,
        build: build::build().to_owned(),
        cache: core.facts.cache,
        dispatch: Dispatch::default(),
        due: None,
        steps: Vec::new(),
    }
}

/// How a child run's end is recorded as the outcome of its step.
fn recorded(record: &RunRecord, step: &str) -> Recorded {
    let state = match record.state {
        RunState::Completed => TaskState::Completed,
        RunState::Skipped => TaskState::Skipped,
        RunState::Cancelled => TaskState::Cancelled,
        RunState::TimedOut => TaskState::TimedOut,
        RunState::Crashed => TaskState::Crashed,
        _ => TaskState::Failed,
    };
    if let Some(output) = &record.output {
        let output = output.clone();
        return Recorded { state, output };
    }
    let (name, end) = (&record.name, record.state);
    let kind = match state {
        TaskState::Skipped => ErrorKind::Skipped,
        TaskState::Cancelled => ErrorKind::Cancelled,
        _ => ErrorKind::Failed,
    };
    let error = match &record.error {
        Some(error) => Error::from_json(error),
        None => Error::new(kind, format!("the child run {name} ended as {end}")),
    };
    Recorded {
        state,
        output: Payload::from_json(error.at(step, None, 1).to_json()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_ended_in_this_life_is_not_run_again() {
        for state in [RunState::Failed, RunState::TimedOut, RunState::Cancelled] {
            assert_eq!(what_to_do(state, true, false, true), Do::Take);
            assert_eq!(what_to_do(state, false, false, true), Do::Reopen);
        }
        assert_eq!(what_to_do(RunState::Skipped, false, false, true), Do::Take);
    }

    #[test]
    fn an_outcome_of_other_inputs_is_not_taken() {
        assert_eq!(
            what_to_do(RunState::Completed, true, false, false),
            Do::Other
        );
        assert_eq!(
            what_to_do(RunState::Interrupted, false, false, false),
            Do::Other
        );
        assert_eq!(what_to_do(RunState::Running, false, true, false), Do::Wait);
    }

    #[test]
    fn a_child_is_never_stolen() {
        assert_eq!(what_to_do(RunState::Running, true, true, true), Do::Wait);
        assert_eq!(what_to_do(RunState::Running, true, false, true), Do::Claim);
        assert_eq!(
            what_to_do(RunState::Interrupted, true, false, true),
            Do::Claim
        );
    }
}
