//! The tree of commands and what all of them understand.

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{
    artifacts, backfill, cache, check, completions, deploy, deployments, graph, limits, notices,
    run, runs, schedules, secrets, store, store_place, worker,
};
use crate::author::meta::Meta;
use crate::error::Error;

/// The program that was started: its flows, and what was typed.
#[derive(Debug)]
pub(super) struct Program {
    /// By name.
    pub(super) flows: Vec<&'static Meta>,
    /// The first is the program itself.
    pub(super) arguments: Vec<String>,
}

impl Program {
    /// The flow of that name.
    pub(super) fn flow(&self, name: &str) -> Result<&'static Meta, Error> {
        let found = self.flows.iter().find(|meta| meta.name == name);
        found.copied().ok_or_else(|| {
            let known = self.flows.iter().map(|meta| (meta.name, *meta)).collect();
            crate::registry::unknown(name, &known)
        })
    }

    /// The whole command line.
    pub(super) fn command(&self) -> Command {
        let command = Command::new(program_name())
            .bin_name(program_name())
            .version(env!("CARGO_PKG_VERSION"))
            .about("The flows of this program: without a command, they are listed")
            .after_help(AFTER)
            .subcommand_value_name("COMMAND")
            .disable_help_subcommand(true)
            .max_term_width(110)
            .arg(store_place::arg())
            .arg(json())
            .subcommand(run::command(&self.flows, &self.arguments))
            .subcommand(graph::command())
            .subcommand(runs::command())
            .subcommand(schedules::command())
            .subcommand(backfill::command())
            .subcommand(artifacts::command())
            .subcommand(limits::command())
            .subcommand(cache::command())
            .subcommand(notices::command())
            .subcommand(secrets::command())
            .subcommand(worker::command())
            .subcommand(worker::list_command())
            .subcommand(deploy::command())
            .subcommand(deployments::command())
            .subcommand(check::command())
            .subcommand(store::command())
            .subcommand(completions::command());
        #[cfg(feature = "serve")]
        let command = command
            .arg(super::door::arg())
            .subcommand(super::serve::command());
        command
    }
}

const AFTER: &str = "\
Data goes to stdout, all else to stderr.
FLOWRT_LOG chooses the log lines that are kept and shown, as in `warn` or `info,my_crate=debug`.
Exit codes: 0 done, 1 failed, 2 bad input, 3 cancelled, 4 waits for a person, 130 interrupted.";

fn json() -> Arg {
    Arg::new("json")
        .long("json")
        .global(true)
        .help_heading("Global options")
        .action(ArgAction::SetTrue)
        .help("Print one JSON value instead of text")
}

/// What a person types to start this program: the name of its file.
pub(super) fn program_name() -> String {
    let first = std::env::args_os().next().unwrap_or_default();
    let name = std::path::Path::new(&first).file_stem();
    name.map_or_else(
        || "flows".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Whether the caller is a program.
pub(super) fn wants_json(matches: &ArgMatches) -> bool {
    matches.get_flag("json")
}

/// A run as a person names it.
pub(super) fn run_arg() -> Arg {
    Arg::new("run")
        .value_name("RUN")
        .required(true)
        .help("Its name, or the beginning of its id")
}

/// The text of an argument that is required.
pub(super) fn text<'a>(matches: &'a ArgMatches, name: &str) -> &'a str {
    matches.get_one::<String>(name).map_or("", String::as_str)
}
