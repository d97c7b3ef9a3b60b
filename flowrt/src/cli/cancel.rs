//! `runs cancel RUN`.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::command::{run_arg, text, wants_json};
use super::door::Door;
use super::{print, run_json};
use crate::error::Result;

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("cancel")
        .about("Ask it, and what it started, to stop")
        .arg(run_arg())
}

/// Asks; when this returns, nothing new starts. A run that has ended stays as it is.
///
/// # Errors
/// If there is no such run.
pub(super) async fn run(door: &Door, matches: &ArgMatches) -> Result<ExitCode> {
    let record = door.find(text(matches, "run")).await?;
    let had_ended = record.state.is_final();
    if !had_ended {
        door.cancel(record.id).await?;
    }
    let record = door.run(record.id).await?;
    let (name, state) = (&record.name, record.state);
    if wants_json(matches) {
        print::json(&run_json::read(door, record.id).await?)?;
    } else {
        print::note(&match (had_ended, state.is_final()) {
            (true, _) => format!("{name} has ended already: {state}"),
            (false, true) => format!("{name} is {state}"),
            (false, false) => format!("{name} was asked to stop; nothing new starts"),
        });
    }
    Ok(ExitCode::SUCCESS)
}
