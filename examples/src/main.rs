//! One program of all examples: `cargo run -p examples` lists them.

mod approval;
mod backfill_rates;
mod greet;
mod order;
mod overall;
mod repo_report;
mod tree;

use greet::greet;

flowrt::deployments!("flowrt.yaml");
flowrt::main!(flows = [rates_flows]);
