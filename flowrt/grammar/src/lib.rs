//! Durations, sizes, rates, cron expressions and time zones, as flowrt's macros and its run time both read them.
//!
//! A macro that accepted what the run time refuses, or the other way round, would break the promise that a program which
//! compiles can start. So there is one reader for both, and it knows nothing of either.

mod cron;
#[cfg(feature = "deployments")]
pub mod deployments;
mod duration;
mod error;
mod interval;
mod rate;
mod rrule;
mod size;
mod suggest;
mod wall;
mod zone;

pub use cron::Cron;
pub use duration::{Backoff, DelayList, format_duration, parse_duration};
pub use error::GrammarError;
pub use interval::{Anchor, Interval};
pub use rate::Rate;
pub use rrule::Rrule;
pub use size::parse_size;
pub use suggest::closest;
pub use zone::parse_zone;
