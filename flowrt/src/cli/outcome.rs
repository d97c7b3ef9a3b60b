//! What became of a run: for people and for programs, and as an exit code.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::ending;
use crate::error::{Error, ErrorKind, Result};
use crate::model::record::{RunRecord, StepKind};
use crate::model::state::{RunState, TaskState};
use crate::ops::Engine;

/// Says what is wrong, why, and what to try. Usage and input end with 2, all else with 1.
pub(super) fn complain(error: &Error) -> ExitCode {
    eprintln!("error: {error}");
    for cause in error.chain() {
        eprintln!("  caused by: {cause}");
    }
    if let Some(hint) = error.try_this() {
        eprintln!("try: {hint}");
    }
    let usage = matches!(
        error.kind(),
        ErrorKind::Input | ErrorKind::NotFound | ErrorKind::Unsupported
    );
    ExitCode::from(if usage { 2 } else { 1 })
}

/// The end of a run that was driven here.
pub(super) async fn report(engine: &Engine, record: RunRecord, as_json: bool) -> Result<ExitCode> {
    if as_json {
        println!("{}", run_json(engine, &record).await?);
    } else {
        for line in ending::of(engine, &record).await? {
            eprintln!("{line}");
        }
        if let (RunState::Completed, Some(output)) = (record.state, &record.output) {
            println!("{}", output.to_value());
        }
    }
    Ok(ExitCode::from(match record.state {
        RunState::Completed | RunState::Skipped => 0,
        RunState::Cancelled => 3,
        RunState::Parked | RunState::Waiting => 4,
        RunState::Interrupted => 130,
        _ => 1,
    }))
}

/// One run as the fields that scripts rely on.
pub(super) async fn run_json(engine: &Engine, record: &RunRecord) -> Result<Value> {
    let steps = engine.journal(record.id).await?.steps;
    let tasks: Vec<_> = steps
        .iter()
        .filter(|step| matches!(step.kind, StepKind::Task | StepKind::Flow | StepKind::Node))
        .collect();
    let count =
        |want: &dyn Fn(TaskState) -> bool| tasks.iter().filter(|step| want(step.state)).count();
    let error = record.error.as_ref().map(|error| Error::from_json(error));
    let error = error.map(|error| json!({ "message": error.message(), "chain": error.chain().collect::<Vec<_>>(), "task": error.task() }));
    Ok(json!({
        "run_id": record.id,
        "name": record.name,
        "flow": record.flow,
        "state": record.state,
        "result": record.output.as_ref().map(|output| output.to_value()),
        "error": error,
        "duration_ms": record.finished.zip(record.started).map(|(finished, started)| (finished - started).max(0) / 1000),
        "tasks": {
            "total": tasks.len(),
            "completed": count(&TaskState::is_success),
            "cached": count(&|state| state == TaskState::Cached),
            "reused": tasks.iter().filter(|step| step.reused_from.is_some()).count(),
            "failed": count(&TaskState::is_failure),
            "skipped": count(&|state| matches!(state, TaskState::Skipped | TaskState::Cancelled)),
        },
    }))
}
