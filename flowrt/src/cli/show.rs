//! `runs show RUN`: one run and its steps.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use serde_json::{Value, json};

use super::command::{run_arg, text, wants_json};
use super::outcome::run_json;
use crate::error::Result;
use crate::ops::Engine;

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("show")
        .about("One run and its steps")
        .arg(run_arg())
}

/// Shows it.
///
/// # Errors
/// If there is no such run.
pub(super) async fn run(engine: &Engine, matches: &ArgMatches) -> Result<ExitCode> {
    let record = engine.find(text(matches, "run")).await?;
    let mut value = run_json(engine, &record).await?;
    let steps = engine.journal(record.id).await?.steps;
    if wants_json(matches) {
        let steps: Vec<_> = steps.iter().map(|step| json!({ "step": step.step, "task": step.task, "state": step.state, "attempts": step.attempts, "started": step.started, "finished": step.finished })).collect();
        value["steps"] = Value::Array(steps);
        println!("{value}");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} · {} · {}", record.flow, record.name, record.state);
    for step in &steps {
        println!(
            "  {} {:30} {}",
            crate::draw::label::sign(step.state),
            step.step,
            step.state
        );
    }
    Ok(ExitCode::SUCCESS)
}
