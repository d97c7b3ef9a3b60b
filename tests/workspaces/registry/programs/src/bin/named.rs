//! Names the crate of flows, so it is linked.

flowrt::main!(flows = [team_flows]);
