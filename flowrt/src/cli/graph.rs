//! `graph FLOW`: a picture before anything has run.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};

use super::command::{flow, text};
use super::picture;
use crate::author::meta::Meta;
use crate::draw::{Format, draw};
use crate::error::Result;

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("graph")
        .about("Draw a flow without running it")
        .arg(Arg::new("flow").required(true))
        .arg(
            Arg::new("format")
                .long("format")
                .default_value("text")
                .value_parser(["text", "svg", "mermaid", "dot", "json"]),
        )
}

/// Draws it.
///
/// # Errors
/// If there is no such flow.
pub(super) fn run(flows: &[&'static Meta], matches: &ArgMatches) -> Result<ExitCode> {
    let meta = flow(flows, text(matches, "flow"))?;
    let format = Format::parse(text(matches, "format")).unwrap_or(Format::Text);
    print!("{}", draw(&picture::graph(meta), format));
    Ok(ExitCode::SUCCESS)
}
