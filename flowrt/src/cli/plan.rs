//! What a resume or a rerun will do, for people and for programs, and the question whether to go on.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::command::wants_json;
use super::print;
use crate::clock::Clock;
use crate::error::Result;
use crate::model::plan::Action;
use crate::model::record::RunRecord;
use crate::model::state::RunState;
use crate::ops::view::PlanView;

/// The columns of a line of the plan: the action, and the names up to here.
const NAMES_WIDTH: usize = 28;
/// A plan is for reading; more than this scrolls away.
const LINES_MAX: usize = 60;

/// The options that both verbs have.
pub(super) fn args(command: Command) -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .action(ArgAction::SetTrue)
            .help(help)
    };
    command
        .arg(flag("plan", "Show what it would do, and do nothing"))
        .arg(flag("yes", "Go on without asking"))
        .arg(flag(
            "trust-changed",
            "Keep results although the text of their task has changed since",
        ))
        .arg(flag(
            "retry-handled",
            "Do failures again that the flow handled or tolerated, too",
        ))
}

/// Whether the plan is all that is wanted.
pub(super) fn is_all(matches: &ArgMatches) -> bool {
    matches.get_flag("plan")
}

/// The plan as the only output: on stdout as JSON, else as people see it.
pub(super) fn show_only(
    record: &RunRecord,
    plan: &PlanView,
    verb: &str,
    as_json: bool,
) -> Result<ExitCode> {
    if as_json {
        print::json(&serde_json::to_value(plan).expect("a plan is text"))?;
    } else {
        show(record, plan, verb);
    }
    Ok(ExitCode::SUCCESS)
}

/// The plan on stderr.
pub(super) fn show(record: &RunRecord, plan: &PlanView, verb: &str) {
    let ended = record.finished.unwrap_or(record.created);
    let ago = Clock::real().now().saturating_sub(ended);
    let state = told(record.state);
    let when = match state {
        Some(state) => format!("{state} {}. ", ago_text(ago)),
        None => String::new(),
    };
    print::note(&format!("{} {when}{verb}", record.name));
    for line in lines(plan) {
        print::note(&format!("  {line}"));
    }
}

fn lines(plan: &PlanView) -> Vec<String> {
    let width = plan.lines.iter().map(|line| line.steps.chars().count());
    let width = width.max().unwrap_or(0).min(NAMES_WIDTH);
    let mut lines: Vec<String> = plan
        .lines
        .iter()
        .map(|line| {
            let action = match line.action == Action::Reuse.as_str() {
                true => "keep",
                false => "run ",
            };
            format!("{action}   {:width$}   {}", line.steps, line.reason)
        })
        .collect();
    if lines.len() > LINES_MAX {
        let more = lines.len() - LINES_MAX;
        lines.truncate(LINES_MAX);
        lines.push(format!(
            "… and {more} lines more; --plan --json lists every step"
        ));
    }
    if plan.and_what_follows {
        lines.push("and what follows".to_owned());
    } else if lines.is_empty() {
        lines.push("run    everything".to_owned());
    }
    lines
}

fn told(state: RunState) -> Option<&'static str> {
    match state {
        RunState::Failed => Some("failed"),
        RunState::TimedOut => Some("timed out"),
        RunState::Crashed => Some("crashed"),
        RunState::Cancelled => Some("was cancelled"),
        RunState::Parked => Some("parked"),
        RunState::Completed => Some("completed"),
        RunState::Skipped => Some("ended as skipped"),
        _ => None,
    }
}

fn ago_text(micros: i64) -> String {
    let seconds = micros.max(0) / 1_000_000;
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    match (count, unit) {
        (0, _) => "just now".to_owned(),
        (1, unit) => format!("1 {unit} ago"),
        (count, unit) => format!("{count} {unit}s ago"),
    }
}

/// Whether to go on: asks only where a person can answer and has not said so already.
pub(super) fn confirmed(matches: &ArgMatches) -> Result<bool> {
    asked(
        matches,
        "Go on? [y/N]  --yes to skip this question, --trust-changed to keep results whose text changed",
    )
}

/// The same with another question.
pub(super) fn asked(matches: &ArgMatches, question: &str) -> Result<bool> {
    let is_decided = matches.get_flag("yes") || wants_json(matches);
    if is_decided || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(true);
    }
    print::note(question);
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// What is said when the person does not want to go on.
pub(super) fn declined(record: &RunRecord) -> ExitCode {
    print::note(&format!("{} stays as it is", record.name));
    ExitCode::SUCCESS
}
