//! `backfill …`: runs for slots of the past.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::{Value, json};

use super::command::{text, wants_json};
use super::{print, store_place, table, time_text};
use crate::error::Result;
use crate::model::backfill::{Chosen, Which};
use crate::ops::Engine;
use crate::ops::schedules::{BackfillAsk, BackfillPlan, BackfillReport};

/// Its command line.
pub(super) fn command() -> Command {
    let option = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .action(ArgAction::SetTrue)
            .help(help)
    };
    let verb = |name: &'static str, about: &'static str| {
        let id = Arg::new("id").value_name("BACKFILL").required(true);
        Command::new(name)
            .about(about)
            .arg(id.help("Its name, as `backfill ls` shows it"))
    };
    Command::new("backfill")
        .about("Start runs for slots of the past")
        .args_conflicts_with_subcommands(true)
        .subcommand_negates_reqs(true)
        .subcommand_value_name("VERB")
        .disable_help_subcommand(true)
        .arg(
            Arg::new("deployment")
                .value_name("DEPLOYMENT")
                .required(true)
                .help("Whose slots are filled"),
        )
        .arg(
            option(
                "from",
                "TIME",
                "The first: a date, or a time on the schedule's clock",
            )
            .required(true),
        )
        .arg(option("to", "TIME", "The last; of a date, the whole day").required(true))
        .arg(option("schedule", "SCHEDULE", "Only the slots of this one"))
        .arg(flag("missing", "Slots without a run: the usual"))
        .arg(flag("failed", "And those whose last run gave nothing").conflicts_with("missing"))
        .arg(
            flag("all", "And those whose last run completed")
                .conflicts_with_all(["missing", "failed"]),
        )
        .arg(
            option("concurrency", "N", "How many runs go on at once")
                .default_value("1")
                .value_parser(value_parser!(u32).range(1..)),
        )
        .arg(flag("reverse", "The latest first"))
        .arg(flag("dry-run", "Only show what it would do"))
        .subcommand(Command::new("ls").about("Backfills, and how far they are"))
        .subcommand(verb("show", "One of them, and why it does not go on"))
        .subcommand(verb("pause", "Begin no more runs until it is resumed"))
        .subcommand(verb("resume", "Go on"))
        .subcommand(verb("cancel", "Begin no more, and cancel those that go on"))
}

/// Plans and starts one, or carries out the verb.
///
/// # Errors
/// If the store cannot be used, what is named is not there, or a time is none.
pub(super) async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let engine = store_place::open(matches).await?;
    match matches.subcommand() {
        None => start(&engine, matches).await?,
        Some(("show", matches)) => {
            show(&[engine.backfill(text(matches, "id")).await?], matches)?;
        }
        Some(("pause", matches)) => {
            show(
                &[engine.switch_backfill(text(matches, "id"), false).await?],
                matches,
            )?;
        }
        Some(("resume", matches)) => {
            show(
                &[engine.switch_backfill(text(matches, "id"), true).await?],
                matches,
            )?;
        }
        Some(("cancel", matches)) => {
            show(
                &[engine.cancel_backfill(text(matches, "id")).await?],
                matches,
            )?;
        }
        Some((_, matches)) => show(&engine.backfills().await?, matches)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn start(engine: &Engine, matches: &ArgMatches) -> Result<()> {
    let ask = BackfillAsk {
        deployment: text(matches, "deployment").to_owned(),
        schedule: matches.get_one::<String>("schedule").cloned(),
        from: text(matches, "from").to_owned(),
        to: text(matches, "to").to_owned(),
        which: match () {
            () if matches.get_flag("all") => Which::All,
            () if matches.get_flag("failed") => Which::Failed,
            () => Which::Missing,
        },
        concurrency: matches.get_one::<u32>("concurrency").copied().unwrap_or(1),
        reverse: matches.get_flag("reverse"),
    };
    let plan = engine.plan_backfill(&ask).await?;
    let dry = matches.get_flag("dry-run");
    let started = match dry || plan.slots.is_empty() {
        true => None,
        false => Some(engine.start_backfill(&plan).await?.backfill.id),
    };
    if wants_json(matches) {
        let slots: Vec<Value> = plan.slots.iter().map(slot).collect();
        return print::json(&json!({
            "backfill": started, "deployment": plan.deployment, "which": plan.which,
            "concurrency": plan.concurrency, "slots": slots, "left": plan.left,
            "estimate_seconds": plan.estimate.map(|estimate| estimate / 1_000_000),
        }));
    }
    if dry {
        let rows = plan.slots.iter().map(|slot| {
            let why = if slot.again { "again" } else { "missing" };
            vec![
                time_text::rfc3339(slot.at),
                slot.schedule.clone(),
                why.to_owned(),
            ]
        });
        print::data(&table::lines(&["SLOT", "SCHEDULE", "WHY"], rows.collect()))?;
    }
    print::note(&summary(&plan));
    if let Some(id) = started {
        print::note(&format!("backfill {id} has begun  ·  try: backfill ls"));
    }
    Ok(())
}

fn summary(plan: &BackfillPlan) -> String {
    let count = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        more => format!("{more} {what}s"),
    };
    let mut said = format!(
        "{}, {} at a time; {} left alone",
        count(plan.slots.len(), "run"),
        plan.concurrency,
        count(plan.left, "slot")
    );
    if let Some(estimate) = plan.estimate.filter(|_| !plan.slots.is_empty()) {
        let estimate = Duration::from_micros(estimate.unsigned_abs());
        let estimate = flowrt_grammar::format_duration(estimate);
        said.push_str(&format!("; about {estimate}, by the runs before"));
    }
    said
}

fn slot(chosen: &Chosen) -> Value {
    json!({ "slot": time_text::rfc3339(chosen.at), "schedule": chosen.schedule, "again": chosen.again })
}

fn show(reports: &[BackfillReport], matches: &ArgMatches) -> Result<()> {
    if wants_json(matches) {
        return print::json(&reports.iter().map(as_json).collect());
    }
    if reports.is_empty() {
        print::note("there are no backfills");
    }
    for report in reports {
        if let Some(reason) = &report.record.reason {
            print::note(&format!("{}: {reason}", report.record.backfill.id));
        }
    }
    let rows = reports.iter().map(|report| {
        let record = &report.record;
        vec![
            record.backfill.id.clone(),
            record.backfill.deployment.clone(),
            record.state.as_str().to_owned(),
            format!("{}/{} begun", record.begun, record.backfill.slots.len()),
            format!("{} completed", report.completed),
            format!("{} failed", report.failed),
        ]
    });
    let heading = [
        "BACKFILL",
        "DEPLOYMENT",
        "STATE",
        "BEGUN",
        "COMPLETED",
        "FAILED",
    ];
    print::data(&table::lines(&heading, rows.collect()))
}

/// A report for programs: its times as text.
fn as_json(report: &BackfillReport) -> Value {
    let mut json = json!(report);
    let backfill = &report.record.backfill;
    json["slots"] = backfill.slots.iter().map(slot).collect();
    json["created"] = json!(time_text::rfc3339(backfill.created));
    json
}
