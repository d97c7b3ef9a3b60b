//! The steps of the language besides tasks: each runs, and goes on after a crash.

mod continue_with;
mod crash;
mod given;
mod group;
mod map;
mod poll;
mod race;
mod rounds;
