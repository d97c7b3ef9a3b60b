//! A step of a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ErrorView, read_time, time};
use crate::error::Result;
use crate::model::ids::RunId;
use crate::model::record::StepKind;
use crate::model::state::TaskState;
use crate::ops::inspect::Step;

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Step")]
pub struct StepView {
    /// Its full id, such as `fetch_page[4]`.
    pub step: String,
    /// The registered name of the task or flow, or the kind for the others.
    pub task: String,
    /// Where it stands.
    pub state: TaskState,
    /// What people see of an item of a fan-out besides its id.
    pub label: Option<String>,
    /// How many attempts it has taken.
    pub attempts: u32,
    /// For a reused result: the run that it was computed in.
    pub reused_from: Option<RunId>,
    /// When its first attempt began.
    pub started: Option<String>,
    /// When it ended.
    pub finished: Option<String>,
    /// What kind of step it is; none for what waits.
    pub kind: Option<StepKind>,
    /// Why it failed.
    pub error: Option<ErrorView>,
    /// The flow handled or tolerated its failure.
    pub tolerated: bool,
    /// For a failure its message, for a wait what it waits for.
    pub note: Option<String>,
}

impl From<Step> for StepView {
    fn from(step: Step) -> Self {
        Self {
            step: step.step,
            task: step.task,
            state: step.state,
            label: step.label,
            attempts: step.attempts,
            reused_from: step.reused_from,
            started: step.started.map(time),
            finished: step.finished.map(time),
            kind: step.kind,
            error: step.error.as_ref().map(ErrorView::of),
            tolerated: step.tolerated,
            note: step.note,
        }
    }
}

impl StepView {
    /// The step that is told.
    ///
    /// # Errors
    /// If a time is none.
    pub fn into_step(self) -> Result<Step> {
        Ok(Step {
            step: self.step,
            task: self.task,
            state: self.state,
            attempts: self.attempts,
            started: self.started.as_deref().map(read_time).transpose()?,
            finished: self.finished.as_deref().map(read_time).transpose()?,
            label: self.label,
            reused_from: self.reused_from,
            kind: self.kind,
            error: self.error.map(ErrorView::into_payload),
            tolerated: self.tolerated,
            note: self.note,
        })
    }
}
