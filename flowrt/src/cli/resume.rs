//! `runs resume RUN`: go on where it stopped.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::command::{run_arg, text, wants_json};
use super::outcome;
use crate::error::Result;
use crate::ops::Engine;

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("resume")
        .about("Go on where it stopped")
        .arg(run_arg())
}

/// Drives the run to its end.
///
/// # Errors
/// If it cannot be resumed.
pub(super) async fn run(engine: &Engine, matches: &ArgMatches) -> Result<ExitCode> {
    let record = engine.find(text(matches, "run")).await?;
    let run = engine.resume(record.id).await?;
    outcome::report(
        engine,
        super::interrupt::wait(run).await?,
        wants_json(matches),
    )
    .await
}
