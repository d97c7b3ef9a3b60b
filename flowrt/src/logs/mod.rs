//! Log lines of tasks and flows: taken from `tracing`, told to those who watch, kept with the run.
//!
//! A body never waits for its lines to be written: they go to a buffer of fixed size, and what does not fit is counted
//! and said in the log. All lines of a run are in the store before its end is acknowledged.

#[cfg(feature = "logs")]
mod fields;
#[cfg(feature = "logs")]
mod layer;
mod run;
mod sink;
#[cfg(all(test, feature = "logs"))]
mod tests;

#[cfg(feature = "isolate")]
pub(crate) use layer::level_named;
#[cfg(feature = "logs")]
pub use layer::{Layer, layer, stray};
pub(crate) use run::Kept;
#[cfg(feature = "isolate")]
pub(crate) use run::{Line, send_elsewhere};
#[cfg(feature = "logs")]
pub(crate) use run::{of_attempt, of_flow};
pub(crate) use sink::Sink;

/// The setting `log_lines_max`: how many lines of one attempt are kept.
pub const LOG_LINES_MAX: u32 = 100_000;

/// The setting `log_line_bytes_max`: how long a kept line is at most.
pub const LOG_LINE_BYTES_MAX: usize = 64 << 10;

/// The setting `log_buffer_lines_max`: how many lines wait for the store at most.
pub const LOG_BUFFER_LINES_MAX: usize = 1 << 16;

/// The setting `log_buffer_bytes_max`: how much text waits for the store at most.
pub const LOG_BUFFER_BYTES_MAX: usize = 16 << 20;
