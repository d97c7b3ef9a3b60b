//! Looking at what was run, and clearing it away.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::Engine;
use super::outline::StepFilter;
use crate::engine::trouble;
use crate::error::{Error, ErrorKind, Result};
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::{
    AttemptRecord, Micros, RunRecord, StepKind, StepRecord, TaskCounts, WaitRecord,
};
use crate::model::state::TaskState;

/// A step of a run as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its full id, such as `fetch_page[4]`.
    pub step: String,
    /// The registered name of the task or flow, or the kind for the others.
    pub task: String,
    /// Where it stands.
    pub state: TaskState,
    /// How many attempts it has taken.
    pub attempts: u32,
    /// When its first attempt began; none if it never did.
    pub started: Option<Micros>,
    /// When it ended; none if it waits.
    pub finished: Option<Micros>,
    /// What people see of an item of a fan-out besides its id.
    pub label: Option<String>,
    /// For a reused result, from the cache too: the run it was computed in.
    pub reused_from: Option<RunId>,
    /// What kind of step it is; none for what waits.
    pub kind: Option<StepKind>,
    /// For a failure: the recorded error.
    pub error: Option<Payload>,
    /// The flow handled or tolerated its failure.
    pub tolerated: bool,
    /// For a failure its message, for a wait what it waits for, for a cached result where it comes from.
    pub note: Option<String>,
}

impl Engine {
    /// The store's address as a person would type it.
    pub fn url(&self) -> String {
        self.shared.store.url()
    }

    /// The engine's clock: microseconds since the Unix epoch.
    pub fn now(&self) -> Micros {
        self.shared.clock.now()
    }

    /// How many tasks of each run have which outcome, in the order asked.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn task_counts(&self, runs: Vec<RunId>) -> Result<Vec<TaskCounts>> {
        self.shared.store.task_counts(runs).await.map_err(trouble)
    }

    /// The recorded steps of a run in the order in which they ended, then those that wait: all, however many there are.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn steps(&self, run: RunId) -> Result<Vec<Step>> {
        Ok(self.step_page(run, StepFilter::default()).await?.steps)
    }

    /// The names of the runs in which cached results were computed.
    pub(super) async fn sources_of(&self, steps: &[StepRecord]) -> Result<HashMap<RunId, String>> {
        let cached = steps.iter().filter(|step| step.state == TaskState::Cached);
        self.names_of(cached.filter_map(|step| step.reused_from))
            .await
    }

    /// The names of runs; the ids of those that are gone.
    pub(super) async fn names_of(
        &self,
        runs: impl Iterator<Item = RunId>,
    ) -> Result<HashMap<RunId, String>> {
        let mut names = HashMap::new();
        for run in runs {
            if let Entry::Vacant(place) = names.entry(run) {
                let record = self.shared.store.run(run).await.map_err(trouble)?;
                place.insert(record.map_or_else(|| run.to_string(), |run| run.name));
            }
        }
        Ok(names)
    }

    /// The process that drove the run is gone, and nobody has taken the run since.
    pub fn is_orphaned(&self, record: &RunRecord) -> bool {
        let open = !record.state.is_final() && !record.state.needs_person();
        open && record
            .owner
            .is_some_and(|owner| !self.shared.store.is_alive(owner))
    }

    /// Deletes a run that has ended, with its steps, logs and child runs.
    ///
    /// # Errors
    /// `Input`, if it or one below it has not ended; or the store fails.
    pub async fn delete_ended(&self, run: &RunRecord) -> Result<()> {
        if run.state.is_final() && self.delete(run.id).await? {
            return Ok(());
        }
        Err(not_ended(&run.name))
    }

    /// Deletes a run that has ended, with its steps, logs and child runs. `false` if it or one below it has not ended.
    ///
    /// # Errors
    /// If there is no such run, or the store fails.
    pub async fn delete(&self, run: RunId) -> Result<bool> {
        self.shared.store.delete_run(run).await.map_err(trouble)
    }

    /// Notes in the store which flows this program has, so that a later check can tell which are lost. Gives all that were
    /// ever noted.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn remember_flows(&self) -> Result<Vec<String>> {
        let names = self.shared.flows.keys().map(|name| (*name).to_owned());
        let names = names.collect();
        self.shared
            .store
            .remember_flows(names)
            .await
            .map_err(trouble)
    }

    /// The version of the store's schema; none for a store that has none.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn store_schema(&self) -> Result<Option<i64>> {
        self.shared.store.schema().await.map_err(trouble)
    }

    /// A number that changes when anybody may have changed a run, this process included: not all that it does is told by its
    /// [events](Self::all_events).
    ///
    /// # Errors
    /// If the store fails.
    pub async fn version(&self) -> Result<u64> {
        self.shared.store.changes().await.map_err(trouble)
    }
}

/// A step that has ended; `sources` are the names of the runs that cached results come from.
pub(super) fn ended(step: StepRecord, sources: &HashMap<RunId, String>) -> Step {
    Step {
        note: match (step.state, step.reused_from, &step.output) {
            (TaskState::Cached, Some(run), _) => {
                let name = sources.get(&run).cloned();
                Some(format!("from {}", name.unwrap_or_else(|| run.to_string())))
            }
            (state, _, Some(error)) if state.is_failure() => {
                Some(Error::from_json(error).message().to_owned())
            }
            _ => None,
        },
        kind: Some(step.kind),
        error: step.output.filter(|_| step.state.is_failure()),
        tolerated: step.tolerated,
        label: step.label,
        reused_from: step.reused_from,
        step: step.step,
        task: step.task,
        state: step.state,
        attempts: step.attempts,
        started: Some(step.started).filter(|_| step.kind != StepKind::Node),
        finished: Some(step.finished),
    }
}

/// A step that waits; nothing for the run's own time and its end, which are no steps of it.
pub(super) fn waiting(wait: WaitRecord, attempts: &[AttemptRecord]) -> Option<Step> {
    if matches!(wait.kind.as_str(), "timeout" | "end" | "entered") {
        return None;
    }
    let made = attempts.iter().filter(|attempt| attempt.step == wait.step);
    let name = wait.detail.get("name").and_then(|name| name.as_str());
    Some(Step {
        started: made.clone().map(|attempt| attempt.started).min(),
        attempts: u32::try_from(made.count()).unwrap_or(u32::MAX),
        task: wait.kind.clone(),
        state: match wait.kind.as_str() {
            "attempt" => TaskState::Running,
            "retry" => TaskState::Retrying,
            _ => TaskState::Waiting,
        },
        finished: None,
        kind: None,
        error: None,
        tolerated: false,
        label: None,
        reused_from: None,
        note: Some(match name {
            Some(name) => format!("for the {} `{name}`", wait.kind),
            None if wait.kind == "attempt" => "began before a crash".to_owned(),
            None => format!("for its {}", wait.kind),
        }),
        step: match wait.step.as_str() {
            "" => "(the flow)".to_owned(),
            _ => wait.step,
        },
    })
}

/// What is said of a run that is to be deleted and goes on.
pub fn not_ended(name: &str) -> Error {
    let message = format!("the run {name} has not ended, or one below it has not");
    let error = Error::new(ErrorKind::Input, message);
    error.hint(format!("runs cancel {name}, then delete it"))
}
