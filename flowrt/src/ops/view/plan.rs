//! What taking a run up again will do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ids::RunId;
use crate::model::plan::{Action, How, Plan};
use crate::model::record::RunRecord;
use crate::model::state::RunState;

/// What a resume or a rerun will do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Plan")]
pub struct PlanView {
    /// The run that is taken up, or copied from.
    pub run_id: RunId,
    /// Its name.
    pub name: String,
    /// The flow.
    pub flow: String,
    /// Where it stands now.
    pub state: RunState,
    /// `recovery` (nothing is up for choice), `resume` or `rerun`.
    pub how: String,
    /// The run has begun before.
    pub has_begun: bool,
    /// A line per task.
    pub steps: Vec<PlannedView>,
    /// The same as people read it: a line per group of steps.
    pub lines: Vec<PlanLine>,
    /// What the flow calls after these steps is not known before it runs.
    pub and_what_follows: bool,
}

/// What will be done about one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PlannedStep")]
pub struct PlannedView {
    /// The step's full id.
    pub step: String,
    /// Its task or flow, or the kind of wait.
    pub task: String,
    /// `reuse` or `run`.
    pub action: String,
    /// Why, in words.
    pub reason: String,
}

/// A group of steps of which the same will be done, for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanLine {
    /// `reuse` or `run`.
    pub action: String,
    /// The steps, in short.
    pub steps: String,
    /// Why, in words.
    pub reason: String,
}

impl PlanView {
    /// How many steps will run that are known now.
    pub fn runs(&self) -> usize {
        let runs = self.steps.iter();
        runs.filter(|step| step.action == Action::Run.as_str())
            .count()
    }

    /// The plan for that run.
    pub fn of(record: &RunRecord, how: How, plan: &Plan) -> Self {
        let steps = plan.steps.iter().map(|line| PlannedView {
            step: line.step.clone(),
            task: line.task.clone(),
            action: line.action.as_str().to_owned(),
            reason: line.reason.to_string(),
        });
        let lines = plan.lines().into_iter();
        let lines = lines.map(|(action, steps, reason)| PlanLine {
            action: action.as_str().to_owned(),
            steps,
            reason,
        });
        Self {
            run_id: record.id,
            name: record.name.clone(),
            flow: record.flow.clone(),
            state: record.state,
            how: match how {
                How::Recovery => "recovery",
                How::Resume => "resume",
                How::Rerun => "rerun",
            }
            .to_owned(),
            has_begun: record.started.is_some(),
            steps: steps.collect(),
            lines: lines.collect(),
            and_what_follows: plan.and_what_follows,
        }
    }
}
