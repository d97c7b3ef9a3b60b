//! Which store a command uses, and opening it.

use std::path::Path;

use clap::{Arg, ArgMatches, ValueHint};

use super::print;
use crate::error::{Error, ErrorKind, Result};
use crate::ops::Engine;

const FOLDER: &str = ".flowrt";
const FILE: &str = "flowrt.db";
/// A file that marks the top of a project.
const MARK: &str = "flowrt.toml";

/// `--store`, understood by every command.
pub(super) fn arg() -> Arg {
    Arg::new("store")
        .long("store")
        .env("FLOWRT_STORE")
        .hide_env_values(true)
        .global(true)
        .help_heading("Global options")
        .value_name("STORE")
        .value_hint(ValueHint::AnyPath)
        .help(format!("Where runs are recorded: memory: or sqlite:PATH [default: {FOLDER}/{FILE}, here or in the nearest folder above that has {FOLDER} or {MARK}]"))
}

/// A store's address, and whether somebody chose it.
struct Place {
    url: String,
    is_chosen: bool,
}

/// Verbs that need the store itself say so where a server was named.
fn refuse_server(matches: &ArgMatches) -> Result<()> {
    #[cfg(feature = "serve")]
    if super::door::server(matches)?.is_some() {
        return Err(super::door::only_here());
    }
    let _ = matches;
    Ok(())
}

fn place(matches: &ArgMatches) -> Place {
    // A variable that is set to nothing chooses nothing.
    match matches
        .get_one::<String>("store")
        .filter(|store| !store.is_empty())
    {
        Some(url) => Place {
            url: url.clone(),
            is_chosen: true,
        },
        None => Place {
            url: default_url(),
            is_chosen: false,
        },
    }
}

/// The address is relative, so that it is short to read and any name of a folder above will do.
fn default_url() -> String {
    let levels = std::env::current_dir().map_or(1, |here| here.ancestors().count());
    let above = (0..levels).map(|level| "../".repeat(level));
    let nearest = above.into_iter().find(|up| {
        Path::new(&format!("{up}{FOLDER}")).is_dir() || Path::new(&format!("{up}{MARK}")).is_file()
    });
    format!("sqlite:{}{FOLDER}/{FILE}", nearest.unwrap_or_default())
}

impl Place {
    /// The file, if it is one and is not there.
    fn missing_file(&self) -> Option<&str> {
        let file = self.url.strip_prefix("sqlite:")?;
        (!Path::new(file).exists()).then_some(file)
    }
}

/// Opens the store to write to it, and makes it if it is not there.
///
/// # Errors
/// If it cannot be used.
pub(super) async fn open(matches: &ArgMatches) -> Result<Engine> {
    refuse_server(matches)?;
    let place = place(matches);
    let is_new = place.missing_file().is_some();
    let engine = Engine::open(&place.url).await?;
    if is_new && !place.is_chosen {
        print::note(&format!(
            "made the store {}; another one: --store or FLOWRT_STORE",
            place.url.trim_start_matches("sqlite:")
        ));
    }
    Ok(engine)
}

/// Opens the store to read from it. Where nothing has been run yet, nothing is made, and the store that is read is empty.
///
/// # Errors
/// If it cannot be used, or is not where somebody said.
pub(super) async fn open_existing(matches: &ArgMatches) -> Result<Engine> {
    refuse_server(matches)?;
    let place = place(matches);
    match place.missing_file() {
        Some(file) if place.is_chosen => Err(Error::new(
            ErrorKind::Store,
            format!("there is no store {file}"),
        )
        .hint("check --store and FLOWRT_STORE; `run` makes a new store")),
        Some(_) => Engine::open("memory:").await,
        None => Engine::open(&place.url).await,
    }
}
