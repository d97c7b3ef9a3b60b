//! `graph FLOW`: a picture before anything has run, or of a run.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};

use super::command::{Program, text, wants_json};
use super::{door, picture, print, style};
use crate::draw::{Format, draw};
use crate::error::{Error, ErrorKind, Result};

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("graph")
        .about("Draw a flow without running it, or a run with the state of each node")
        .arg(
            Arg::new("flow")
                .value_name("FLOW")
                .required_unless_present("run")
                .help("The flow; with --run, that of the run"),
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .value_parser(
                    Format::ALL
                        .iter()
                        .map(|format| format.as_str())
                        .collect::<Vec<_>>(),
                )
                .help("What to draw it as [default: text]"),
        )
        .arg(
            Arg::new("run")
                .long("run")
                .value_name("RUN")
                .help("The name of a run, or the beginning of its id: its nodes show their states"),
        )
}

/// Draws it.
///
/// # Errors
/// If there is no such flow or run.
pub(super) async fn run(program: &Program, matches: &ArgMatches) -> Result<ExitCode> {
    let format = match matches.get_one::<String>("format") {
        Some(format) => Format::parse(format).unwrap_or_default(),
        None if wants_json(matches) => Format::Json,
        None => Format::Text,
    };
    let flow = matches.get_one::<String>("flow");
    let graph = match matches.get_one::<String>("run") {
        None => picture::graph(program.flow(text(matches, "flow"))?),
        Some(run) => {
            let door = door::open_existing(matches).await?;
            let record = door.find(run).await?;
            if let Some(flow) = flow.filter(|flow| **flow != record.flow) {
                let message = format!(
                    "{} is a run of `{}`, not of `{flow}`",
                    record.name, record.flow
                );
                return Err(Error::new(ErrorKind::Input, message).hint("leave the flow out"));
            }
            door.graph_of(&record).await?
        }
    };
    let picture = draw(&graph, format);
    let is_coloured = format == Format::Text && graph.nodes.iter().any(|node| node.state.is_some());
    print::data(&if is_coloured {
        style::picture(&picture)
    } else {
        picture
    })?;
    Ok(ExitCode::SUCCESS)
}
