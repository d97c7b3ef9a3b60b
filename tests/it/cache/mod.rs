//! Results of tasks that are kept for later calls.

mod command_line;
mod hits;
mod keys;
mod modes;
mod waits;
