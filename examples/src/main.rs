//! One program of all examples: `cargo run -p examples` lists them.

mod approval;
mod backfill_rates;
mod order;
mod overall;
mod repo_report;
mod tree;

flowrt::main!(flows = [rates_flows]);
