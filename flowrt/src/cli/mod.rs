//! The command line of a program of flows: data on stdout, the rest on stderr. A file a verb, each with its `command` and
//! what carries it out.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this module is the terminal's side"
)]

mod cancel;
mod command;
mod ending;
mod graph;
mod interrupt;
mod listing;
mod live;
mod logging;
mod logs;
mod ls;
mod outcome;
mod params;
mod resume;
mod run;
mod runs;
mod show;
mod signal;
mod store_place;
mod watch;
mod why;

use std::process::ExitCode;

use clap::ArgMatches;

use crate::author::meta::Meta;
use crate::error::{Error, Result};
use crate::ops::{Engine, picture};

/// What `flowrt::main!()` calls.
pub fn main() -> ExitCode {
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
    let code = runtime.block_on(async {
        let flows = match Engine::open("memory:").await {
            Ok(engine) => engine.flows(),
            Err(error) => return outcome::complain(&error),
        };
        let matches = match command::command(&flows).try_get_matches() {
            Ok(matches) => matches,
            Err(error) => {
                let _ = error.print();
                return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
            }
        };
        dispatch(&flows, &matches)
            .await
            .unwrap_or_else(|error| outcome::complain(&error))
    });
    runtime.shutdown_background();
    code
}

async fn dispatch(flows: &[&'static Meta], matches: &ArgMatches) -> Result<ExitCode> {
    match matches.subcommand() {
        Some(("run", matches)) => run::run(flows, matches).await,
        Some(("graph", matches)) => graph::run(flows, matches),
        Some(("runs", matches)) => runs::run(matches).await,
        _ => {
            listing::flows(flows, command::wants_json(matches));
            Ok(ExitCode::SUCCESS)
        }
    }
}
