//! The engine of a test and its runs.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::dying::{Death, Dying, Place};
use super::mocks::{Mock, Mockable, Mocks, Stage};
use super::process::{Idle, Process, Waiting};
use crate::author::call::{Callable, TaskCall};
use crate::author::record::{Recordable, decode, encode, named};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::model::ids::RunId;
use crate::model::record::{Journal, RunRecord};
use crate::ops::{self, RunFilter, RunHandle, outcome, this_process};
use crate::store::memory::Memory;
use crate::store::{Options, Store};

/// Where the clock of a test begins: 2030-01-01T00:00:00Z.
const BEGINNING: i64 = 1_893_456_000_000_000;

/// An engine for tests: its store is memory, its clock moves by itself, its process can die. See the [module](super).
///
/// It has a thread of its own, so it can be used from any runtime. It does not count as open: beside it, a task awaited outside of
/// a flow still runs its body.
#[derive(Debug)]
pub struct Engine {
    engine: ops::Engine,
    store: Arc<Dying>,
    pub(super) stage: Arc<Stage>,
    process: Arc<Process>,
    answers: Arc<Mutex<Vec<Answer>>>,
}

/// What is said to whoever waits for a signal of that name.
#[derive(Debug, Clone)]
struct Answer {
    name: String,
    value: serde_json::Value,
}

/// A run of a test's engine. Dropped, it goes on.
#[derive(Debug)]
pub struct Run<T> {
    /// Its id, for [`Engine::resume`] and [`Engine::journal`].
    pub id: RunId,
    /// Its name.
    pub name: String,
    handle: RunHandle,
    engine: ops::Engine,
    process: Arc<Process>,
    _value: PhantomData<fn() -> T>,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    #[cfg(test)]
    pub(super) fn writes(&self) -> usize {
        self.store.writes()
    }

    /// An empty store, no mocks, and the clock at 2030-01-01T00:00:00Z.
    ///
    /// # Panics
    /// If two flows or tasks of this program have one name, or no thread can be started.
    pub fn new() -> Self {
        let clock = Clock::fake(BEGINNING);
        let runs = Memory::empty(Options::new(this_process()));
        Self::on(runs, clock, Arc::default(), Arc::default())
    }

    fn on(runs: Memory, clock: Clock, mocks: Arc<Mocks>, answers: Arc<Mutex<Vec<Answer>>>) -> Self {
        let store = Arc::new(Dying::new(runs));
        let stage = Arc::new(Stage::new(mocks, store.life.clone(), clock.clone()));
        let idle = Arc::new(Idle::new(clock.clone(), store.clone()));
        let process = Process::start(idle).unwrap_or_else(|error| panic!("no engine: {error}"));
        let engine = ops::Engine::in_test(store.clone(), clock, stage.clone())
            .unwrap_or_else(|error| panic!("no engine: {error}"));
        let engine = Self {
            engine,
            store,
            stage,
            process: Arc::new(process),
            answers,
        };
        if !engine.lock_answers().is_empty() {
            engine.begin_to_answer();
        }
        engine
    }

    /// An engine of its own with the same mocks and answers, and an empty store.
    pub(super) fn anew(&self) -> Self {
        let runs = Memory::empty(Options::new(this_process()));
        let clock = Clock::fake(BEGINNING);
        Self::on(runs, clock, self.stage.mocks.clone(), self.answers.clone())
    }

    /// The next process on the same store, after this one has died: what it did and did not record is lost. Mocks, answers and the
    /// clock stay. A blocking body that had begun is waited for, since nobody can stop it.
    pub fn restart(self) -> Self {
        self.process.stop();
        let runs = self.store.runs.of_next_process(this_process());
        let clock = self.process.idle.clock.clone();
        Self::on(runs, clock, self.stage.mocks.clone(), self.answers.clone())
    }

    /// Puts a body in the place of a task's or flow's own: takes the tuple of its arguments. Replaces the mock that was there.
    pub fn mock<A: Recordable, M>(
        &self,
        task: impl Mockable<A, Marker = M>,
        body: impl Fn(A) -> Result<M::Output> + Send + Sync + 'static,
    ) -> Mock<A>
    where
        M: Callable<Args = A>,
    {
        let _ = task;
        let body = move |input: &_| encode(&body(decode(input)?)?);
        self.stage.mocks.watch(M::META, Some(Arc::new(body)))
    }

