//! `store export RUN`: a run with all below it as one file.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use serde_json::json;

use super::super::command::{run_arg, text, wants_json};
use super::super::print;
use super::size::spoken;
use crate::error::{Error, ErrorKind, Result};
use crate::ops::{Bundle, Engine};

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("export")
        .about("Write a run with all below it to one file, which other stores take in")
        .long_about(LONG)
        .arg(run_arg())
        .arg(
            Arg::new("output")
                .short('o')
                .long("output")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::FilePath)
                .help("Where to [default: NAME.flowrt.json here]; - for stdout"),
        )
}

const LONG: &str = "\
Write a run with all below it to one file, which other stores take in: definition, parameters, states, steps, attempts, \
waits, signals, logs and results. The file is JSON lines; secrets are not in it. A run under way is written as it stands, \
and stays as it is.

  store export calm-otter
  store export calm-otter -o - | ssh other-machine myflows store import -";

/// Writes it. What is there is not overwritten.
///
/// # Errors
/// If there is no such run, or the file is there or cannot be written.
pub(super) async fn run(engine: &Engine, matches: &ArgMatches) -> Result<ExitCode> {
    let record = engine.find(text(matches, "run")).await?;
    let to = match matches.get_one::<PathBuf>("output") {
        Some(path) => path.clone(),
        None => PathBuf::from(format!("{}.flowrt.json", file_name(&record.name))),
    };
    let bundle = engine.export(record.id).await?;
    if to == Path::new("-") {
        let mut all = Vec::new();
        bundle.write(&mut all).map_err(Error::from)?;
        print::data(&String::from_utf8_lossy(&all))?;
        return Ok(ExitCode::SUCCESS);
    }
    let bytes = write(&bundle, &to)?;
    if wants_json(matches) {
        print::json(&json!({
            "run_id": record.id,
            "name": record.name,
            "file": to.display().to_string(),
            "runs": bundle.runs(),
            "steps": bundle.steps(),
            "bytes": bytes,
        }))?;
    } else {
        print::note(&format!(
            "wrote {}: {}, {} steps, {}",
            to.display(),
            match bundle.runs() {
                1 => "1 run".to_owned(),
                runs => format!("{runs} runs"),
            },
            bundle.steps(),
            spoken(bytes)
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// A run's name may hold what a file's may not.
fn file_name(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect()
}

fn write(bundle: &Bundle, to: &Path) -> Result<u64> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let file = match options.open(to) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let message = format!("{} is there already, and is not overwritten", to.display());
            return Err(Error::new(ErrorKind::Input, message).hint("choose another name: -o FILE"));
        }
        Err(error) => return Err(not_written(to, &error)),
    };
    let mut out = BufWriter::new(&file);
    let written = bundle
        .write(&mut out)
        .and_then(|()| out.flush())
        .and_then(|()| file.sync_all())
        .and_then(|()| file.metadata());
    written.map(|file| file.len()).map_err(|error| {
        // Half a bundle is of no use to anybody.
        let _ = std::fs::remove_file(to);
        not_written(to, &error)
    })
}

fn not_written(to: &Path, error: &io::Error) -> Error {
    let message = format!("{} cannot be written: {error}", to.display());
    Error::new(ErrorKind::Input, message).hint("choose another place: -o FILE")
}
