//! A run as the fields that scripts rely on.

use serde_json::{Value, json};

use super::door::Door;
use super::style;
use crate::error::Result;
use crate::model::ids::RunId;
use crate::model::record::TaskCounts;
use crate::model::state::TaskState;
use crate::ops::inspect::Step;
use crate::ops::view::{RunView, StepView};

/// What `run`, `runs resume` and `runs ls` print of a run.
pub(super) fn of(run: &RunView) -> Value {
    serde_json::to_value(run).expect("a run is text and numbers")
}

/// As [`of`], for one run, and why it did not complete.
///
/// # Errors
/// If the store or the server fails.
pub(super) async fn read(door: &Door, run: RunId) -> Result<Value> {
    let seen = door.run(run).await?;
    let mut value = of(&seen.view());
    value["digest"] = json!(door.digest(&seen).await?);
    Ok(value)
}

/// What `runs show` adds: a list of the steps.
pub(super) fn steps(steps: &[Step]) -> Value {
    let steps = steps.iter().cloned().map(StepView::from);
    let steps: Vec<StepView> = steps.collect();
    serde_json::to_value(steps).expect("steps are text and numbers")
}

/// How many tasks, and what of them is worth a word: `14 tasks, 1 failed`.
pub(super) fn counted(tasks: &TaskCounts) -> String {
    let mut text = match tasks.total {
        1 => "1 task".to_owned(),
        total => format!("{total} tasks"),
    };
    let parts = [
        (tasks.failed, "failed"),
        (tasks.skipped, "skipped"),
        (tasks.cached, "cached"),
        (tasks.reused, "reused"),
    ];
    for (count, what) in parts.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!(", {count} {what}"));
    }
    text
}

/// The words behind a step: what its sign does not say.
pub(super) fn step_note(step: &Step) -> String {
    let state = match step.state {
        TaskState::Completed => String::new(),
        other => style::words(other.as_str()),
    };
    let attempts = (step.attempts > 1).then(|| format!("{} attempts", step.attempts));
    let label = step.label.clone();
    let parts = [label, Some(state), attempts, step.note.clone()];
    let parts: Vec<_> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(" · ")
}
