//! A run as the fields that scripts rely on.

use serde_json::{Value, json};

use super::style;
use super::time_text::rfc3339;
use crate::error::{Error, Result};
use crate::model::record::{RunRecord, TaskCounts};
use crate::model::state::TaskState;
use crate::ops::Engine;
use crate::ops::inspect::Step;

/// What `run`, `runs resume` and `runs ls` print of a run.
pub(super) fn of(record: &RunRecord, tasks: &TaskCounts) -> Value {
    let error = record.error.as_ref().map(|error| Error::from_json(error));
    let error = error.map(|error| {
        json!({
            "message": error.message(),
            "chain": error.chain().collect::<Vec<_>>(),
            "task": error.task(),
        })
    });
    json!({
        "run_id": record.id,
        "name": record.name,
        "flow": record.flow,
        "state": record.state,
        "queue": record.dispatch.queue,
        "deployment": record.dispatch.deployment,
        "slot": record.dispatch.slot.as_ref().map(|slot| json!({
            "schedule": slot.schedule,
            "at": rfc3339(slot.at),
        })),
        "tags": record.dispatch.tags,
        "due": record.due.map(rfc3339),
        "result": record.output.as_ref().map(|output| output.to_value()),
        "error": error,
        "duration_ms": record.finished.zip(record.started).map(|(finished, started)| (finished - started).max(0) / 1000),
        "tasks": tasks,
    })
}

/// As [`of`], for one run, and why it did not complete.
///
/// # Errors
/// If the store fails.
pub(super) async fn read(engine: &Engine, record: &RunRecord) -> Result<Value> {
    let counts = engine.task_counts(vec![record.id]).await?;
    let mut value = of(record, &counts.first().copied().unwrap_or_default());
    value["digest"] = json!(engine.digest(record).await?);
    Ok(value)
}

/// What `runs show` adds: a list of the steps.
pub(super) fn steps(steps: &[Step]) -> Value {
    let steps = steps.iter().map(|step| {
        json!({
            "step": step.step,
            "task": step.task,
            "state": step.state,
            "label": step.label,
            "attempts": step.attempts,
            "reused_from": step.reused_from,
            "started": step.started.map(rfc3339),
            "finished": step.finished.map(rfc3339),
        })
    });
    Value::Array(steps.collect())
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
