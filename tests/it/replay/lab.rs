//! A laboratory: one store, one ledger of effects, and a process that can be made to die between any two of them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flowrt::Engine;
use flowrt::model::ids::{ProcessId, RunId};
use flowrt::model::record::{RunRecord, StepRecord};
use flowrt::model::state::RunState;
use flowrt::prelude::*;
use flowrt::store::memory::Memory;
use flowrt::store::{Answer, Options, Process, RunFilter, Store};
use serde_json::{Value, json};
use tokio::sync::Notify;

static LABS: Mutex<Option<HashMap<u64, Arc<Lab>>>> = Mutex::new(None);
static NEXT: AtomicU64 = AtomicU64::new(1);

/// How many signals each run is sent when it starts; few flows ask for them.
const SIGNALS: u32 = 3;

/// One store and what happened around it.
pub(crate) struct Lab {
    pub(crate) id: u64,
    /// What "the code" is: flows ask for it where two builds of a program would differ.
    version: AtomicU32,
    store: Arc<dyn Store>,
    state: Mutex<State>,
    crashed: Notify,
    gate: tokio::sync::watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    effects: Vec<String>,
    passes: usize,
    crash_at: Option<usize>,
    dead: bool,
    run: Option<RunId>,
}

/// Does something to the world, and may die before it or after it.
pub(crate) async fn effect(lab: u64, name: &str) {
    let lab = find(lab);
    lab.pass().await;
    lab.lock().effects.push(name.to_owned());
    lab.pass().await;
}

/// Which build of the program this is.
pub(crate) fn version(lab: u64) -> u32 {
    find(lab).version.load(Ordering::SeqCst)
}

/// An effect once the gate is open.
#[task]
pub(crate) async fn act_behind_gate(lab: u64, what: String) -> Result<String> {
    let mut gate = find(lab).gate.subscribe();
    gate.wait_for(|open| *open).await?;
    effect(lab, &what).await;
    Ok(what)
}

/// An effect that opens the gate in the very moment in which it ends.
#[task]
pub(crate) async fn act_and_open(lab: u64, what: String) -> Result<String> {
    effect(lab, &what).await;
    find(lab).gate.send_replace(true);
    Ok(what)
}

/// How often that happened.
pub(crate) fn count_of(lab: u64, name: &str) -> usize {
    let effects = find(lab).effects();
    effects.iter().filter(|effect| *effect == name).count()
}

pub(crate) fn find(id: u64) -> Arc<Lab> {
    let labs = LABS.lock().unwrap_or_else(PoisonError::into_inner);
    labs.as_ref()
        .and_then(|labs| labs.get(&id).cloned())
        .expect("a flow is given the number of a lab")
}

/// An effect that names itself; the value is the name.
#[task]
pub(crate) async fn act(lab: u64, what: String) -> Result<String> {
    effect(lab, &what).await;
    Ok(what)
}

/// The same under another name.
#[task]
pub(crate) async fn other(lab: u64, what: String) -> Result<String> {
    effect(lab, &what).await;
    Ok(what)
}

/// An effect after which the task fails.
#[task]
pub(crate) async fn act_and_fail(lab: u64, what: String) -> Result<String> {
    effect(lab, &what).await;
    Err(format!("{what} fails").into())
}

/// An effect after the others had that many turns.
#[task]
pub(crate) async fn act_late(lab: u64, what: String, turns: u32) -> Result<String> {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
    effect(lab, &what).await;
    Ok(what)
}

