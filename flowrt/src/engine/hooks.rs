//! Hooks of tasks: called as soon as the outcome of a step is recorded, while the flow goes on.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::task::JoinSet;

use super::beside::{Beside, Job};
use crate::author::meta::{Meta, Named};
use crate::author::outcome::Outcome;
use crate::author::slot::Recorded;
use crate::error::{Error, Result};
use crate::model::after::{After, Afters};
use crate::model::payload::Payload;
use crate::model::record::{ASIDE, Entry, Journal, RunRecord, StepKind, StepRecord};
use crate::model::state::TaskState;
use crate::registry;

/// The tasks of this program that have hooks, or something that undoes them.
pub(super) fn tasks() -> &'static HashMap<&'static str, &'static Meta> {
    static TASKS: OnceLock<HashMap<&'static str, &'static Meta>> = OnceLock::new();
    TASKS.get_or_init(|| {
        // Two tasks of one name are told of where the engine opens.
        let mut tasks = registry::tasks().unwrap_or_default();
        tasks.retain(|_, meta| {
            let task = &meta.task;
            task.on_failure.is_some() || task.on_success.is_some() || task.rollback.is_some()
        });
        tasks
    })
}

/// The hooks of one driven run.
pub(super) struct Hooks {
    pub(super) beside: Arc<Beside>,
    afters: Mutex<Afters>,
    /// Outcomes whose hook had not ended when the last process let go of the run.
    missing: Mutex<Vec<StepRecord>>,
    under_way: Mutex<JoinSet<Result<Option<Recorded>>>>,
    /// None are called: the run is a hook itself.
    muted: bool,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hooks({})", self.beside.record.id)
    }
}

impl Hooks {
    pub(super) fn new(beside: Arc<Beside>, journal: &Journal, muted: bool) -> Self {
        let afters = Afters::of(journal);
        Self {
            missing: Mutex::new(if muted {
                Vec::new()
            } else {
                missing(journal, &afters)
            }),
            afters: Mutex::new(afters),
            under_way: Mutex::default(),
            beside,
            muted,
        }
    }

    /// Calls the hooks that an earlier process did not finish.
    pub(super) fn go_on(&self) {
        for step in std::mem::take(&mut *lock(&self.missing)) {
            self.ended(&step);
        }
    }

    /// Entries are recorded: calls the hooks of the outcomes among them.
    pub(super) fn recorded(&self, entries: &[Entry]) {
        for entry in entries {
            if let Entry::Step(step) | Entry::Reused { step, .. } = entry {
                self.ended(step);
            }
        }
    }

    fn ended(&self, step: &StepRecord) {
        let Some((kind, hook)) = hook(step).filter(|_| !self.muted) else {
            return;
        };
        let mut afters = lock(&self.afters);
        if afters.is_called(kind, step) {
            return;
        }
        let round = afters.round(kind, &step.step);
        afters.begins(kind, &step.step);
        let beside = self.beside.clone();
        let job = job(&beside.record, kind, round, hook(), step);
        let mut under_way = lock(&self.under_way);
        // Those that ended are forgotten; one that failed to write its end down has lost the run for all others, too.
        while under_way.try_join_next().is_some() {}
        under_way.spawn(async move { beside.call(job).await });
    }

    /// Whether some are still under way.
    pub(super) fn is_busy(&self) -> bool {
        let mut under_way = lock(&self.under_way);
        while let Some(ended) = under_way.try_join_next() {
            if !matches!(ended, Ok(Ok(Some(_)))) {
                return true;
            }
        }
        !under_way.is_empty() || !lock(&self.missing).is_empty()
    }

    /// Waits until all that were called have ended; `false` if the process goes first.
    ///
    /// # Errors
    /// If the store fails, or another process owns the run.
    pub(super) async fn settled(&self) -> Result<bool> {
        let mut under_way = std::mem::take(&mut *lock(&self.under_way));
        let mut all = true;
        while let Some(ended) = under_way.join_next().await {
            match ended {
                Ok(recorded) => all &= recorded?.is_some(),
                Err(_) => all = false,
            }
        }
        Ok(all)
    }

    /// Stops calling them: another process owns the run.
    pub(super) fn abort(&self) {
        lock(&self.under_way).abort_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The hook that is called for an outcome. A result from the cache is no news, and a call that nobody wants any more has
/// no outcome.
fn hook(step: &StepRecord) -> Option<(After, Named)> {
    if step.kind != StepKind::Task || step.reused_from.is_some() {
        return None;
    }
    let options = &tasks().get(step.task.as_str())?.task;
    if step.state == TaskState::Completed {
        Some((After::Success, options.on_success?))
    } else if step.state.is_failure() {
        Some((After::Failure, options.on_failure?))
    } else {
        None
    }
}

/// The outcomes of this drive whose hook is not recorded.
pub(super) fn missing(journal: &Journal, afters: &Afters) -> Vec<StepRecord> {
    let live = journal.steps.iter().filter(|step| step.seq < ASIDE);
    let without_hook =
        live.filter(|step| hook(step).is_some_and(|(kind, _)| !afters.is_called(kind, step)));
    without_hook.cloned().collect()
}

/// The call of a step's hook.
pub(super) fn job_of(record: &RunRecord, afters: &Afters, step: &StepRecord) -> Option<Job> {
    let (kind, hook) = hook(step)?;
    let round = afters.round(kind, &step.step);
    Some(job(record, kind, round, hook(), step))
}

fn job(record: &RunRecord, kind: After, round: u32, meta: &'static Meta, step: &StepRecord) -> Job {
    let error = step.output.as_ref().filter(|_| step.state.is_failure());
    let outcome = Outcome {
        run: record.id,
        run_name: record.name.clone(),
        flow: record.flow.clone(),
        step: Some(step.step.clone()),
        state: step.state.as_str().to_owned(),
        error: error.map(|error| Error::from_json(error)),
        attempts: step.attempts,
    };
    Job {
        scope: kind.scope(round),
        name: step.step.clone(),
        meta,
        input: told(meta, &outcome),
    }
}

/// The inputs of a hook: nothing, or the outcome.
pub(super) fn told(meta: &Meta, outcome: &Outcome) -> Payload {
    if meta.params.is_empty() {
        return Payload::null();
    }
    let outcome = serde_json::to_value(outcome).unwrap_or_default();
    Payload::from_json(serde_json::Value::Array(vec![outcome]).to_string())
}
