//! Connected parts, and the layer of each node: one more than the last layer that it waits for.

use std::collections::BTreeMap;

use crate::model::graph::Edge;

/// The connected parts: the nodes of each, in source order, and its edges.
pub(super) fn parts(nodes: usize, edges: &[Edge]) -> Vec<(Vec<usize>, Vec<Edge>)> {
    let mut parent: Vec<usize> = (0..nodes).collect();
    for edge in edges {
        let (one, other) = (root(&mut parent, edge.from), root(&mut parent, edge.to));
        // The smaller index becomes the root, so that a part is known by its first node.
        parent[one.max(other)] = one.min(other);
    }
    let mut parts: BTreeMap<usize, (Vec<usize>, Vec<Edge>)> = BTreeMap::new();
    for node in 0..nodes {
        let part = parts.entry(root(&mut parent, node)).or_default();
        part.0.push(node);
    }
    for edge in edges {
        let part = parts.entry(root(&mut parent, edge.to)).or_default();
        part.1.push(*edge);
    }
    parts.into_values().collect()
}

fn root(parent: &mut [usize], mut node: usize) -> usize {
    while parent[node] != node {
        parent[node] = parent[parent[node]];
        node = parent[node];
    }
    node
}

/// The layer of each node of an acyclic part. A layer is also the earliest wave in which its nodes can start.
pub(super) fn longest_path(nodes: &[usize], edges: &[Edge]) -> BTreeMap<usize, usize> {
    let mut layer: BTreeMap<usize, usize> = nodes.iter().map(|node| (*node, 0)).collect();
    let mut waiting: BTreeMap<usize, usize> = BTreeMap::new();
    let mut next: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for edge in edges {
        *waiting.entry(edge.to).or_default() += 1;
        next.entry(edge.from).or_default().push(edge.to);
    }
    let mut ready: Vec<usize> = nodes
        .iter()
        .copied()
        .filter(|node| !waiting.contains_key(node))
        .collect();
    while let Some(node) = ready.pop() {
        let after = layer[&node] + 1;
        for to in next.get(&node).into_iter().flatten() {
            let held = layer.entry(*to).or_default();
            *held = after.max(*held);
            if let Some(left) = waiting.get_mut(to) {
                *left -= 1;
                if *left == 0 {
                    ready.push(*to);
                }
            }
        }
    }
    layer
}
