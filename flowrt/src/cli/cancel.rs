//! `runs cancel RUN`.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::command::{run_arg, text};
use super::print;
use crate::error::Result;
use crate::ops::Engine;

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
pub(super) async fn run(engine: &Engine, matches: &ArgMatches) -> Result<ExitCode> {
    let record = engine.find(text(matches, "run")).await?;
    if record.state.is_final() {
        print::note(&format!(
            "{} has ended already: {}",
            record.name, record.state
        ));
        return Ok(ExitCode::SUCCESS);
    }
    engine.cancel(record.id).await?;
    let now = engine.record(record.id).await?.state;
    print::note(&if now.is_final() {
        format!("{} is {now}", record.name)
    } else {
        format!("{} was asked to stop; nothing new starts", record.name)
    });
    Ok(ExitCode::SUCCESS)
}
