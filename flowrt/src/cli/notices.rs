//! `notices …`: who is told of runs that fail, and what was sent.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};
use serde_json::json;

use super::command::{text, wants_json};
use super::time_text::rfc3339;
use super::{print, store_place, table, time_text};
use crate::config::Way;
use crate::error::Result;
use crate::ops::Engine;

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
            store_place::open(matches).await?.test_notice(name).await?;
            if wants_json(matches) {
                print::json(&json!({ "sent": name }))?;
            } else {
                print::note(&format!("sent {name}"));
            }
        }
        other => {
            let matches = other.map_or(matches, |(_, matches)| matches);
            list(&store_place::open_existing(matches).await?, matches).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(engine: &Engine, matches: &ArgMatches) -> Result<()> {
    let noted = engine.noted(LISTED).await?;
    if wants_json(matches) {
        let noted = noted.iter().map(|notice| {
            json!({
                "notice": notice.notice,
                "key": notice.key,
                "run_id": notice.run,
                "news": notice.body,
                "noted": rfc3339(notice.created),
                "due": notice.due.map(rfc3339),
                "tries": notice.tries,
                "sent": notice.sent.map(rfc3339),
                "error": notice.error,
            })
        });
        return print::json(&json!(noted.collect::<Vec<_>>()));
    }
    let notices = engine.notices();
    if notices.is_empty() {
        print::note("nobody is told: flowrt.toml has no [[notices]]");
    }
    for notice in notices {
        let way = match &notice.way {
            Way::Command(words) => words.join(" "),
            Way::Webhook(_) => "webhook".to_owned(),
            Way::Slack(_) => "slack".to_owned(),
            Way::Email(to) => to.join(", "),
        };
        let flows = match notice.flows.as_slice() {
            [] => "all flows".to_owned(),
            flows => flows.join(", "),
        };
        print::data(&format!(
            "{} · {} of {flows} · {way}",
            notice.name,
            notice.on.join(", ")
        ))?;
    }
    let rows: Vec<Vec<String>> = noted
        .iter()
        .map(|notice| {
            let state = match (notice.sent, notice.due, &notice.error) {
                (Some(sent), _, _) => format!("✓ sent {}", time_text::local_with_zone(sent)),
                (_, Some(_), None) => "○ to be sent".to_owned(),
                (_, due, Some(error)) => {
                    let sign = if due.is_some() { "↻" } else { "✗" };
                    format!("{sign} {} tries: {error}", notice.tries)
                }
                (_, None, None) => "✗ not sent".to_owned(),
            };
            let about = notice.body["text"].as_str().unwrap_or_default();
            let about = about.lines().next().unwrap_or_default().to_owned();
            vec![notice.notice.clone(), about, state]
        })
        .collect();
    if !rows.is_empty() {
        print::data(&table::lines(&["NOTICE", "ABOUT", "STATE"], rows))?;
    }
    Ok(())
}