    /// Remembers the calls of a task; its own body runs.
    pub fn spy<A, M>(&self, task: impl Mockable<A, Marker = M>) -> Mock<A>
    where
        M: Callable<Args = A>,
    {
        let _ = task;
        self.stage.mocks.watch(M::META, None)
    }

    /// The names of all flows that are linked into this test, sorted. A test beside a crate of flows sees none of them unless it names
    /// the crate: `use my_flows as _;`.
    pub fn flows(&self) -> Vec<&'static str> {
        self.engine.flows().iter().map(|meta| meta.name).collect()
    }

    /// Runs a flow to its end and gives its value.
    ///
    /// # Errors
    /// What made the run fail; or that nothing can move it any more; or that the process died, because the test said so.
    pub async fn run<M: Callable>(&self, call: TaskCall<M>) -> Result<M::Output> {
        self.start(call).await?.wait().await
    }

    /// Starts a flow. It goes on by itself as far as it can without time passing.
    ///
    /// # Errors
    /// If the call is not that of a flow, or the process died.
    pub async fn start<M: Callable>(&self, call: TaskCall<M>) -> Result<Run<M::Output>> {
        let (meta, input) = call.into_parts()?;
        let engine = self.engine.clone();
        let start = async move { engine.start_meta(meta, named(meta, &input)).await };
        self.begun(self.process.spawn(start).await)
    }

    /// Goes on with a run: after a [restart](Engine::restart) from where it stopped, after a failure with what failed.
    ///
    /// # Errors
    /// If there is no such run, it has completed, or it is under way.
    pub async fn resume<T: DeserializeOwned>(&self, run: RunId) -> Result<Run<T>> {
        let engine = self.engine.clone();
        let resume = async move { engine.resume(run).await };
        self.begun(self.process.spawn(resume).await)
    }

    fn begun<T>(&self, started: Option<Result<RunHandle>>) -> Result<Run<T>> {
        let handle = match started {
            Some(Ok(handle)) => handle,
            Some(Err(error)) if !self.store.life.is_over() => return Err(error),
            _ => return Err(died()),
        };
        Ok(Run {
            id: handle.id,
            name: handle.name.clone(),
            handle,
            engine: self.engine.clone(),
            process: self.process.clone(),
            _value: PhantomData,
        })
    }

    /// Says this to every run that waits for a signal of that name, once nothing else moves.
    ///
    /// # Panics
    /// If the value cannot be encoded as JSON.
    pub fn answer(&self, name: &str, value: &impl Serialize) {
        let value = serde_json::to_value(value).expect("a signal's value is JSON");
        let first = {
            let mut answers = self.lock_answers();
            answers.retain(|answer| answer.name != name);
            answers.push(Answer {
                name: name.to_owned(),
                value,
            });
            answers.len() == 1
        };
        if first {
            self.begin_to_answer();
        }
    }

    fn lock_answers(&self) -> std::sync::MutexGuard<'_, Vec<Answer>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin_to_answer(&self) {
        self.process.idle.answers();
        let (engine, idle, answers) = (
            self.engine.clone(),
            self.process.idle.clone(),
            self.answers.clone(),
        );
        self.process.spawn_beside(async move {
            loop {
                idle.asked.notified().await;
                let answers = answers
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone();
                // A store that does not answer belongs to a process that has died.
                let _ = answer_all(&engine, &answers).await;
            }
        });
    }

    /// Sends a value to a run that waits, or will wait, for it.
    ///
    /// # Errors
    /// If the run is unknown or has ended.
    pub async fn signal(&self, run: RunId, name: &str, value: &impl Serialize) -> Result<()> {
        self.engine
            .signal(run, name, &serde_json::to_value(value)?)
            .await
    }

    /// Asks a run and all below it to cancel.
    ///
    /// # Errors
    /// If the run is unknown.
    pub async fn cancel(&self, run: RunId) -> Result<()> {
        self.engine.cancel(run).await
    }

    /// Returns when no run can move unless time passes or somebody does something.
    pub async fn settle(&self) {
        self.process.settled().await;
    }

    /// Moves the clock, and [settles](Self::settle).
    pub async fn advance(&self, by: Duration) {
        self.settle().await;
        self.process.idle.clock.advance(by);
        self.settle().await;
    }

    /// What the clock of the test shows.
    pub fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.process.idle.clock.now())
            .unwrap_or(jiff::Timestamp::MAX)
    }

    /// The process dies when the n-th step (from 1) since its start is about to be recorded: its body ran, its result is lost.
    pub fn crash_before(&self, step: usize) {
        self.crash(Place::Step(step), false);
    }

    /// The process dies when the n-th step (from 1) since its start has just been recorded.
    pub fn crash_after(&self, step: usize) {
        self.crash(Place::Step(step), true);
    }

    pub(super) fn crash(&self, at: Place, written: bool) {
        self.store.die(Death { at, written });
    }

    pub(super) fn has_died(&self) -> bool {
        self.store.life.is_over()
    }

    /// All runs, newest first; readable after a crash too.
    ///
    /// # Errors
    /// Never, as things are: the store is memory.
    pub async fn runs(&self, filter: RunFilter) -> Result<Vec<RunRecord>> {
        self.store
            .runs
            .list_runs(filter)
            .await
            .map_err(crate::engine::trouble)
    }

    /// One run; readable after a crash too.
    ///
    /// # Errors
    /// If the store does not know it.
    pub async fn record(&self, run: RunId) -> Result<RunRecord> {
        let record = self.store.runs.run(run).await;
        record
            .map_err(crate::engine::trouble)?
            .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("the store has no run {run}")))
    }

    /// What is recorded of a run's inside; readable after a crash too.
    ///
    /// # Errors
    /// If the store does not know the run.
    pub async fn journal(&self, run: RunId) -> Result<Journal> {
        self.store
            .runs
            .journal(run)
            .await
            .map_err(crate::engine::trouble)
    }
}

