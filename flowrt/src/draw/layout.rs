//! One layered layout, left to right, for every picture: which column and row each node takes, and how edges pass between.

mod chains;
mod layers;
mod order;
mod rows;

use super::edges;
use crate::model::graph::{Edge, EdgeKind, Graph};

/// Where everything goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// The connected parts, in source order of their first nodes.
    pub parts: Vec<Part>,
    /// The edges that are drawn: without those that a longer path implies.
    pub edges: Vec<Edge>,
    /// For each node, whether it is the first of its arm, so that the arm's text belongs to it.
    pub opens_arm: Vec<bool>,
}

/// One connected part of a graph.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Part {
    /// The places in it.
    pub slots: Vec<Slot>,
    /// The slots of each layer, from top to bottom.
    pub layers: Vec<Vec<usize>>,
    /// The lines from slots of a layer to slots of the next.
    pub links: Vec<Link>,
}

/// A place for a node, or for a long edge on its way through a layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slot {
    /// The node's index in the graph; none where only a line passes.
    pub node: Option<usize>,
    /// The column.
    pub layer: usize,
    /// The row, for pictures made of lines of text.
    pub row: usize,
    /// The height in rows, for pictures that can place a node between two others.
    pub y: f64,
}

/// A line between slots of neighbouring layers, by their indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Link {
    /// The left end.
    pub from: usize,
    /// The right end.
    pub to: usize,
    /// It carries order only, no value.
    pub order_only: bool,
}

/// Lays a graph out.
pub fn layout(graph: &Graph) -> Layout {
    let drawn = edges::drawn(graph);
    let parts = layers::parts(graph.nodes.len(), &drawn.edges)
        .into_iter()
        .map(|(nodes, edges)| part(&nodes, &edges))
        .collect();
    Layout {
        parts,
        edges: drawn.edges,
        opens_arm: drawn.opens_arm,
    }
}

fn part(nodes: &[usize], edges: &[Edge]) -> Part {
    let layer_of = layers::longest_path(nodes, edges);
    let mut part = chains::with_long_edges(nodes, &layer_of, edges);
    order::reduce_crossings(&mut part);
    rows::place(&mut part);
    part
}

impl Part {
    /// For each slot, the slots at the left ends of its lines.
    fn before(&self) -> Vec<Vec<usize>> {
        let mut before = vec![Vec::new(); self.slots.len()];
        for link in &self.links {
            before[link.to].push(link.from);
        }
        before
    }

    /// For each slot, the slots at the right ends of its lines.
    fn after(&self) -> Vec<Vec<usize>> {
        let mut after = vec![Vec::new(); self.slots.len()];
        for link in &self.links {
            after[link.from].push(link.to);
        }
        after
    }
}

fn is_order(edge: &Edge) -> bool {
    edge.kind == EdgeKind::Order
}
