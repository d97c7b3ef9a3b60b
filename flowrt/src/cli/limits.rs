//! `limits …`: who holds a limit, who waits, and what it allows.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::json;

use super::command::{text, wants_json};
use super::door::Door;
use super::{door, print, table, time_text};
use crate::error::Result;
use crate::model::limit::Rule;
use crate::ops::{BucketReport, LimitReport, TicketReport};

/// Its command line.
pub(super) fn command() -> Command {
    let name = || {
        Arg::new("name")
            .value_name("NAME")
            .required(true)
            .help("The limit, as in `limit!(NAME, …)`")
    };
    Command::new("limits")
        .about("Show and set what limits allow")
        .subcommand_value_name("VERB")
        .disable_help_subcommand(true)
        .subcommand(Command::new("ls").about("Limits, who holds them and who waits"))
        .subcommand(
            Command::new("show")
                .about("One limit, with the time at which each who waits will start")
                .arg(name()),
        )
        .subcommand(
            Command::new("set")
                .about("Allow more or less than the program says, at once and for all processes")
                .arg(name())
                .arg(
                    Arg::new("amount")
                        .value_name("AMOUNT")
                        .required_unless_present("default")
                        .help("`8` for slots, \"50 per minute\" for a rate"),
                )
                .arg(
                    Arg::new("default")
                        .long("default")
                        .action(ArgAction::SetTrue)
                        .conflicts_with("amount")
                        .help("Go back to what the program says"),
                ),
        )
        .subcommand(
            Command::new("reset")
                .about("Forget what has started: windows are empty, buckets full")
                .arg(name()),
        )
        .subcommand(
            Command::new("plan")
                .about("Say how long so many calls take")
                .arg(name())
                .arg(
                    Arg::new("count")
                        .long("count")
                        .value_name("N")
                        .default_value("1000")
                        .value_parser(value_parser!(u32).range(1..=100_000))
                        .help("How many calls"),
                ),
        )
}

/// Carries out the verb; without one, lists.
///
/// # Errors
/// If the store cannot be used, the limit is unknown, or the amount is not of its kind.
pub(super) async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let door = door::open(matches).await?;
    match matches.subcommand() {
        Some(("show", matches)) => show(&door, matches).await?,
        Some(("set", matches)) => {
            let amount = matches.get_one::<String>("amount").map(String::as_str);
            door.set_limit(text(matches, "name"), amount).await?;
            show(&door, matches).await?;
        }
        Some(("reset", matches)) => {
            door.reset_limit(text(matches, "name")).await?;
            show(&door, matches).await?;
        }
        Some(("plan", matches)) => plan(&door, matches).await?,
        other => list(&door, other.map_or(matches, |(_, matches)| matches)).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(door: &Door, matches: &ArgMatches) -> Result<()> {
    let reports = door.limits().await?;
    if wants_json(matches) {
        return print::json(&json!(reports));
    }
    if reports.is_empty() {
        print::note("this program has no limits");
    }
    let rows = reports.iter().map(|report| {
        let count = |of: fn(&BucketReport) -> usize| report.buckets.iter().map(of).sum::<usize>();
        vec![
            report.name.clone(),
            allows(report),
            format!("{} running", count(|bucket| bucket.holders.len())),
            format!("{} waiting", count(|bucket| bucket.waiting.len())),
        ]
    });
    print::data(&table::lines(
        &["NAME", "ALLOWS", "RUNNING", "WAITING"],
        rows.collect(),
    ))
}

async fn show(door: &Door, matches: &ArgMatches) -> Result<()> {
    let report = door.limit(text(matches, "name")).await?;
    if wants_json(matches) {
        return print::json(&json!(report));
    }
    let mut lines = format!("{} · {}\n", report.name, allows(&report));
    for bucket in &report.buckets {
        if !bucket.key.is_empty() {
            lines.push_str(&format!("{}\n", bucket.key));
        }
        for holder in &bucket.holders {
            let since = time_text::between(holder.start.unwrap_or(holder.asked), door.now());
            lines.push_str(&format!("  ● {}  for {since}\n", step(holder)));
        }
        for waiting in &bucket.waiting {
            let when = match waiting.start {
                Some(at) => format!("starts at {}", time_text::local(at)),
                None => "starts when a slot is given back".to_owned(),
            };
            lines.push_str(&format!("  ◷ {}  {when}\n", step(waiting)));
        }
    }
    print::data(&lines)
}

async fn plan(door: &Door, matches: &ArgMatches) -> Result<()> {
    let count = matches.get_one::<u32>("count");
    let count = count.and_then(|count| usize::try_from(*count).ok());
    let count = count.unwrap_or(1000);
    let name = text(matches, "name");
    let planned = door.plan_limit(name, count).await?;
    if wants_json(matches) {
        let planned = planned.map(|(first, last)| {
            json!({ "first": time_text::rfc3339(first), "last": time_text::rfc3339(last), "seconds": last.saturating_sub(first) / 1_000_000 })
        });
        return print::json(&json!({ "limit": name, "count": count, "starts": planned }));
    }
    print::data(&match planned {
        None => format!(
            "{name} has slots: how long {count} calls take depends on how long each takes\n"
        ),
        Some((first, last)) => format!(
            "{count} calls start between {} and {}, within {}\n",
            time_text::local(first),
            time_text::local(last),
            time_text::between(first, last)
        ),
    })
}

fn step(ticket: &TicketReport) -> String {
    format!("{}/{}", ticket.name, ticket.step)
}

fn allows(report: &LimitReport) -> String {
    match &report.program {
        None => amount(&report.rule),
        Some(program) => format!(
            "{} (the program says {})",
            amount(&report.rule),
            amount(program)
        ),
    }
}

/// A rule as a person would write it.
pub(super) fn amount(rule: &Rule) -> String {
    rule.to_string()
}
