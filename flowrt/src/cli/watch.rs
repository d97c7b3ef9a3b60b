//! `runs watch RUN`: a run that another process drives, as if it were here.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::command::{run_arg, text, wants_json};
use super::door::Door;
use super::{live, outcome, why};
use crate::error::Result;
use crate::model::record::RunRecord;

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
pub(super) async fn run(door: &Door, matches: &ArgMatches) -> Result<ExitCode> {
    let record = door.find(text(matches, "run")).await?;
    until_end(door, &record, wants_json(matches)).await
}

/// Shows it until it ends, or until nobody drives it any more; then how it ended, or why it does not go on.
///
/// # Errors
/// If the store or the server fails.
pub(super) async fn until_end(door: &Door, record: &RunRecord, as_json: bool) -> Result<ExitCode> {
    let last = live::follow(door, record.id, as_json).await?;
    let record = door.run(last).await?.record;
    if record.state.is_final() || record.state.needs_person() {
        return outcome::report(door, record, as_json).await;
    }
    why::tell(door, &record, as_json).await?;
    Ok(ExitCode::from(4))
}
