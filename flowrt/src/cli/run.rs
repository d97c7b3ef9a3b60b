//! `run FLOW`: here and now.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};

use super::command::{flow, wants_json};
use super::{interrupt, live, outcome, params, store_place};
use crate::author::meta::Meta;
use crate::error::Result;

/// One subcommand a flow, so that its parameters are flags.
pub(super) fn command(flows: &[&'static Meta]) -> Command {
    flows.iter().fold(
        Command::new("run")
            .about("Run a flow here and now")
            .subcommand_required(true),
        |run, meta| run.subcommand(flow_command(meta)),
    )
}

fn flow_command(meta: &'static Meta) -> Command {
    let command = Command::new(meta.name).about(meta.doc.lines().next().unwrap_or_default());
    meta.params.iter().fold(command, |command, param| {
        let arg = Arg::new(param.name)
            .long(param.flag)
            .value_name(param.ty)
            .required(param.default.is_none())
            .help(param.help);
        let arg = if param.ty == "bool" {
            arg.num_args(0..=1).default_missing_value("true")
        } else {
            arg
        };
        command.arg(match param.env {
            Some(env) => arg.env(env),
            None => arg,
        })
    })
}

/// Starts the flow and stays until it ends.
///
/// # Errors
/// If the parameters do not fit or the store fails. A run that failed is an exit code.
pub(super) async fn run(flows: &[&'static Meta], matches: &ArgMatches) -> Result<ExitCode> {
    let Some((name, matches)) = matches.subcommand() else {
        return Ok(ExitCode::from(2));
    };
    let meta = flow(flows, name)?;
    let params = params::parameters(meta, matches)?;
    let engine = store_place::open(matches).await?;
    let as_json = wants_json(matches);
    let live = live::begin(&engine, as_json);
    let run = engine.start_named(name, &params).await?;
    let ended = interrupt::wait(run).await;
    live::end(live).await;
    outcome::report(&engine, ended?, as_json).await
}
