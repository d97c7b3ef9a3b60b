//! Workflows as ordinary Rust functions: checked by the compiler, recorded as they run, resumed where they stopped.

extern crate self as flowrt;

pub mod author;
pub mod clock;
pub mod draw;
mod engine;
mod error;
#[cfg_attr(
    not(feature = "sqlite"),
    allow(dead_code, reason = "only stores on disk have places to fail at")
)]
mod failpoint;
pub mod model;
pub mod store;

pub use error::{Error, ErrorKind, Result, StdError};