impl<T: DeserializeOwned> Run<T> {
    /// Waits for the end; meanwhile time passes whenever nothing else moves. Gives the value.
    ///
    /// # Errors
    /// What made the run fail; or that nothing can move it any more, such as a signal that nobody sends; or that the process died,
    /// because the test said so.
    pub async fn wait(self) -> Result<T> {
        let Self {
            handle,
            process,
            engine,
            ..
        } = self;
        let (name, idle) = (self.name, process.idle.clone());
        let end = process.spawn(async move {
            let waiting = Waiting::new(&idle);
            let life = idle.store.life.clone();
            let end = tokio::select! {
                biased;
                () = life.over() => Err(died()),
                record = handle.wait() => record,
                () = waiting.stuck() => Err(nothing_moves(&name)),
            };
            // The run's own error is only that its store has gone.
            if life.is_over() { Err(died()) } else { end }
        });
        let record = end.await.unwrap_or_else(|| Err(died()))?;
        let flow = record.flow.clone();
        engine.decoded(&flow, &outcome(record)?)
    }

    /// Sends a value to this run.
    ///
    /// # Errors
    /// If the run has ended.
    pub async fn signal(&self, name: &str, value: &impl Serialize) -> Result<()> {
        let value = serde_json::to_value(value)?;
        self.engine.signal(self.id, name, &value).await
    }

    /// Asks this run and all below it to cancel.
    ///
    /// # Errors
    /// If the process died.
    pub async fn cancel(&self) -> Result<()> {
        self.engine.cancel(self.id).await
    }
}

/// Sends each answer to the runs that wait for it now.
async fn answer_all(engine: &ops::Engine, answers: &[Answer]) -> Result<()> {
    for run in engine.runs(RunFilter::default()).await? {
        if run.state.is_final() {
            continue;
        }
        let journal = engine.journal(run.id).await?;
        let waits = journal.waits.iter().filter(|wait| {
            wait.kind == "signal" && !journal.steps.iter().any(|step| step.step == wait.step)
        });
        for wait in waits {
            let answer = answers
                .iter()
                .find(|answer| wait.detail["name"] == *answer.name);
            if let Some(answer) = answer {
                engine.signal(run.id, &answer.name, &answer.value).await?;
            }
        }
    }
    Ok(())
}

fn died() -> Error {
    Error::new(
        ErrorKind::Stopped,
        "the process died here, as the test asked",
    )
    .hint("go on with the next one: engine.restart(), then engine.resume(id)")
}

fn nothing_moves(run: &str) -> Error {
    Error::new(
        ErrorKind::Misuse,
        format!("nothing can move the run {run} any more: it waits for what nobody does"),
    )
    .hint(
        "if it waits for a signal, send it before you wait, or say engine.answer(\"name\", &value)",
    )
}
