//! `runs signal RUN NAME JSON`: send it what it waits for.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};

use super::command::{run_arg, text};
use crate::error::{Error, ErrorKind, Result};
use crate::ops::Engine;

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("signal")
        .about("Send it a value that it waits for")
        .arg(run_arg())
        .arg(Arg::new("name").required(true))
        .arg(Arg::new("value").required(true).help("JSON"))
}

/// Sends it; when this returns, the signal is on the disk.
///
/// # Errors
/// If the value is not JSON, or there is no such run.
pub(super) async fn run(engine: &Engine, matches: &ArgMatches) -> Result<ExitCode> {
    let record = engine.find(text(matches, "run")).await?;
    let value = serde_json::from_str(text(matches, "value"))
        .map_err(|error| Error::new(ErrorKind::Input, format!("the value is not JSON: {error}")))?;
    engine
        .signal(record.id, text(matches, "name"), &value)
        .await?;
    Ok(ExitCode::SUCCESS)
}
