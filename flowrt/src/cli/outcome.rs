//! What became of a run: for people and for programs, and as an exit code.

use std::process::ExitCode;

use super::command::program_name;
use super::door::Door;
use super::{ending, print, run_json};
use crate::error::{Error, ErrorKind, Result};
use crate::model::record::RunRecord;
use crate::model::state::RunState;

/// How long the end of this process waits for the notices of its run to be sent.
pub(super) const TOLD_WITHIN: std::time::Duration = std::time::Duration::from_secs(10);

/// Says what is wrong, why, and what to try. Usage and input end with 2, all else with 1.
pub(super) fn complain(error: &Error) -> ExitCode {
    print::note(&format!("error: {error}"));
    for cause in error.chain() {
        print::note(&format!("  caused by: {cause}"));
    }
    if let Some(hint) = error.try_this() {
        print::note(&format!("try: {hint}"));
    }
    let usage = matches!(
        error.kind(),
        ErrorKind::Input | ErrorKind::NotFound | ErrorKind::Unsupported
    );
    ExitCode::from(if usage { 2 } else { 1 })
}

/// The end of a run that was driven here.
pub(super) async fn report(door: &Door, record: RunRecord, as_json: bool) -> Result<ExitCode> {
    if as_json {
        print::json(&run_json::read(door, record.id).await?)?;
    } else {
        print::note(&ending::of(door, &record).await?.join("\n"));
        if let (RunState::Completed, Some(output)) = (record.state, &record.output) {
            print::data(&output.to_value().to_string())?;
        }
    }
    if let Ok(engine) = door.here() {
        engine.told_of(record.id, TOLD_WITHIN).await;
    }
    Ok(ExitCode::from(match record.state {
        RunState::Completed | RunState::Skipped => 0,
        RunState::Cancelled => 3,
        RunState::Parked | RunState::Waiting => 4,
        RunState::Interrupted => 130,
        _ => 1,
    }))
}

/// A run that goes on without this process.
pub(super) async fn left(door: &Door, record: &RunRecord, as_json: bool) -> Result<ExitCode> {
    if as_json {
        print::json(&run_json::read(door, record.id).await?)?;
    } else {
        print::data(&record.name)?;
        print::note(&format!(
            "goes on in the background\ntry:  {} runs show {}",
            program_name(),
            record.name
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Why a run did not complete, with its causes and the place in the source; empty if there is no error.
pub(super) fn error_lines(record: &RunRecord) -> String {
    let Some(error) = record.error.as_ref().map(|error| Error::from_json(error)) else {
        return String::new();
    };
    let mut lines = format!("  {error}\n");
    for cause in error.chain() {
        lines.push_str(&format!("    caused by {cause}\n"));
    }
    if let Some(location) = error.location() {
        lines.push_str(&format!("  {location}\n"));
    }
    lines
}
