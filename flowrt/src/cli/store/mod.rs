//! `store …`: looking after the place where runs are recorded. A file a verb.

mod backup;
mod export;
mod import;
mod info;
mod migrate;
mod prune;
mod size;

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::store_place;
use crate::error::Result;
pub(super) use size::spoken;

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("store")
        .about("Look after the store: move runs, back it up, clear it, see what it takes")
        .subcommand_value_name("VERB")
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .subcommand(info::command())
        .subcommand(export::command())
        .subcommand(import::command())
        .subcommand(backup::command())
        .subcommand(prune::command())
        .subcommand(migrate::command())
}

/// Carries out the verb.
///
/// # Errors
/// If the store cannot be used, or as the verb says.
pub(super) async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    match matches.subcommand() {
        Some(("migrate", matches)) => {
            migrate::run(&store_place::open(matches).await?, matches).await
        }
        Some(("import", matches)) => import::run(matches).await,
        Some(("export", matches)) => {
            export::run(&store_place::open_existing(matches).await?, matches).await
        }
        Some(("backup", matches)) => {
            backup::run(&store_place::open_existing(matches).await?, matches).await
        }
        Some(("prune", matches)) => {
            prune::run(&store_place::open_existing(matches).await?, matches).await
        }
        Some(("info", matches)) => {
            info::run(&store_place::open_existing(matches).await?, matches).await
        }
        _ => Ok(ExitCode::from(2)),
    }
}
