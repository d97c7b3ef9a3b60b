//! Which store a command uses, and opening it.

use clap::{Arg, ArgMatches};

use crate::error::Result;
use crate::ops::Engine;

/// `--store`, understood by every command.
pub(super) fn arg() -> Arg {
    Arg::new("store")
        .long("store")
        .env("FLOWRT_STORE")
        .global(true)
        .default_value("sqlite:.flowrt/flowrt.db")
        .help("memory: or sqlite:PATH")
}

/// Opens the store that the command line names.
///
/// # Errors
/// If it cannot be used.
pub(super) async fn open(matches: &ArgMatches) -> Result<Engine> {
    Engine::open(
        matches
            .get_one::<String>("store")
            .map_or("memory:", String::as_str),
    )
    .await
}
