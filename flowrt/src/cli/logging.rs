//! Log lines of this program: kept with their runs and shown, as FLOWRT_LOG says.

use std::borrow::Cow;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

use crate::author::frame;
use crate::error::{Error, ErrorKind, Result};
use crate::logs;
use crate::mask;

/// Which lines are kept and shown: `warn`, or `info,my_crate=debug`.
const VARIABLE: &str = "FLOWRT_LOG";

/// Takes the lines of this process. One that has a subscriber already keeps it.
///
/// # Errors
/// If the variable says something else than levels.
pub(super) fn install() -> Result<()> {
    let wanted = std::env::var(VARIABLE).unwrap_or_default();
    let wanted = wanted.trim();
    let levels = if wanted.is_empty() {
        Targets::new()
    } else {
        wanted.parse::<Targets>().map_err(|error| {
            Error::new(
                ErrorKind::Input,
                format!("{VARIABLE} is `{wanted}`, which is no list of levels: {error}"),
            )
            .hint(format!(
                "{VARIABLE}=info, or {VARIABLE}=warn,my_crate=debug"
            ))
        })?
    };
    let levels = match levels.default_level() {
        Some(_) => levels,
        None => levels.with_default(LevelFilter::INFO),
    };
    let layer = logs::layer().with_filter(levels);
    if tracing_subscriber::registry()
        .with(layer)
        .try_init()
        .is_ok()
    {
        logs::stray(super::live::stray);
    }
    keep_panics();
    Ok(())
}

/// A panic in a body is a line of its log, and does not break the picture of the run unless its backtrace is wanted.
fn keep_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let backtrace = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
        let text = info.payload_as_str().unwrap_or("a value that is no text");
        let shown = mask::text(text);
        if backtrace || !frame::is_inside() {
            match &shown {
                Cow::Borrowed(_) => usual(info),
                // The usual words would hold the value of a secret.
                Cow::Owned(shown) => super::print::note(&format!("panicked: {shown}")),
            }
        }
        if !frame::is_inside() {
            return;
        }
        let place = info.location().map_or_else(String::new, |place| {
            format!(" at {}:{}", place.file(), place.line())
        });
        tracing::error!(target: "panic", "panicked{place}: {shown}");
    }));
}
