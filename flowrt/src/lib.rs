//! Workflows as ordinary Rust functions: checked by the compiler, recorded as they run, resumed where they stopped.

extern crate self as flowrt;

pub mod author;
pub mod clock;
mod error;
pub mod draw;
pub mod model;
pub mod store;

pub use error::{Error, ErrorKind, Result, StdError};
