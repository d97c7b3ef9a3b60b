//! The rules of DAG flows, one function each.

pub(super) mod graph;
pub(super) mod statements;
