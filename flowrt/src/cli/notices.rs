//! `notices …`: who is told of runs that fail, and what was sent.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};
use serde_json::json;

use super::command::{text, wants_json};
use super::door::Door;
use super::{door, print, table, time_text};
use crate::error::Result;
use crate::ops::view::{NotedView, read_time};

/// How many notices are listed.
const LISTED: usize = 50;

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("notices")
        .about("Show who is told of failures and what was sent, and test it")
        .subcommand_value_name("VERB")
        .disable_help_subcommand(true)
        .subcommand(Command::new("ls").about("Who is told, and the last notices"))
        .subcommand(
            Command::new("test")
                .about("Send a notice about nothing, now")
                .arg(
                    Arg::new("name")
                        .value_name("NAME")
                        .required(true)
                        .help("The `name` of a [[notices]] in flowrt.toml"),
                ),
        )
}

/// Carries out the verb; without one, lists.
///
/// # Errors
/// If the store cannot be used, a name is unknown, or the notice cannot be sent.
pub(super) async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    match matches.subcommand() {
        Some(("test", matches)) => {
            let name = text(matches, "name");
            door::open(matches).await?.test_notice(name).await?;
            if wants_json(matches) {
                print::json(&json!({ "sent": name }))?;
            } else {
                print::note(&format!("sent {name}"));
            }
        }
        other => {
            let matches = other.map_or(matches, |(_, matches)| matches);
            list(&door::open(matches).await?, matches).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(door: &Door, matches: &ArgMatches) -> Result<()> {
    let noted = door.noted(LISTED).await?;
    if wants_json(matches) {
        return print::json(&json!(noted));
    }
    let notices = door.notices().await?;
    if notices.is_empty() {
        print::note("nobody is told: flowrt.toml has no [[notices]]");
    }
    for notice in notices {
        let flows = match notice.flows.as_slice() {
            [] => "all flows".to_owned(),
            flows => flows.join(", "),
        };
        print::data(&format!(
            "{} · {} of {flows} · {} {}",
            notice.name,
            notice.on.join(", "),
            notice.way,
            notice.to
        ))?;
    }
    if noted.is_empty() {
        return Ok(());
    }
    let rows = noted.iter().map(|notice| {
        let about = notice.about().to_owned();
        Ok(vec![notice.notice.clone(), about, state(notice)?])
    });
    let rows: Result<Vec<_>> = rows.collect();
    print::data(&table::lines(&["NOTICE", "ABOUT", "STATE"], rows?))
}

fn state(notice: &NotedView) -> Result<String> {
    let error = notice.error.as_deref();
    Ok(match (&notice.sent, &notice.due, error) {
        (Some(sent), ..) => format!("✓ sent {}", time_text::local_with_zone(read_time(sent)?)),
        (None, Some(_), None) => "○ to be sent".to_owned(),
        (None, Some(_), Some(error)) => format!("↻ {}: {error}", tries(notice.tries)),
        (None, None, error) => {
            let error = error.unwrap_or("nobody knows why");
            format!("✗ given up after {}: {error}", tries(notice.tries))
        }
    })
}

fn tries(count: u32) -> String {
    match count {
        1 => "1 try".to_owned(),
        count => format!("{count} tries"),
    }
}
