//! `runs delete RUN…`.

use std::process::ExitCode;

use clap::{ArgAction, ArgMatches, Command};

use super::command::{run_arg, wants_json};
use super::door::Door;
use super::print;
use crate::error::Result;
use crate::ops::not_ended;

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("delete")
        .about("Delete runs that have ended, with their steps, logs and child runs")
        .arg(run_arg().action(ArgAction::Append).num_args(1..))
}

/// Deletes all of them, or none if one of them is not there or has not ended.
///
/// # Errors
/// If there is no such run, or it has not ended.
pub(super) async fn run(door: &Door, matches: &ArgMatches) -> Result<ExitCode> {
    let mut records = Vec::new();
    for reference in matches.get_many::<String>("run").into_iter().flatten() {
        let record = door.find(reference).await?;
        // All of them, or none: what has not ended is refused before anything is gone.
        if !record.state.is_final() {
            return Err(not_ended(&record.name));
        }
        records.push(record);
    }
    let mut deleted = Vec::new();
    for record in records {
        door.delete(&record).await?;
        print::note(&format!("deleted {}", record.name));
        deleted.push(record.record.name);
    }
    if wants_json(matches) {
        print::json(&serde_json::json!({ "deleted": deleted }))?;
    }
    Ok(ExitCode::SUCCESS)
}
