//! Names two crates that each have a flow `nightly`.

flowrt::main!(flows = [team_flows, other_flows]);
