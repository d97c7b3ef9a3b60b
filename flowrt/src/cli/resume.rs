//! `runs resume RUN`: go on where it stopped.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::command::{run_arg, text, wants_json};
use super::door::Door;
use super::interrupt::Interrupt;
#[cfg(feature = "serve")]
use super::watch;
use super::{live, outcome, plan, print};
use crate::error::Result;
use crate::model::plan::How;
use crate::ops::Resume;

/// Its command line.
pub(super) fn command() -> Command {
    let command = Command::new("resume")
        .about("Go on where it stopped")
        .long_about(LONG)
        .arg(run_arg())
        .arg(
            Arg::new("retry-crashed")
                .long("retry-crashed")
                .action(ArgAction::SetTrue)
                .help("Do again what was under way when the process died and its task left to your decision (on_crash = \"park\")"),
        );
    plan::args(command)
}

const LONG: &str = "\
Go on with a run. One whose process died or stopped goes on from where it was. One that failed, parked or was cancelled \
does again what made it fail, and keeps all other results whose task and inputs are the same.

The plan says what is kept and what runs, each with its reason. On a terminal it asks before it goes on.";

/// Shows the plan, and drives the run to its end.
///
/// # Errors
/// If it cannot be resumed.
pub(super) async fn run(door: &Door, matches: &ArgMatches) -> Result<ExitCode> {
    let found = door.find(text(matches, "run")).await?;
    let record = door.last_of(found.id).await?;
    let resume = Resume {
        trust_changed: matches.get_flag("trust-changed"),
        retry_handled: matches.get_flag("retry-handled"),
        retry_crashed: matches.get_flag("retry-crashed"),
    };
    let (how, plan) = door.plan_resume(record.id, resume).await?;
    let verb = match how {
        How::Recovery if record.started.is_none() => "has not begun. Driving it will",
        How::Recovery => "stopped in the middle. Going on with it will",
        _ => "Resuming it will",
    };
    if plan::is_all(matches) {
        return plan::show_only(&record, &plan, verb, wants_json(matches));
    }
    plan::show(&record, &plan, verb);
    // What a recovery does is not up for choice: the record says it.
    if how != How::Recovery && !plan::confirmed(matches)? {
        return Ok(plan::declined(&record));
    }
    let as_json = wants_json(matches);
    #[cfg(feature = "serve")]
    if let Door::There(far) = door {
        let run = far.resume(record.id, resume).await?;
        return watch::until_end(door, &run, as_json).await;
    }
    let engine = door.here()?;
    if engine.wants_own_process(&record).await? {
        print::note(
            "its deployment has `job_variables`, which workers give its process; here it has what this terminal has",
        );
    }
    let live = live::begin(door, engine, as_json);
    let interrupt = Interrupt::listen(engine);
    let run = engine.resume_with(record.id, resume).await?;
    let ended = interrupt.wait(run).await;
    live::end(live).await;
    outcome::report(door, ended?, as_json).await
}
