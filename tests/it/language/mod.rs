//! Programs that are right though unusual: they must compile without a warning and do what they say.
#![deny(warnings, clippy::pedantic)]
#![forbid(unsafe_code)]

mod attributes;
mod awaits;
mod names;
mod parameters;
mod renamed;
mod results;
mod tasks;
