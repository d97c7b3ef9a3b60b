//! `store migrate`: bring the store up to date before anything else needs it.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::command::wants_json;
use super::{print, store_place};
use crate::error::Result;

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("store")
        .about("Look after the store")
        .subcommand_value_name("VERB")
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .subcommand(
            Command::new("migrate")
                .about("Make the store if it is not there, and bring it to this program's schema")
                .long_about("Make the store if it is not there, and bring it to this program's schema.\n\nEvery command does so when it opens the store; this one does nothing else. A store that a newer program wrote is refused and left as it is."),
        )
}

/// Carries out the verb.
///
/// # Errors
/// If the store cannot be used.
pub(super) async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let Some((_, matches)) = matches.subcommand() else {
        return Ok(ExitCode::from(2));
    };
    let engine = store_place::open(matches).await?;
    let (url, schema) = (engine.url(), engine.store_schema().await?);
    if wants_json(matches) {
        print::json(&serde_json::json!({ "store": url, "schema": schema }))?;
    } else {
        print::note(&match schema {
            Some(schema) => format!("{url} is at schema {schema}, which this program writes"),
            None => format!("{url} keeps nothing, so it has no schema"),
        });
    }
    Ok(ExitCode::SUCCESS)
}
