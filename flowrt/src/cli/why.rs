//! `runs why RUN`: why it does not go on, and what to do about it.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::command::{program_name, run_arg, text, wants_json};
use super::door::Door;
use super::live::Moment;
use super::print;
use crate::clock::Clock;
use crate::error::Result;
use crate::model::record::{Micros, RunRecord};
use crate::model::state::RunState;
use crate::ops::{Part, Reason, Why};

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("why")
        .about("Why it does not go on, and what to do")
        .arg(run_arg())
}

/// Says it on stdout.
///
/// # Errors
/// If the store fails or has no such run.
pub(super) async fn run(door: &Door, matches: &ArgMatches) -> Result<ExitCode> {
    let record = door.find(text(matches, "run")).await?;
    tell(door, &record, wants_json(matches)).await?;
    Ok(ExitCode::SUCCESS)
}

/// Says why a run and those below it do not go on.
///
/// # Errors
/// If the store fails.
pub(super) async fn tell(door: &Door, record: &RunRecord, as_json: bool) -> Result<()> {
    let reasons = door.why(record.id).await?;
    if as_json {
        let value = serde_json::to_value(&reasons).expect("reasons are text and numbers");
        return print::json(&value);
    }
    let moment = Moment {
        now: Clock::real().now(),
        zone: jiff::tz::TimeZone::system(),
    };
    let program = program_name();
    let told = reasons.iter();
    let told: Vec<String> = told
        .flat_map(|reason| lines(reason, &moment, &program))
        .collect();
    print::data(&told.join("\n"))
}

/// One reason: what it is, what more there is to say of it, then what to do.
pub(super) fn lines(reason: &Reason, moment: &Moment, program: &str) -> Vec<String> {
    let who = match &reason.step {
        Some(step) => format!("{} · {step}", reason.name),
        None => reason.name.clone(),
    };
    let words = reason.why.words();
    let what: String = words.what.iter().map(|part| shown(part, moment)).collect();
    let told = words.more.into_iter().chain(todo(reason, program));
    std::iter::once(format!("{who} {what}."))
        .chain(told.map(|line| format!("  {line}")))
        .collect()
}

fn shown(part: &Part, moment: &Moment) -> String {
    match part {
        Part::Name(name) => format!("`{name}`"),
        Part::Text(text) | Part::Run(text) | Part::Limit(text) => text.clone(),
        Part::At(at) => format!("{} ({})", moment.clock(*at), from_now(*at, moment)),
    }
}

/// The commands that help.
fn todo(reason: &Reason, program: &str) -> Vec<String> {
    let run = &reason.name;
    let resume = format!("go on:  {program} runs resume {run}");
    let give_up = format!("give it up:  {program} runs cancel {run}");
    match &reason.why {
        Why::Ended {
            state: RunState::Completed | RunState::Skipped,
        } => vec![],
        Why::Ended { .. } => vec![format!("see why:  {program} runs show {run}"), resume],
        Why::NotTaken | Why::Dead { .. } | Why::Interrupted => vec![resume],
        Why::NoWorker { queue } => vec![
            format!("start one:  {program} serve, or {program} worker --queue {queue}"),
            format!("or run it here:  {program} runs resume {run}"),
        ],
        Why::UnknownFlow { .. } => vec![
            "start the program that has it, with serve or worker".to_owned(),
            give_up,
        ],
        Why::Parked { in_doubt: true, .. } => vec![
            format!("do that again:  {program} runs resume {run} --retry-crashed"),
            give_up,
        ],
        Why::Parked { .. } => vec![
            format!("go on with the present code:  {program} runs resume {run}"),
            give_up,
        ],
        Why::Limit { limit, .. } => vec![format!("see the queue:  {program} limits show {limit}")],
        Why::MaxRuns { holders, .. } => {
            let first = holders.first();
            let show =
                first.map(|first| format!("see the first:  {program} runs show {}", first.name));
            show.into_iter().collect()
        }
        Why::Signal { signal, schema, .. } => vec![format!(
            "send it:  {program} runs signal {run} {signal} {}",
            sample(schema)
        )],
        _ => vec![],
    }
}

/// `in 4 s`.
fn from_now(at: Micros, moment: &Moment) -> String {
    let left = u64::try_from(at.saturating_sub(moment.now)).unwrap_or(0);
    let seconds = std::time::Duration::from_secs(left.div_ceil(1_000_000));
    match seconds.is_zero() {
        true => "now".to_owned(),
        false => format!("in {}", flowrt_grammar::format_duration(seconds)),
    }
}

/// A value of a type, for a command line that can be typed as it stands where the type is simple.
fn sample(schema: &serde_json::Value) -> &'static str {
    match schema["type"].as_str() {
        Some("boolean") => "true",
        Some("string") => "'…'",
        Some("integer" | "number") => "1",
        Some("null") => "null",
        Some("array") => "'[…]'",
        Some("object") => "'{…}'",
        _ => "'JSON'",
    }
}
