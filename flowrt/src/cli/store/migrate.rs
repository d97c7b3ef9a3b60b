//! `store migrate`: bring the store up to date before anything else needs it.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::super::command::wants_json;
use super::super::print;
use crate::error::Result;
use crate::ops::Engine;

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("migrate")
        .about("Make the store if it is not there, and bring it to this program's schema")
        .long_about("Make the store if it is not there, and bring it to this program's schema.\n\nEvery command does so when it opens the store; this one does nothing else. A store that a newer program wrote is refused and left as it is.")
}

/// Says what opening the store has done.
///
/// # Errors
/// If the store cannot be used.
pub(super) async fn run(engine: &Engine, matches: &ArgMatches) -> Result<ExitCode> {
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
