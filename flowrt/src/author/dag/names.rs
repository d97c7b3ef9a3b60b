//! The step names of a DAG's nodes, which do not depend on the order in which they start.

use std::collections::HashMap;
use std::sync::Arc;

use crate::author::meta::{StaticGraph, StaticNode, What};

/// The names in the order of the nodes; nodes that are not recorded have none.
pub(crate) fn step_names(graph: &StaticGraph) -> Vec<Option<Arc<str>>> {
    let mut seen: HashMap<&str, u32> = HashMap::new();
    let mut name = |node: &StaticNode| -> Option<Arc<str>> {
        let name = node.named.or_else(|| callee(node))?;
        let occurrence = seen.entry(name).or_insert(0);
        *occurrence += 1;
        Some(match *occurrence {
            1 => name.into(),
            later => format!("{name}#{later}").into(),
        })
    };
    graph.nodes.iter().map(&mut name).collect()
}

/// What a node calls, by its registered name.
pub(super) fn callee(node: &StaticNode) -> Option<&'static str> {
    match node.what {
        What::Call(meta) | What::Map(meta) => Some(meta.name),
        What::Wait(kind) => Some(kind),
        What::Branch | What::Glue => None,
    }
}
