//! `runs why RUN`: why it does not go on, and what to do about it.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::command::{program_name, run_arg, text, wants_json};
use super::door::Door;
use super::ending::counted;
use super::limits::amount;
use super::live::Moment;
use super::print;
use crate::clock::Clock;
use crate::error::Result;
use crate::model::record::{Micros, RunRecord};
use crate::model::state::RunState;
use crate::ops::{Holder, Reason, Why};

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

/// One reason in words: what, then what to do.
pub(super) fn lines(reason: &Reason, moment: &Moment, program: &str) -> Vec<String> {
    let who = match &reason.step {
        Some(step) => format!("{} · {step}", reason.name),
        None => reason.name.clone(),
    };
    of_run(reason, &who, moment, program).unwrap_or_else(|| of_step(reason, &who, moment, program))
}

/// What holds the run as a whole.
fn of_run(reason: &Reason, who: &str, moment: &Moment, program: &str) -> Option<Vec<String>> {
    let run = &reason.name;
    let resume = format!("  go on:  {program} runs resume {run}");
    let pid = |pid: &Option<u32>| pid.map_or_else(String::new, |pid| format!(" (pid {pid})"));
    Some(match &reason.why {
        Why::Ended {
            state: state @ (RunState::Completed | RunState::Skipped),
        } => {
            vec![format!("{who} has ended: {}.", lower(*state))]
        }
        Why::Ended { state } => vec![
            format!("{who} has ended: {}.", lower(*state)),
            format!("  see why:  {program} runs show {run}"),
            resume,
        ],
        Why::NotTaken => vec![
            format!("{who} was accepted, and no process has taken it."),
            resume,
        ],
        Why::Scheduled { due } => vec![format!(
            "{who} is scheduled; it begins{}.",
            when("at", Some(*due), moment)
        )],
        Why::NoWorker { queue } => vec![
            format!("{who} is due, and no worker listens on the queue `{queue}`."),
            format!("  start one:  {program} serve, or {program} worker --queue {queue}"),
            format!("  or run it here:  {program} runs resume {run}"),
        ],
        Why::UnknownFlow { flow, queue } => vec![
            format!(
                "{who} is due, and no worker on the queue `{queue}` has the flow `{flow}`. It waits for one that has."
            ),
            "  start the program that has it, with serve or worker; or give the run up:".to_owned(),
            format!("  {program} runs cancel {run}"),
        ],
        Why::OtherBuild { build } => vec![format!(
            "{who} has begun under the build {build}, and waits for a worker of that build, because one lives."
        )],
        Why::Queued { queue, workers } => vec![format!(
            "{who} waits in the queue `{queue}` for one of {workers} worker{} to have room.",
            if *workers == 1 { "" } else { "s" }
        )],
        Why::Dead { pid: dead } => vec![
            format!(
                "{who} stands still: the process that drove it{} is gone. What is recorded is kept.",
                pid(dead)
            ),
            resume,
        ],
        Why::Interrupted => vec![
            format!("{who} was interrupted in order. What is recorded is kept."),
            resume,
        ],
        Why::Parked {
            error,
            in_doubt: true,
        } => vec![
            format!("{who} is parked, and a person decides: {error}"),
            format!("  do that again:  {program} runs resume {run} --retry-crashed"),
            format!("  give it up:  {program} runs cancel {run}"),
        ],
        Why::Parked { error, .. } => vec![
            format!("{who} is parked, and a person decides: {error}"),
            format!("  go on with the present code:  {program} runs resume {run}"),
            format!("  give it up:  {program} runs cancel {run}"),
        ],
        Why::Cancelling { asked } => {
            let since = moment.clock(*asked);
            vec![format!(
                "{who} is being cancelled since {since}; running bodies have their grace."
            )]
        }
        Why::UnderWay { pid: driver } => vec![format!(
            "{who} does not wait: a living process{} drives it, and its bodies run.",
            pid(driver)
        )],
        _ => return None,
    })
}