impl Lab {
    pub(crate) fn new(crash_at: Option<usize>) -> Arc<Self> {
        let id = NEXT.fetch_add(1, Ordering::SeqCst);
        let process = Process {
            id: ProcessId(uuid()),
            pid: std::process::id(),
            host: String::new(),
            started: 0,
            build: String::new(),
        };
        let lab = Arc::new(Self {
            id,
            version: AtomicU32::new(1),
            store: Memory::open(Options::new(process)),
            state: Mutex::new(State {
                crash_at,
                ..State::default()
            }),
            crashed: Notify::new(),
            gate: tokio::sync::watch::Sender::new(false),
        });
        let mut labs = LABS.lock().unwrap_or_else(PoisonError::into_inner);
        labs.get_or_insert_default().insert(id, lab.clone());
        lab
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn death(&self) {
        // A permit may be left from an earlier life.
        while !self.lock().dead {
            self.crashed.notified().await;
        }
    }

    async fn pass(&self) {
        let dead = {
            let mut state = self.lock();
            state.passes += 1;
            state.dead |= state.crash_at == Some(state.passes);
            state.dead
        };
        if dead {
            self.crashed.notify_one();
            std::future::pending::<()>().await;
        }
    }

    pub(crate) fn set_version(&self, version: u32) {
        self.version.store(version, Ordering::SeqCst);
    }

    /// What happened in the world, in order.
    pub(crate) fn effects(&self) -> Vec<String> {
        self.lock().effects.clone()
    }

    /// One life of a process: starts the flow, or goes on with its run. None if it died.
    pub(crate) fn live(&self, flow: &str) -> Option<RunRecord> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let run = self.lock().run;
        runtime.block_on(async {
            let engine = Engine::on(self.store.clone()).expect("an engine");
            let handle = match run {
                None => engine.start_named(flow, &json!({ "lab": self.id })).await,
                Some(run) => engine.resume(run).await,
            };
            let handle = handle.expect("the run is taken");
            if run.is_none() {
                for signal in 0..SIGNALS {
                    let sent = engine.signal(handle.id, "lab", &signal.into()).await;
                    sent.expect("the run has not ended");
                }
            }
            self.lock().run = Some(handle.id);
            tokio::select! {
                record = handle.wait() => Some(record.expect("the store works")),
                () = self.death() => None,
            }
        })
        // The runtime is dropped here with everything in it, and so is the process as far as the store can tell.
    }

    /// The process that died comes up again and does not die any more.
    pub(crate) fn revive(&self) {
        let mut state = self.lock();
        state.crash_at = None;
        state.dead = false;
    }

    /// The recorded steps, in the order of their completion.
    pub(crate) fn steps(&self) -> Vec<StepRecord> {
        self.steps_of(self.lock().run.expect("a run was started"))
    }

    fn steps_of(&self, run: RunId) -> Vec<StepRecord> {
        at_once(self.store.journal(run)).steps
    }

    /// The names of the effects whose results are recorded.
    pub(crate) fn recorded(&self) -> Vec<String> {
        labels(&self.steps())
    }

    /// The same for the runs below the run.
    pub(crate) fn recorded_in_children(&self) -> Vec<String> {
        let children = self.children().into_iter();
        children
            .flat_map(|child| labels(&self.steps_of(child.id)))
            .collect()
    }

    /// The names that children which have ended were given.
    pub(crate) fn children_ended(&self) -> Vec<String> {
        let children = self.children().into_iter();
        children
            .filter(|child| child.state.is_final())
            .filter_map(|child| Some(child.input.to_value()["child"].as_str()?.to_owned()))
            .collect()
    }

    pub(crate) fn children_states(&self) -> Vec<RunState> {
        self.children().iter().map(|child| child.state).collect()
    }

    fn children(&self) -> Vec<RunRecord> {
        let filter = RunFilter {
            parent: self.lock().run,
            ..RunFilter::default()
        };
        at_once(self.store.list_runs(filter))
    }
}

fn at_once<T>(answer: Answer<'_, T>) -> T {
    futures_util::FutureExt::now_or_never(answer)
        .expect("memory does not wait")
        .expect("the store works")
}

fn labels(steps: &[StepRecord]) -> Vec<String> {
    steps
        .iter()
        .filter(|step| step.is_handed_out())
        .filter_map(|step| label(step.input.as_deref()?))
        .collect()
}

/// The second argument of a call.
fn label(input: &str) -> Option<String> {
    let input: Value = serde_json::from_str(input).ok()?;
    Some(input.get(1)?.as_str()?.to_owned())
}

/// The recorded error of a run.
pub(crate) fn error(record: &RunRecord) -> Value {
    let error = record.error.as_deref().unwrap_or("null");
    serde_json::from_str(error).expect("an error is JSON")
}
