//! The tree of commands and what all of them understand.

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{graph, run, runs, store_place};
use crate::author::meta::Meta;
use crate::error::Error;

/// The whole command line of a program with these flows.
pub(super) fn command(flows: &[&'static Meta]) -> Command {
    Command::new("flows")
        .arg(store_place::arg())
        .arg(json())
        .subcommand(run::command(flows))
        .subcommand(graph::command())
        .subcommand(runs::command())
}

fn json() -> Arg {
    Arg::new("json")
        .long("json")
        .global(true)
        .action(ArgAction::SetTrue)
        .help("Print one JSON value")
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

/// The flow of that name.
pub(super) fn flow(flows: &[&'static Meta], name: &str) -> Result<&'static Meta, Error> {
    flows
        .iter()
        .find(|meta| meta.name == name)
        .copied()
        .ok_or_else(|| {
            crate::registry::unknown(name, &flows.iter().map(|meta| (meta.name, *meta)).collect())
        })
}
