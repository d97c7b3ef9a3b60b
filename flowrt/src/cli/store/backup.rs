//! `store backup FILE`: a copy of the whole store while runs go on.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};

use super::super::command::wants_json;
use super::super::print;
use super::size::spoken;
use crate::error::Result;
use crate::ops::Engine;

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("backup")
        .about("Write a checked copy of the store to a new file, while runs go on")
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::FilePath)
                .help("The new file; one that is there is not overwritten"),
        )
}

/// Writes it.
///
/// # Errors
/// If the file is there or cannot be written, or the store keeps nothing.
pub(super) async fn run(engine: &Engine, matches: &ArgMatches) -> Result<ExitCode> {
    let to = matches
        .get_one::<PathBuf>("file")
        .cloned()
        .unwrap_or_default();
    let shown = to.display().to_string();
    let copied = engine.back_up(to).await?;
    if wants_json(matches) {
        print::json(&serde_json::json!({
            "file": shown,
            "bytes": copied.bytes,
            "runs": copied.runs,
        }))?;
    } else {
        print::note(&format!(
            "wrote {shown}: {} runs, {}; opened and checked\nuse it: --store sqlite:{shown}",
            copied.runs,
            spoken(copied.bytes)
        ));
    }
    Ok(ExitCode::SUCCESS)
}
