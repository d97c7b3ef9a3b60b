//! `completions SHELL`: a script that lets the shell complete commands, flows and flags.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use super::command::{Program, program_name};
use super::print;
use crate::error::Result;

/// The command's name.
pub(super) const NAME: &str = "completions";

/// Its command line.
pub(super) fn command() -> Command {
    Command::new(NAME)
        .about("Print a script that lets your shell complete commands, flows and flags")
        .after_help("For bash:  source <(PROGRAM completions bash)\nFor fish:  PROGRAM completions fish | source")
        .arg(Arg::new("shell").value_name("SHELL").required(true).value_parser(value_parser!(Shell)))
}

/// Whether a script is what was asked for.
pub(super) fn is_meant(arguments: &[String]) -> bool {
    let mut words = arguments.iter().skip(1);
    words
        .find(|word| !word.starts_with('-'))
        .is_some_and(|word| word == NAME)
}

/// Prints it.
///
/// # Errors
/// If it cannot be written.
pub(super) fn run(program: &Program, matches: &ArgMatches) -> Result<ExitCode> {
    let mut script = Vec::new();
    if let Some(shell) = matches.get_one::<Shell>("shell") {
        clap_complete::generate(*shell, &mut program.command(), program_name(), &mut script);
    }
    print::data(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
