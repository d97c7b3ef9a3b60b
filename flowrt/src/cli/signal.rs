//! `runs signal RUN NAME VALUE`: send it what it waits for.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};
use serde_json::json;

use super::command::{program_name, run_arg, text, wants_json};
use super::door::{Door, Seen};
use super::print;
use crate::error::{Error, ErrorKind, Result};
use crate::ops::signals::Awaited;

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("signal")
        .about("Send it a value that it waits for, or will wait for")
        .arg(run_arg())
        .arg(
            Arg::new("name")
                .value_name("NAME")
                .required(true)
                .help("What the flow calls it: receive(\"NAME\")"),
        )
        .arg(
            Arg::new("value")
                .value_name("VALUE")
                .required(true)
                .allow_hyphen_values(true)
                .help("As the waiting step takes it; JSON if none waits yet"),
        )
}

/// Sends it; when this returns, the signal is on the disk.
///
/// # Errors
/// If there is no such run, it has ended, or the value is not what the step takes.
pub(super) async fn run(door: &Door, matches: &ArgMatches) -> Result<ExitCode> {
    let record = door.find(text(matches, "run")).await?;
    if record.state.is_final() {
        let message = format!("the run {} has ended as {}", record.name, record.state);
        return Err(Error::new(ErrorKind::Input, message).hint("signals are for runs that go on"));
    }
    let (name, typed) = (text(matches, "name"), text(matches, "value"));
    let awaited = door.awaited(record.id).await?;
    let refuse = |fault: &str| {
        let message = format!("`{name}` of {} {fault}", record.name);
        Error::new(ErrorKind::Input, message).hint("nothing was sent; correct the value")
    };
    let value = awaited.read(name, typed).map_err(|fault| refuse(&fault))?;
    let faults: Vec<_> = awaited
        .faults(name, &value)
        .into_iter()
        .map(|fault| format!("{} {}", fault.path.trim_start_matches(name), fault.message))
        .collect();
    if !faults.is_empty() {
        return Err(refuse(faults.join("; ").trim()));
    }
    door.signal(record.id, name, &value).await?;
    if wants_json(matches) {
        let is_awaited = awaited.names().any(|there| there == name);
        print::json(
            &json!({ "run_id": record.id, "name": record.name, "signal": name, "awaited": is_awaited }),
        )?;
    } else {
        print::note(&said(&record, name, &awaited));
    }
    Ok(ExitCode::SUCCESS)
}

fn said(record: &Seen, name: &str, awaited: &Awaited) -> String {
    let run = &record.name;
    let mut text = if awaited.names().any(|there| there == name) {
        format!("sent `{name}` to {run}")
    } else {
        let near = flowrt_grammar::closest(name, awaited.names());
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        format!("sent `{name}` to {run}, which does not wait for it now and keeps it{near}")
    };
    if record.is_orphaned || record.state.needs_person() {
        text.push_str(&format!(
            "\ntry:  {} runs resume {run}, since no process drives it",
            program_name()
        ));
    }
    text
}
