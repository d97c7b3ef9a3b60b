//! `schedules …`: what starts by itself, and when.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use jiff::tz::TimeZone;
use serde_json::json;

use super::command::{text, wants_json};
use super::door::Door;
use super::{door, print, table, time_text};
use crate::error::{Error, ErrorKind, Result};
use crate::model::record::Micros;
use crate::ops::Engine;
use crate::ops::schedules::{ScheduleReport, Written, moment};

/// Its command line.
pub(super) fn command() -> Command {
    let count = || {
        Arg::new("count")
            .long("count")
            .short('n')
            .value_name("N")
            .default_value("10")
            .value_parser(value_parser!(u16).range(1..))
            .help("How many")
    };
    let schedule = || {
        Arg::new("schedule")
            .value_name("DEPLOYMENT[/SCHEDULE]")
            .required(true)
            .help("A deployment: all its schedules; or one of them, as `schedules` shows it")
    };
    Command::new("schedules")
        .about("Show what starts by itself and when; pause and resume it")
        .subcommand_value_name("VERB")
        .disable_help_subcommand(true)
        .subcommand(Command::new("ls").about("Schedules, with the last and the next start"))
        .subcommand(
            Command::new("next")
                .about("The next starts")
                .arg(
                    Arg::new("deployment")
                        .value_name("DEPLOYMENT")
                        .help("Only of this deployment"),
                )
                .arg(count()),
        )
        .subcommand(preview_command().arg(count()))
        .subcommand(
            Command::new("pause")
                .about("Start nothing until it is resumed; runs that go on are left alone")
                .arg(schedule()),
        )
        .subcommand(
            Command::new("resume")
                .about("Start again; what passed meanwhile is not made up for")
                .arg(schedule()),
        )
}

fn preview_command() -> Command {
    let option = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    Command::new("preview")
        .about("When a schedule would start that is not deployed")
        .arg(
            Arg::new("cron")
                .value_name("CRON")
                .required_unless_present_any(["interval", "rrule"])
                .conflicts_with_all(["interval", "rrule"])
                .help("A cron expression: \"0 10 * * *\""),
        )
        .arg(option(
            "interval",
            "TIME",
            "Instead: every so often, as in 15m",
        ))
        .arg(
            option(
                "rrule",
                "RULE",
                "Instead: a rule of RFC 5545, as in FREQ=WEEKLY;BYDAY=MO",
            )
            .conflicts_with("interval"),
        )
        .arg(option(
            "timezone",
            "ZONE",
            "The zone whose clock counts [default: UTC]",
        ))
        .arg(option(
            "from",
            "TIME",
            "The first after this [default: now]",
        ))
}

/// Carries out the verb; without one, lists.
///
/// # Errors
/// If the store cannot be used, a schedule is not there, or cannot be read.
pub(super) async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    if let Some(("preview", matches)) = matches.subcommand() {
        return preview(matches).map(|()| ExitCode::SUCCESS);
    }
    let door = door::open(matches).await?;
    match matches.subcommand() {
        Some(("next", matches)) => next(&door, matches).await?,
        Some(("pause", matches)) => switch(&door, matches, false).await?,
        Some(("resume", matches)) => switch(&door, matches, true).await?,
        other => {
            let matches = other.map_or(matches, |(_, matches)| matches);
            show(&door.schedules().await?, matches)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(reports: &[ScheduleReport], matches: &ArgMatches) -> Result<()> {
    if wants_json(matches) {
        return print::json(&json!(reports));
    }
    if reports.is_empty() {
        print::note("nothing is scheduled  ·  try: deploy");
    }
    let time = |at: Option<Micros>| at.map_or_else(|| "-".to_owned(), time_text::local);
    let rows = reports.iter().map(|report| {
        vec![
            format!("{}/{}", report.deployment, report.slug),
            report.rule.clone(),
            match report.fires {
                true => time(report.next),
                false => "paused".to_owned(),
            },
            time(report.last),
        ]
    });
    print::data(&table::lines(
        &["SCHEDULE", "RULE", "NEXT", "LAST"],
        rows.collect(),
    ))
}

async fn next(door: &Door, matches: &ArgMatches) -> Result<()> {
    let deployment = matches.get_one::<String>("deployment").map(String::as_str);
    let upcoming = door.upcoming(deployment, count(matches)).await?;
    if wants_json(matches) {
        return print::json(&json!(upcoming));
    }
    if upcoming.is_empty() {
        print::note("nothing will start by itself");
    }
    let rows = upcoming.iter().map(|next| {
        vec![
            time_text::local(next.begin),
            format!("{}/{}", next.deployment, next.slug),
            next.flow.clone(),
        ]
    });
    print::data(&table::lines(
        &["START", "SCHEDULE", "FLOW"],
        rows.collect(),
    ))
}

fn preview(matches: &ArgMatches) -> Result<()> {
    let option = |name: &str| matches.get_one::<String>(name).cloned();
    let timezone = option("timezone");
    let after = match option("from") {
        None => crate::clock::Clock::real().now(),
        Some(text) => moment::first(&text, &zone(timezone.as_deref())?)?,
    };
    let written = Written {
        cron: option("cron"),
        interval: option("interval"),
        rrule: option("rrule"),
        timezone: timezone.clone(),
        ..Written::default()
    };
    let slots = Engine::preview(written, after, count(matches)).map_err(|error| {
        match error.try_this() {
            Some(_) => error,
            None => error.or_try("as in: schedules preview \"0 10 * * *\" --timezone Asia/Tokyo"),
        }
    })?;
    if wants_json(matches) {
        return print::json(
            &slots
                .iter()
                .map(|at| json!(time_text::rfc3339(*at)))
                .collect(),
        );
    }
    let lines = slots
        .iter()
        .map(|at| format!("{}\n", time_text::in_zone(*at, timezone.as_deref())));
    print::data(&lines.collect::<String>())
}

fn zone(name: Option<&str>) -> Result<TimeZone> {
    let zone = name.map_or(Ok(TimeZone::UTC), flowrt_grammar::parse_zone);
    zone.map_err(|fault| Error::new(ErrorKind::Input, fault.message))
}

async fn switch(door: &Door, matches: &ArgMatches, on: bool) -> Result<()> {
    let (deployment, slug) = split(text(matches, "schedule"));
    if deployment.is_empty() {
        let error = Error::new(ErrorKind::Input, "a deployment has a name");
        return Err(error.hint("schedules ls shows what there is"));
    }
    let reports = door.switch_schedule(deployment, slug, on).await?;
    show(&reports, matches)
}

/// Names of deployments may have slashes, but those of schedules have none.
fn split(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once('/') {
        Some((deployment, slug)) => (deployment, Some(slug)),
        None => (name, None),
    }
}

fn count(matches: &ArgMatches) -> usize {
    matches
        .get_one::<u16>("count")
        .map_or(10, |count| usize::from(*count))
}
