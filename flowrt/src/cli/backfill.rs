//! `backfill …`: runs for slots of the past.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::json;

use super::command::{program_name, text, wants_json};
use super::door::Door;
use super::{door, print, table};
use crate::error::Result;
use crate::model::backfill::Which;
use crate::ops::schedules::BackfillAsk;
use crate::ops::view::{BackfillDetail, BackfillPlanView, BackfillView};

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
        .subcommand(verb("show", "One of them, slot by slot"))
        .subcommand(verb("pause", "Begin no more runs until it is resumed"))
        .subcommand(verb("resume", "Go on"))
        .subcommand(verb("cancel", "Begin no more, and cancel those that go on"))
}

/// Plans and starts one, or carries out the verb.
///
/// # Errors
/// If the store cannot be used, what is named is not there, or a time is none.
pub(super) async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let door = door::open(matches).await?;
    let id = |matches: &ArgMatches| text(matches, "id").to_owned();
    match matches.subcommand() {
        None => start(&door, matches).await?,
        Some(("show", matches)) => detail(&door.backfill(&id(matches)).await?, matches)?,
        Some(("pause", matches)) => {
            list(&[door.switch_backfill(&id(matches), false).await?], matches)?;
        }
        Some(("resume", matches)) => {
            list(&[door.switch_backfill(&id(matches), true).await?], matches)?;
        }
        Some(("cancel", matches)) => {
            list(&[door.cancel_backfill(&id(matches)).await?], matches)?;
        }
        Some((_, matches)) => list(&door.backfills().await?, matches)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn start(door: &Door, matches: &ArgMatches) -> Result<()> {
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
    let plan = door.plan_backfill(&ask).await?;
    let dry = matches.get_flag("dry-run");
    let started = match dry || plan.slots.is_empty() {
        true => None,
        false => Some(door.start_backfill(&ask).await?.id),
    };
    if wants_json(matches) {
        let mut json = json!(plan);
        json["backfill"] = json!(started);
        return print::json(&json);
    }
    if dry {
        let rows = plan.slots.iter().map(|slot| {
            let why = if slot.again { "again" } else { "missing" };
            vec![slot.slot.clone(), slot.schedule.clone(), why.to_owned()]
        });
        print::data(&table::lines(&["SLOT", "SCHEDULE", "WHY"], rows.collect()))?;
    }
    print::note(&summary(&plan));
    if let Some(id) = started {
        print::note(&format!(
            "backfill {id} has begun\ntry:  {} backfill show {id}",
            program_name()
        ));
    }
    Ok(())
}

fn summary(plan: &BackfillPlanView) -> String {
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
    if let Some(estimate) = plan.estimate_ms.filter(|_| !plan.slots.is_empty()) {
        let estimate = Duration::from_millis(estimate.unsigned_abs());
        let estimate = flowrt_grammar::format_duration(estimate);
        said.push_str(&format!("; about {estimate}, by the runs before"));
    }
    said
}

fn list(backfills: &[BackfillView], matches: &ArgMatches) -> Result<()> {
    if wants_json(matches) {
        return print::json(&json!(backfills));
    }
    if backfills.is_empty() {
        print::note("there are no backfills");
    }
    backfills.iter().for_each(note_reason);
    let rows = backfills.iter().map(|backfill| {
        vec![
            backfill.id.clone(),
            backfill.deployment.clone(),
            backfill.state.as_str().to_owned(),
            format!("{}/{} begun", backfill.begun, backfill.total),
            format!("{} completed", backfill.completed),
            format!("{} failed", backfill.failed),
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

fn detail(detail: &BackfillDetail, matches: &ArgMatches) -> Result<()> {
    if wants_json(matches) {
        return print::json(&json!(detail));
    }
    let backfill = &detail.backfill;
    note_reason(backfill);
    let rows = detail.slots.iter().map(|one| {
        let state = one.state.map(|state| state.to_string());
        vec![
            one.slot.slot.clone(),
            one.slot.schedule.clone(),
            state.unwrap_or_else(|| "not begun".to_owned()),
            one.run.clone().unwrap_or_default(),
        ]
    });
    let heading = ["SLOT", "SCHEDULE", "STATE", "RUN"];
    print::data(&format!(
        "{} · {} · {} · {} of {} over, {} failed\n{}",
        backfill.id,
        backfill.deployment,
        backfill.state.as_str(),
        backfill.completed + backfill.failed,
        backfill.total,
        backfill.failed,
        table::lines(&heading, rows.collect())
    ))
}

/// Why it does not go on, beside the data.
fn note_reason(backfill: &BackfillView) {
    if let Some(reason) = &backfill.reason {
        print::note(&format!("{} does not go on: {reason}", backfill.id));
    }
}
