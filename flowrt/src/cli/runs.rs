//! `runs …`: what was run. A file a verb.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::{cancel, delete, door, logs, ls, rerun, resume, show, signal, watch, why};
use crate::error::Result;

/// Its command line.
pub(super) fn command() -> Command {
    let command = Command::new("runs")
        .about("List, show, resume, cancel, signal and delete runs")
        .subcommand_value_name("VERB")
        .disable_help_subcommand(true)
        .args_conflicts_with_subcommands(true)
        .subcommand(ls::command())
        .subcommand(show::command())
        .subcommand(logs::command())
        .subcommand(watch::command())
        .subcommand(why::command())
        .subcommand(resume::command())
        .subcommand(rerun::command())
        .subcommand(cancel::command())
        .subcommand(signal::command())
        .subcommand(delete::command());
    ls::filters(command)
}

/// Carries out the verb; without one, lists.
///
/// # Errors
/// If the store cannot be used, or what the verb says.
pub(super) async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let door = door::open_existing(matches).await?;
    match matches.subcommand() {
        Some(("show", matches)) => show::run(&door, matches).await,
        Some(("logs", matches)) => logs::run(&door, matches).await,
        Some(("watch", matches)) => watch::run(&door, matches).await,
        Some(("why", matches)) => why::run(&door, matches).await,
        Some(("resume", matches)) => resume::run(&door, matches).await,
        Some(("rerun", matches)) => rerun::run(&door, matches).await,
        Some(("cancel", matches)) => cancel::run(&door, matches).await,
        Some(("signal", matches)) => signal::run(&door, matches).await,
        Some(("delete", matches)) => delete::run(&door, matches).await,
        Some((_, matches)) => ls::run(&door, matches).await,
        None => ls::run(&door, matches).await,
    }
}
