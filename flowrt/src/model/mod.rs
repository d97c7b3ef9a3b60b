//! Plain data and pure rules: no I/O, no clock, no randomness, no async.

pub mod graph;
pub mod state;
