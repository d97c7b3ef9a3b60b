//! What the last lines of a run say of its steps: counts, and the names of a few. Bounded, however many steps there are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Engine;
use super::outline::StepFilter;
use crate::engine::trouble;
use crate::error::Result;
use crate::model::ids::RunId;
use crate::model::outline::Outline;
use crate::model::record::{RunRecord, StepKind, StepRecord};
use crate::model::state::TaskState;

/// So many failures are looked at.
const FAILURES: usize = 50;
/// So many steps are named.
const NAMED: usize = 3;
/// How many child runs below one another are looked into.
const DEPTH: u32 = 64;

/// What became of the steps of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recap {
    /// Tasks and child runs that have ended.
    pub tasks: u64,
    /// Of those, the ones that took more than one attempt.
    pub retried: u64,
    /// Of those, the ones whose result was kept from before.
    pub cached: u64,
    /// Steps that were skipped.
    pub skipped: u64,
    /// Tasks and child runs that failed, handled ones too.
    pub failed: u64,
    /// Tasks and child runs whose results stay.
    pub kept: u64,
    /// What a resume does again.
    pub redone: Few,
    /// Nodes that did not start because of others.
    pub unstarted: Few,
    /// The name of the innermost run whose own task failed: this one, or one below it.
    pub failed_in: String,
}

/// The first of many names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Few {
    /// The first.
    pub first: Vec<String>,
    /// How many there are.
    pub count: u64,
}

impl Recap {
    /// Out of the counted steps and the first failures that the flow did not handle, of which there are `failures`.
    pub fn of(counted: &Outline, first: &[StepRecord], failures: u64, failed_in: String) -> Self {
        let done = counted.done;
        let named = |is_wanted: &dyn Fn(&StepRecord) -> bool| {
            let wanted = first.iter().filter(|step| is_wanted(step));
            wanted.map(|step| step.step.clone()).collect::<Vec<_>>()
        };
        let mut redone = named(&|step| is_task(step.kind));
        let mut unstarted = named(&|step| is_unstarted(step));
        let is_whole = first.len() as u64 >= failures;
        let redone_count = match is_whole {
            true => redone.len() as u64,
            false => failures.saturating_sub(done.unstarted),
        };
        redone.truncate(NAMED);
        unstarted.truncate(NAMED);
        Self {
            tasks: done.tasks,
            retried: done.retried,
            cached: done.cached,
            skipped: done.skipped,
            failed: done.failed,
            kept: done.kept,
            redone: Few {
                first: redone,
                count: redone_count,
            },
            unstarted: Few {
                first: unstarted,
                count: done.unstarted,
            },
            failed_in,
        }
    }
}

impl Engine {
    /// What became of the steps of a run.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn recap(&self, record: &RunRecord) -> Result<Recap> {
        let counted = self.counted(record).await?;
        let first = self.first_failures(record.id).await?;
        let failures = match first.len() {
            FAILURES => self.shared.store.failures(record.id).await,
            few => Ok(few as u64),
        };
        let failed_in = self.failed_in(record, &first).await?;
        Ok(Recap::of(
            &counted,
            &first,
            failures.map_err(trouble)?,
            failed_in,
        ))
    }

    /// The name of the innermost run whose own task failed.
    async fn failed_in(&self, record: &RunRecord, first: &[StepRecord]) -> Result<String> {
        let mut name = record.name.clone();
        let mut run = record.id;
        let mut called = failed_child(first);
        for _ in 0..DEPTH {
            let Some(step) = called else { break };
            run = run.child(&step);
            let Some(child) = self.shared.store.run(run).await.map_err(trouble)? else {
                break;
            };
            name = child.name;
            called = failed_child(&self.first_failures(run).await?);
        }
        Ok(name)
    }

    async fn first_failures(&self, run: RunId) -> Result<Vec<StepRecord>> {
        let filter = StepFilter {
            failed: true,
            limit: FAILURES,
            ..StepFilter::default()
        };
        let found = self.shared.store.steps(run, filter).await;
        Ok(found
            .map_err(trouble)?
            .into_iter()
            .map(|(_, step)| step)
            .collect())
    }
}

/// The step of the child run in which the run failed first.
fn failed_child(first: &[StepRecord]) -> Option<String> {
    let step = first.iter().find(|step| step.kind != StepKind::Node)?;
    (step.kind == StepKind::Flow).then(|| step.step.clone())
}

fn is_task(kind: StepKind) -> bool {
    matches!(kind, StepKind::Task | StepKind::Flow)
}

fn is_unstarted(step: &StepRecord) -> bool {
    step.kind == StepKind::Node && step.state == TaskState::UpstreamFailed
}
