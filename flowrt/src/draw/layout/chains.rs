//! Long edges become chains of slots, one in each layer they pass; edges that share an end share its chain.

use std::collections::{BTreeMap, BTreeSet};

use super::{Link, Part, Slot, is_order};
use crate::model::graph::Edge;

/// The end whose edges share a chain, and their kind. Through a shared chain all lines come from one node or all go to
/// one node, so that nobody can read an edge into it that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Shared {
    Source(usize, bool),
    Target(usize, bool),
}

/// The slots and links of a part; their order within a layer is that of a walk from the first nodes.
pub(super) fn with_long_edges(
    nodes: &[usize],
    layer_of: &BTreeMap<usize, usize>,
    edges: &[Edge],
) -> Part {
    let mut part = Part::default();
    let mut slot_of = BTreeMap::new();
    for node in nodes {
        slot_of.insert(*node, part.slots.len());
        part.slots.push(slot(Some(*node), layer_of[node]));
    }
    let shared = shared_ends(layer_of, edges);
    let mut chains: BTreeMap<(Shared, usize), usize> = BTreeMap::new();
    let mut links = BTreeSet::new();
    for (edge, shared) in edges.iter().zip(shared) {
        let mut at = slot_of[&edge.from];
        for layer in layer_of[&edge.from] + 1..layer_of[&edge.to] {
            let through = *chains.entry((shared, layer)).or_insert_with(|| {
                part.slots.push(slot(None, layer));
                part.slots.len() - 1
            });
            links.insert(link(at, through, edge));
            at = through;
        }
        links.insert(link(at, slot_of[&edge.to], edge));
    }
    part.links = links.into_iter().collect();
    part.layers = walk(&part);
    part
}

const fn slot(node: Option<usize>, layer: usize) -> Slot {
    Slot {
        node,
        layer,
        row: 0,
        y: 0.0,
    }
}

fn link(from: usize, to: usize, edge: &Edge) -> Link {
    Link {
        from,
        to,
        order_only: is_order(edge),
    }
}

/// For each edge, the end that has more long edges: sharing there saves more lines.
fn shared_ends(layer_of: &BTreeMap<usize, usize>, edges: &[Edge]) -> Vec<Shared> {
    let mut long: BTreeMap<Shared, usize> = BTreeMap::new();
    for edge in edges {
        if layer_of[&edge.to] > layer_of[&edge.from] + 1 {
            let order = is_order(edge);
            *long.entry(Shared::Source(edge.from, order)).or_default() += 1;
            *long.entry(Shared::Target(edge.to, order)).or_default() += 1;
        }
    }
    edges
        .iter()
        .map(|edge| {
            let source = Shared::Source(edge.from, is_order(edge));
            let target = Shared::Target(edge.to, is_order(edge));
            if long.get(&target) > long.get(&source) {
                target
            } else {
                source
            }
        })
        .collect()
}

/// Depth first from the first nodes: what belongs together starts close together.
fn walk(part: &Part) -> Vec<Vec<usize>> {
    let depth = part.slots.iter().map(|slot| slot.layer + 1).max();
    let mut layers = vec![Vec::new(); depth.unwrap_or(0)];
    let after = part.after();
    let mut seen = vec![false; part.slots.len()];
    for start in 0..part.slots.len() {
        let mut stack = vec![start];
        while let Some(at) = stack.pop() {
            // Only first nodes start a walk; the others are reached from them.
            if seen[at] || (at == start && part.slots[at].layer > 0) {
                continue;
            }
            seen[at] = true;
            layers[part.slots[at].layer].push(at);
            stack.extend(after[at].iter().rev().filter(|next| !seen[**next]));
        }
    }
    layers
}
