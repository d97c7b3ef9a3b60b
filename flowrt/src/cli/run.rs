//! `run FLOW`: here and now.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::command::{Program, program_name, wants_json};
use super::door::Door;
use super::interrupt::Interrupt;
use super::usage::Unknown;
use super::{background, completions, flags, live, outcome, params, store_place};
#[cfg(feature = "serve")]
use super::{door, watch};
use crate::author::meta::Meta;
use crate::error::{Error, ErrorKind, Result};
use crate::model::record::CacheUse;
use crate::ops::Start;
use crate::ops::params::schema_of;

/// One subcommand a flow, so that its parameters are flags. Those of flows that nobody asks for are not read: programs may
/// have hundreds, and every start would pay for all schemas.
pub(super) fn command(flows: &[&'static Meta], arguments: &[String]) -> Command {
    let is_meant = |name: &str| {
        let mut words = arguments.iter().skip(1);
        words.any(|word| word == name || word == completions::NAME)
    };
    flows.iter().fold(
        Command::new("run")
            .about("Run a flow here and now; the exit code tells the outcome")
            .long_about(LONG)
            .subcommand_value_name("FLOW")
            .subcommand_help_heading("Flows")
            .disable_help_subcommand(true)
            .subcommand_required(true),
        |run, meta| {
            let command = described(meta);
            run.subcommand(match is_meant(meta.name) {
                true => with_flags(command, meta, arguments),
                false => command,
            })
        },
    )
}

const LONG: &str = "\
Run a flow here and now. Its parameters are flags; `run FLOW --help` lists them.

Exit codes: 0 completed or skipped; 1 failed, timed out or crashed; 2 bad input, nothing was started; \
3 cancelled; 4 parked or waiting; 130 interrupted.";

fn described(meta: &'static Meta) -> Command {
    Command::new(meta.name)
        .about(meta.doc.lines().next().unwrap_or_default())
        .long_about(meta.doc)
        .disable_help_flag(true)
        .next_help_heading("Parameters")
}

fn with_flags(command: Command, meta: &'static Meta, arguments: &[String]) -> Command {
    let schema = schema_of(meta);
    let is_script = completions::is_meant(arguments);
    let command = flags::flags(meta, &schema, arguments)
        .iter()
        .fold(command, |command, flag| {
            command.arg(match is_script {
                true => flag.arg_to_complete(),
                false => flag.arg(),
            })
        });
    command
        .next_help_heading("Options")
        .arg(params::file_arg())
        .arg(
            Arg::new("name")
                .long("name")
                .value_name("NAME")
                .help("What to call the run [default: two words such as calm-otter]"),
        )
        .arg(
            Arg::new("no-wait")
                .long("no-wait")
                .action(ArgAction::SetTrue)
                .help("Start it in the background and leave; see it with `runs show NAME`"),
        )
        .arg(
            Arg::new("no-cache")
                .long("no-cache")
                .action(ArgAction::SetTrue)
                .conflicts_with("refresh")
                .help("Compute what is cached, and keep nothing; its child runs too"),
        )
        .arg(
            Arg::new("refresh")
                .long("refresh")
                .action(ArgAction::SetTrue)
                .help("Compute what is cached anew, and keep it; its child runs too"),
        )
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::HelpShort)
                .help("Print help"),
        )
}

/// Starts the flow and stays until it ends.
///
/// # Errors
/// If the parameters do not fit or the store fails. A run that failed is an exit code.
pub(super) async fn run(
    program: &Program,
    matches: &ArgMatches,
    unknown: &[Unknown],
) -> Result<ExitCode> {
    let Some((name, matches)) = matches.subcommand() else {
        return Ok(ExitCode::from(2));
    };
    let meta = program.flow(name)?;
    let path = format!("{} run {name}", program_name());
    let schema = schema_of(meta);
    let flags = flags::flags(meta, &schema, &program.arguments);
    let params = params::parameters(&path, meta, &flags, matches, unknown)?;
    let start = Start {
        name: matches.get_one::<String>("name").cloned(),
        cache: cache_use(matches),
        ..Start::default()
    };
    start.check(meta)?;
    let is_left = matches.get_flag("no-wait");
    if is_left
        && matches
            .get_one::<String>("store")
            .is_some_and(|store| store == "memory:")
    {
        let message =
            "`--no-wait` needs a store that outlives this process, and `memory:` does not";
        return Err(Error::new(ErrorKind::Input, message).hint("leave one of the two out"));
    }
    let as_json = wants_json(matches);
    #[cfg(feature = "serve")]
    if let Some(far) = door::server(matches)? {
        let run = far.start(name, &params, &start).await?;
        let door = Door::There(far);
        return match is_left {
            true => outcome::left(&door, &run, as_json).await,
            false => watch::until_end(&door, &run, as_json).await,
        };
    }
    let engine = store_place::open(matches).await?;
    let door = Door::Here(engine.clone());
    engine.remember_flows().await?;
    if is_left {
        let record = if engine.has_worker_for(name).await? {
            engine.enqueue(name, &params, start).await?
        } else {
            let record = engine.record_start(name, &params, start).await?;
            background::drive(&engine, &record)?;
            record
        };
        return outcome::left(&door, &record, as_json).await;
    }
    let live = live::begin(&door, &engine, as_json);
    let interrupt = Interrupt::listen(&engine);
    let run = engine.start_with(name, &params, start).await?;
    let ended = interrupt.wait(run).await;
    live::end(live).await;
    outcome::report(&door, ended?, as_json).await
}

fn cache_use(matches: &ArgMatches) -> CacheUse {
    match (matches.get_flag("no-cache"), matches.get_flag("refresh")) {
        (true, _) => CacheUse::Off,
        (_, true) => CacheUse::Refresh,
        _ => CacheUse::Use,
    }
}
