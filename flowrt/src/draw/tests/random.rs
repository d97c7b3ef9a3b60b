//! Graphs of every shape: what proptest draws.

use proptest::prelude::*;

use super::samples::node;
use crate::model::graph::{Edge, EdgeKind, Graph, Trigger};

/// Acyclic graphs of up to `most` nodes, sparse enough to be drawn often.
pub(super) fn dag(most: usize) -> impl Strategy<Value = Graph> {
    (1..=most, 1_usize..=5).prop_flat_map(|(nodes, density)| {
        let pair = (0..nodes, 0..nodes, any::<bool>(), any::<bool>());
        let edges = proptest::collection::vec(pair, 0..=nodes * density / 2);
        let rules = proptest::collection::vec(any::<bool>(), nodes);
        (edges, rules).prop_map(|(pairs, rules)| build(&pairs, &rules))
    })
}

fn build(pairs: &[(usize, usize, bool, bool)], rules: &[bool]) -> Graph {
    let mut graph = Graph {
        flow: "random".to_owned(),
        is_dag: true,
        ..Graph::default()
    };
    for (index, own_rule) in rules.iter().enumerate() {
        let mut node = node(&format!("n{}", "x".repeat(index % 4)));
        node.label.push_str(&index.to_string());
        // A rule of its own keeps the edges that a longer path implies, so that long lines are drawn as well.
        if *own_rule {
            node.rule = Trigger::OneDone;
        }
        graph.nodes.push(node);
    }
    for (one, other, order, _) in pairs {
        if one != other {
            graph.edges.push(Edge {
                from: *one.min(other),
                to: *one.max(other),
                kind: if *order {
                    EdgeKind::Order
                } else {
                    EdgeKind::Data
                },
            });
        }
    }
    graph
}
