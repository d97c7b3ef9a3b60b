//! `runs ls`: runs, newest first.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::Value;

use super::command::wants_json;
use super::door::{Door, Seen};
use super::{print, run_json, style, table, time_text};
use crate::error::Result;
use crate::model::state::RunState;
use crate::ops::RunFilter;

/// How many runs are listed if nobody says.
const LIMIT: usize = 50;

/// Its command line.
pub(super) fn command() -> Command {
    filters(Command::new("ls").about("Runs, newest first"))
}

/// The filters, which the bare `runs` understands too.
pub(super) fn filters(command: Command) -> Command {
    let states = RunState::ALL.iter().map(|state| state.as_str());
    command
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
                .value_parser(states.collect::<Vec<_>>())
                .help("Only runs in this state (may be repeated)"),
        )
        .arg(
            Arg::new("limit")
                .long("limit")
                .value_name("N")
                .value_parser(value_parser!(usize))
                .help(format!("At most so many; 0 for all [default: {LIMIT}]")),
        )
        .arg(
            Arg::new("children")
                .long("children")
                .action(ArgAction::SetTrue)
                .help("Also runs that other runs started"),
        )
}

/// Lists them.
///
/// # Errors
/// If the store fails.
pub(super) async fn run(door: &Door, matches: &ArgMatches) -> Result<ExitCode> {
    let limit = matches
        .get_one::<usize>("limit")
        .copied()
        .unwrap_or(LIMIT)
        .min(usize::MAX - 1);
    let states = matches.get_many::<String>("state").into_iter().flatten();
    let filter = RunFilter {
        flow: matches.get_one::<String>("flow").cloned(),
        states: states.filter_map(|state| RunState::parse(state)).collect(),
        roots_only: !matches.get_flag("children"),
        // One more than is shown tells whether there are more.
        limit: if limit == 0 { 0 } else { limit + 1 },
        ..RunFilter::default()
    };
    let is_filtered = filter.flow.is_some() || !filter.states.is_empty();
    let mut runs = door.runs(filter).await?;
    let has_more = limit > 0 && runs.len() > limit;
    if has_more {
        runs.truncate(limit);
    }
    if wants_json(matches) {
        let values = runs.iter().map(|run| run_json::of(&run.view()));
        print::json(&Value::Array(values.collect()))?;
        return Ok(ExitCode::SUCCESS);
    }
    if runs.is_empty() {
        print::note(if is_filtered {
            "no run is like that"
        } else {
            "no runs yet"
        });
        return Ok(ExitCode::SUCCESS);
    }
    let now = door.now();
    let rows = runs.iter().map(|run| row(run, now));
    print::data(&in_colour(&table::lines(
        &["NAME", "FLOW", "STATE", "STARTED", "TOOK", "TASKS"],
        rows.collect(),
    )))?;
    if has_more {
        print::note(&format!("the newest {limit}; all of them: --limit 0"));
    }
    Ok(ExitCode::SUCCESS)
}

fn row(run: &Seen, now: i64) -> Vec<String> {
    let (record, counts) = (&run.record, &run.tasks);
    let started = record.started.unwrap_or(record.created);
    let from = match record.due {
        Some(due) if record.started.is_none() => format!("due {}", time_text::local(due)),
        _ => time_text::local(started),
    };
    let took = match (record.started, record.finished) {
        (None, None) => String::new(),
        (_, Some(finished)) => time_text::between(started, finished),
        (Some(_), None) => format!("{} so far", time_text::between(started, now)),
    };
    let tasks = match run.is_orphaned {
        true => format!("{}; its process is gone", run_json::counted(counts)),
        false => run_json::counted(counts),
    };
    vec![
        record.name.clone(),
        match (record.flow_shown(), &record.dispatch.deployment) {
            (flow, Some(deployment)) if deployment != flow => format!("{flow} ({deployment})"),
            (flow, _) => flow.to_owned(),
        },
        format!("{} {}", style::run_sign(record.state), record.state),
        from,
        took,
        tasks,
    ]
}

/// Colours the signs, after the columns were measured.
fn in_colour(lines: &str) -> String {
    if !style::has_colour() {
        return lines.to_owned();
    }
    let signs = RunState::ALL
        .iter()
        .map(|state| (*state, style::run_sign(*state)));
    signs.fold(lines.to_owned(), |lines, (state, sign)| {
        lines.replace(
            &format!("{sign} {state} "),
            &format!("{} {state} ", style::coloured(sign)),
        )
    })
}
