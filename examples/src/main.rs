//! One program of all examples: `cargo run -p examples` lists them.

mod approval;
mod overall;
mod repo_report;

flowrt::main!();
