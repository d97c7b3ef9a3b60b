//! What became of a run: for people and for programs, and as an exit code.

use std::process::ExitCode;

use super::command::program_name;
use super::{print, run_json};
use crate::error::{Error, ErrorKind, Result};
use crate::model::record::RunRecord;
use crate::model::state::RunState;
use crate::ops::Engine;

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
pub(super) async fn report(engine: &Engine, record: RunRecord, as_json: bool) -> Result<ExitCode> {
    let value = run_json::read(engine, &record).await?;
    if as_json {
        print::json(&value)?;
    } else {
        people(&record, &value)?;
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
pub(super) async fn left(engine: &Engine, record: &RunRecord, as_json: bool) -> Result<ExitCode> {
    if as_json {
        print::json(&run_json::read(engine, record).await?)?;
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

fn people(record: &RunRecord, value: &serde_json::Value) -> Result<()> {
    let took = std::time::Duration::from_millis(value["duration_ms"].as_u64().unwrap_or(0));
    let took = flowrt_grammar::format_duration(took);
    if record.state == RunState::Completed {
        print::note(&format!(
            "Completed in {took} · {} tasks",
            value["tasks"]["total"]
        ));
        return match &record.output {
            Some(output) => print::data(&output.to_value().to_string()),
            None => Ok(()),
        };
    }
    let error = record.error.as_ref().map(|error| Error::from_json(error));
    let at = error
        .as_ref()
        .and_then(Error::task)
        .map_or_else(String::new, |task| format!(" at {task}"));
    print::note(&format!("{} in {took}{at}", record.state));
    print::note(error_lines(record).trim_end());
    let told = error.as_ref().and_then(Error::try_this);
    match told.filter(|_| record.state == RunState::Parked) {
        // A parked run may need more than to be resumed.
        Some(hint) => print::note(&format!("try:  {hint}")),
        None => print::note(&format!(
            "try:  {} runs resume {}",
            program_name(),
            record.name
        )),
    }
    Ok(())
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
