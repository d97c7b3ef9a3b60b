//! `runs cancel RUN`.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::command::{run_arg, text};
use crate::error::Result;
use crate::ops::Engine;

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("cancel")
        .about("Ask it to stop")
        .arg(run_arg())
}

/// Asks; when this returns, nothing new starts.
///
/// # Errors
/// If there is no such run.
pub(super) async fn run(engine: &Engine, matches: &ArgMatches) -> Result<ExitCode> {
    let record = engine.find(text(matches, "run")).await?;
    engine.cancel(record.id).await?;
    Ok(ExitCode::SUCCESS)
}
