//! `runs ls`: runs, newest first.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use serde_json::Value;

use super::command::wants_json;
use super::outcome::run_json;
use crate::error::Result;
use crate::ops::{Engine, RunFilter};

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("ls").about("Runs, newest first")
}

/// Lists them.
///
/// # Errors
/// If the store fails.
pub(super) async fn run(engine: &Engine, matches: &ArgMatches) -> Result<ExitCode> {
    let records = engine
        .runs(RunFilter {
            roots_only: true,
            limit: 50,
            ..RunFilter::default()
        })
        .await?;
    let mut values = Vec::with_capacity(records.len());
    for record in &records {
        values.push(run_json(engine, record).await?);
    }
    if wants_json(matches) {
        println!("{}", Value::Array(values));
        return Ok(ExitCode::SUCCESS);
    }
    for (record, value) in records.iter().zip(&values) {
        println!(
            "{:30} {:20} {:12} {} tasks",
            record.name, record.flow, record.state, value["tasks"]["total"]
        );
    }
    Ok(ExitCode::SUCCESS)
}
