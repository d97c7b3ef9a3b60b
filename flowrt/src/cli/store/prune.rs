//! `store prune --older-than 30d`: delete runs that ended long ago.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::json;

use super::super::command::wants_json;
use super::super::print;
use super::size::spoken;
use crate::clock::micros;
use crate::error::Result;
use crate::model::retention::Rule;
use crate::model::state::RunState;
use crate::ops::{Engine, Old};

/// How many names are told.
const NAMES: usize = 20;

/// Its command line.
pub(super) fn command() -> Command {
    let ended = RunState::ALL.iter().filter(|state| state.is_final());
    Command::new("prune")
        .about("Delete runs that ended long ago, with all below them")
        .long_about(LONG)
        .arg(
            Arg::new("older-than")
                .long("older-than")
                .value_name("AGE")
                .required(true)
                .value_parser(age)
                .help("Runs that ended so long ago, such as 30d"),
        )
        .arg(
            Arg::new("flow")
                .long("flow")
                .value_name("FLOW")
                .help("Only runs of this flow"),
        )
        .arg(
            Arg::new("state")
                .long("state")
                .value_name("STATE")
                .action(ArgAction::Append)
                .ignore_case(true)
                .value_parser(ended.map(|state| state.as_str()).collect::<Vec<_>>())
                .help("Only runs that ended like this (may be repeated)"),
        )
        .arg(
            Arg::new("keep")
                .long("keep")
                .value_name("N")
                .default_value("0")
                .hide_default_value(true)
                .value_parser(value_parser!(usize))
                .help("Keep the newest N of each flow, whatever their age"),
        )
        .arg(
            Arg::new("dry-run")
                .long("dry-run")
                .action(ArgAction::SetTrue)
                .help("Only say what would be deleted"),
        )
}

const LONG: &str = "\
Delete runs that ended long ago, with all below them. Runs that have not ended, or wait for a person, are never touched, nor \
what is below them. It works a little at a time while other runs go on, may be stopped at any point, and gives the space \
back to the disk. To have it done by itself: [retention] in flowrt.toml.";

fn age(text: &str) -> std::result::Result<Duration, String> {
    flowrt_grammar::parse_duration(text).map_err(|error| error.message)
}

/// Deletes them, or says which.
///
/// # Errors
/// If the store fails.
pub(super) async fn run(engine: &Engine, matches: &ArgMatches) -> Result<ExitCode> {
    let age = matches
        .get_one::<Duration>("older-than")
        .copied()
        .unwrap_or_default();
    let states = matches.get_many::<String>("state").into_iter().flatten();
    let rule = Rule {
        ended_before: engine.now().saturating_sub(micros(age)),
        flow: matches.get_one::<String>("flow").cloned(),
        states: states.filter_map(|state| RunState::parse(state)).collect(),
        keep: matches
            .get_one::<usize>("keep")
            .copied()
            .unwrap_or_default(),
    };
    if matches.get_flag("dry-run") {
        let old = engine.plan_prune(&rule).await?;
        if wants_json(matches) {
            print::json(&json!({ "would_delete": names(&old) }))?;
        } else {
            print::note(&format!("would delete {}", told(&old)));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let pruned = engine.prune(&rule).await?;
    if wants_json(matches) {
        print::json(&json!({
            "deleted": names(&pruned.deleted),
            "kept": names(&pruned.kept),
            "bytes_given_back": pruned.given_back,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut said = format!("deleted {}", told(&pruned.deleted));
    if pruned.given_back > 0 {
        said.push_str(&format!("; gave {} back", spoken(pruned.given_back)));
    }
    if !pruned.kept.is_empty() {
        let kept = told(&pruned.kept);
        said.push_str(&format!("\nkept {kept}: a run below has not ended"));
    }
    print::note(&said);
    Ok(ExitCode::SUCCESS)
}

fn names(runs: &[Old]) -> Vec<&str> {
    runs.iter().map(|run| run.name.as_str()).collect()
}

/// `no run`, `1 run: calm-otter`, `300 runs: …, and 280 more`.
fn told(runs: &[Old]) -> String {
    let shown = names(runs);
    let count = match runs.len() {
        0 => return "no run".to_owned(),
        1 => "1 run".to_owned(),
        count => format!("{count} runs"),
    };
    let more = match runs.len().saturating_sub(NAMES) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let first = shown.iter().take(NAMES).copied().collect::<Vec<_>>();
    format!("{count}: {}{more}", first.join(", "))
}
