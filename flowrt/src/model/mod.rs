//! Plain data and pure rules: no I/O, no clock, no randomness, no async.

pub mod after;
pub mod artifact;
pub mod backfill;
pub mod blob;
pub mod deployment;
pub mod digest;
pub mod dispatch;
pub mod event;
pub mod graph;
pub mod ids;
pub mod limit;
pub mod notice;
pub mod number;
pub mod outline;
pub mod payload;
pub mod plan;
pub mod record;
pub mod replay;
pub mod rest;
pub mod retention;
pub mod retry;
pub mod rfc3339;
#[cfg(test)]
pub(crate) mod sample;
pub mod schedule;
pub mod state;
pub mod trigger;
