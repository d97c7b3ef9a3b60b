//! `runs watch RUN`: a run that another process drives, as if it were here.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::command::{run_arg, text, wants_json};
use super::{live, outcome, why};
use crate::error::Result;
use crate::ops::Engine;

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("watch")
        .about("See it go on until it ends")
        .arg(run_arg())
}

/// Shows the run until it ends, or until nobody drives it any more.
///
/// # Errors
/// If the store fails or has no such run.
pub(super) async fn run(engine: &Engine, matches: &ArgMatches) -> Result<ExitCode> {
    let record = engine.find(text(matches, "run")).await?;
    let as_json = wants_json(matches);
    live::follow(engine, record.id, as_json).await?;
    let record = engine.record(record.id).await?;
    if record.state.is_final() || record.state.needs_person() {
        return outcome::report(engine, record, as_json).await;
    }
    why::tell(engine, &record, as_json).await?;
    Ok(ExitCode::from(4))
}
