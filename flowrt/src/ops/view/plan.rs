//! What taking a run up again will do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ids::RunId;
use crate::model::plan::{How, Plan};
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

impl PlanView {
    /// The plan for that run.
    pub fn of(record: &RunRecord, how: How, plan: &Plan) -> Self {
        let steps = plan.steps.iter().map(|line| PlannedView {
            step: line.step.clone(),
            task: line.task.clone(),
            action: line.action.as_str().to_owned(),
            reason: line.reason.to_string(),
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
            and_what_follows: plan.and_what_follows,
        }
    }
}
