//! The command line of a program of flows: data on stdout, the rest on stderr. A file a verb, each with its `command` and
//! what carries it out.

mod artifact_text;
mod artifacts;
mod backfill;
mod background;
mod cache;
mod cancel;
mod check;
mod command;
mod completions;
mod delete;
mod deploy;
mod deployments;
mod door;
mod ending;
mod flags;
mod graph;
mod interrupt;
mod launched;
mod limits;
mod listing;
mod live;
mod logging;
mod logs;
mod ls;
mod notices;
mod outcome;
mod params;
mod plan;
mod print;
mod rerun;
mod resume;
mod run;
mod run_json;
mod runs;
mod schedules;
mod secrets;
#[cfg(feature = "serve")]
mod serve;
mod show;
mod signal;
mod store;
mod store_place;
mod style;
mod table;
mod time_text;
mod usage;
mod watch;
mod why;
mod worker;

use std::process::ExitCode;

use command::Program;
use usage::{Read, Typed};

use crate::error::{Error, Result};
use crate::ops::{Engine, LAUNCHED, isolate, picture, tear_down_resources};

/// What `flowrt::main!()` calls.
pub fn main() -> ExitCode {
    #[cfg(unix)]
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == isolate::ARGUMENT)
    {
        return isolate::serve(logging::install);
    }
    #[cfg(unix)]
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == LAUNCHED)
    {
        return launched::main();
    }
    isolate::allow();
    if let Err(error) = logging::install() {
        return outcome::complain(&error);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return outcome::complain(&Error::from(error)),
    };
    let code = runtime
        .block_on(carry_out())
        .unwrap_or_else(|error| outcome::complain(&error));
    runtime.block_on(tear_down_resources());
    runtime.shutdown_background();
    code
}

async fn carry_out() -> Result<ExitCode> {
    let program = Program {
        flows: Engine::open("memory:").await?.flows(),
        arguments: usage::arguments(std::env::args_os())?,
    };
    // Before the words are read: they would be reproached for what the program lacks.
    let asks_for_a_flow = |word: &String| word == "run" || word == "graph";
    if program.flows.is_empty() && program.arguments.iter().skip(1).any(asks_for_a_flow) {
        return Err(crate::registry::none());
    }
    match usage::read(&program.command(), &program.arguments)? {
        Read::Typed(typed) => dispatch(&program, &typed).await,
        Read::Shown(text) => {
            print::data(&text.render().to_string())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn dispatch(program: &Program, typed: &Typed) -> Result<ExitCode> {
    if let Some(("run", matches)) = typed.matches.subcommand() {
        return run::run(program, matches, &typed.unknown).await;
    }
    if !typed.unknown.is_empty() {
        return Err(typed.unknown_error(&program.command(), &program.arguments));
    }
    match typed.matches.subcommand() {
        Some(("graph", matches)) => graph::run(program, matches).await,
        Some(("runs", matches)) => runs::run(matches).await,
        Some(("artifacts", matches)) => artifacts::run(matches).await,
        Some(("limits", matches)) => limits::run(matches).await,
        Some(("schedules", matches)) => schedules::run(matches).await,
        Some(("backfill", matches)) => backfill::run(matches).await,
        Some(("cache", matches)) => cache::run(matches).await,
        Some(("notices", matches)) => notices::run(matches).await,
        Some(("secrets", matches)) => secrets::run(matches).await,
        Some(("worker", matches)) => worker::run(matches).await,
        Some(("workers", matches)) => worker::list(matches).await,
        #[cfg(feature = "serve")]
        Some(("serve", matches)) => serve::run(matches).await,
        Some(("deploy", matches)) => deploy::run(matches).await,
        Some(("deployments", matches)) => deployments::run(matches).await,
        Some(("check", matches)) => check::run(program, matches).await,
        Some(("store", matches)) => store::run(matches).await,
        Some((completions::NAME, matches)) => completions::run(program, matches),
        _ => listing::flows(program, &typed.matches),
    }
}
