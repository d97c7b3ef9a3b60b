//! `store import FILE`: take in a run that was exported elsewhere.

use std::fs::File;
use std::io::{BufReader, stdin};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};

use super::super::command::{program_name, wants_json};
use super::super::{print, run_json, store_place};
use crate::error::{Error, ErrorKind, Result};
use crate::ops::Bundle;

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("import")
        .about("Take in a run that was exported from another store")
        .long_about(LONG)
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::FilePath)
                .help("What `store export` wrote; - for stdin"),
        )
}

const LONG: &str = "\
Take in a run that was exported from another store, with all below it. It is shown by runs show, logs and why and by \
graph --run, and runs rerun runs it again here; it is never gone on with by itself. Taken in twice, it is the same run. A \
file that is torn, was changed, or is newer than this program changes nothing.";

/// Reads all of it first, then puts it in.
///
/// # Errors
/// If the file cannot be read or is not whole, or the store fails.
pub(super) async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let file = matches
        .get_one::<PathBuf>("file")
        .cloned()
        .unwrap_or_default();
    let bundle = read(&file)?;
    let engine = store_place::open(matches).await?;
    let there = engine.import(bundle).await?;
    let (record, below) = (&there.record, there.runs - 1);
    if wants_json(matches) {
        let mut value = run_json::of(&engine.view(record).await?);
        value["imported"] = there.is_new.into();
        value["runs"] = there.runs.into();
        print::json(&value)?;
        return Ok(ExitCode::SUCCESS);
    }
    let with = match below {
        0 => String::new(),
        below => format!(" with {below} below it"),
    };
    let (program, name) = (program_name(), &record.name);
    print::note(&if there.is_new {
        format!(
            "took in the run {name} of {}{with}, {}\nsee it: {program} runs show {name}\nrun it again here: {program} runs rerun {name}",
            record.flow, record.state
        )
    } else {
        format!("the run {name} is here already, and was left as it is")
    });
    print::data(&record.name)?;
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<Bundle> {
    if file == Path::new("-") {
        return Bundle::read("stdin", stdin().lock());
    }
    let name = file.display().to_string();
    let opened = File::open(file).map_err(|error| {
        let message = format!("{name} cannot be read: {error}");
        Error::new(ErrorKind::Input, message).hint("name a file that `store export` wrote")
    })?;
    Bundle::read(&name, BufReader::new(opened))
}