/// What a step or a run waits for in a queue of which others are before it.
fn in_a_queue(reason: &Reason, who: &str, moment: &Moment, program: &str) -> Option<Vec<String>> {
    Some(match &reason.why {
        Why::Limit {
            limit,
            key,
            rule,
            holders,
            held,
            ahead,
            start,
            more,
        } => {
            let of_key = if key.is_empty() {
                String::new()
            } else {
                format!(" of {key}")
            };
            let rule = rule
                .as_ref()
                .map_or_else(String::new, |rule| format!(" ({})", amount(rule)));
            let mut first = format!(
                "{who} waits for the limit {limit}{of_key}{rule}{}",
                before(*ahead)
            );
            match start {
                Some(start) => {
                    first.push_str(&format!("; it starts{}.", when("at", Some(*start), moment)))
                }
                None => first.push('.'),
            }
            let mut lines = vec![first];
            lines.extend(held_by(holders, *held));
            if *more > 0 {
                lines.push(format!(
                    "  and {} of this run",
                    counted(*more as u64, "more step")
                ));
            }
            lines.push(format!("  see the queue:  {program} limits show {limit}"));
            lines
        }
        Why::MaxRuns {
            flow,
            most,
            holders,
            held,
            ahead,
        } => {
            let most = most.map_or_else(String::new, |most| {
                format!(", which may have {most} at once")
            });
            let mut lines = vec![format!(
                "{who} waits for a place among the runs of {flow}{most}{}.",
                before(*ahead)
            )];
            lines.extend(held_by(holders, *held));
            if let Some(holder) = holders.first() {
                lines.push(format!(
                    "  see the first:  {program} runs show {}",
                    holder.name
                ));
            }
            lines
        }
        Why::Cache { holder } => {
            let computes = holder.as_ref().map_or_else(String::new, |holder| {
                format!(", which {} · {} computes", holder.name, holder.step)
            });
            vec![format!(
                "{who} waits for the cached result of an equal call{computes}."
            )]
        }
        Why::Resource { due, error } => vec![
            format!(
                "{who} waits for its resource, which is asked for again{}.",
                when("at", *due, moment)
            ),
            format!("  it could not be made: {error}"),
        ],
        _ => return None,
    })
}

fn before(ahead: usize) -> String {
    match ahead {
        0 => String::new(),
        ahead => format!("; {} before it", counted(ahead as u64, "other")),
    }
}

fn held_by(holders: &[Holder], held: usize) -> Option<String> {
    let named: Vec<String> = holders
        .iter()
        .map(|holder| match holder.step.as_str() {
            "" => holder.name.clone(),
            step => format!("{} · {step}", holder.name),
        })
        .collect();
    let others = match held.saturating_sub(named.len()) {
        0 => String::new(),
        others => format!(" and {}", counted(others as u64, "other")),
    };
    (!named.is_empty()).then(|| format!("  held by:  {}{others}", named.join(", ")))
}

/// What a step waits for.
fn of_step(reason: &Reason, who: &str, moment: &Moment, program: &str) -> Vec<String> {
    let run = &reason.name;
    match &reason.why {
        Why::Time { until } => vec![format!("{who} sleeps{}.", when("until", *until, moment))],
        Why::Poll { due } => vec![format!("{who} asks again{}.", when("at", *due, moment))],
        Why::Signal {
            signal,
            until,
            schema,
        } => {
            let value = sample(schema);
            let mut lines = vec![
                format!("{who} waits for the signal `{signal}`."),
                format!("  send it:  {program} runs signal {run} {signal} {value}"),
            ];
            if until.is_some() {
                lines.push(format!("  it gives up{}", when("at", *until, moment)));
            }
            lines
        }
        Why::Retry {
            attempt,
            due,
            error,
        } => vec![
            format!(
                "{who} waits for its attempt {attempt}, which begins{}.",
                when("at", *due, moment)
            ),
            format!("  attempt {} failed: {error}", attempt.saturating_sub(1)),
        ],
        Why::Child {
            child_name, state, ..
        } => vec![format!(
            "{who} waits for the run {child_name}, which is {}.",
            lower(*state)
        )],
        Why::Dependency { on } => vec![format!("{who} waits for {}.", on.join(", "))],
        Why::More { steps, runs } => {
            let below = if *runs {
                ", and more runs below it"
            } else {
                ""
            };
            vec![format!(
                "{who}: {} wait{below}.",
                counted(*steps, "more step")
            )]
        }
        Why::Other { kind, until } => {
            vec![format!(
                "{who} waits for {kind}{}.",
                when("until", *until, moment)
            )]
        }
        _ => in_a_queue(reason, who, moment, program).unwrap_or_else(|| vec![who.to_owned()]),
    }
}

fn lower(state: RunState) -> String {
    state.as_str().to_lowercase()
}

/// ` at 12:00:09 (in 4 s)`.
fn when(word: &str, at: Option<Micros>, moment: &Moment) -> String {
    let Some(at) = at else {
        return String::new();
    };
    let left = u64::try_from(at.saturating_sub(moment.now)).unwrap_or(0);
    let seconds = std::time::Duration::from_secs(left.div_ceil(1_000_000));
    let left = if seconds.is_zero() {
        "now".to_owned()
    } else {
        format!("in {}", flowrt_grammar::format_duration(seconds))
    };
    format!(" {word} {} ({left})", moment.clock(at))
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
