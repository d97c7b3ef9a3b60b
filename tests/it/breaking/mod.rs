//! Proof by breaking it: real processes, real kills, stores that fail.
#![allow(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "seeds and counts help whoever repeats a failure; real processes need real time"
)]

mod clocks;
mod copies;
mod faults;
mod full_disk;
mod killed_often;
mod load;
mod middle;
mod sizes;
mod sweep;
mod versions;
mod victim;
mod zombie;
