//! Proof by breaking it: real processes, real kills, stores that fail.
#![allow(
    clippy::print_stderr,
    reason = "seeds and counts help whoever repeats a failure"
)]

mod faults;
mod full_disk;
mod middle;
mod sweep;
mod victim;
