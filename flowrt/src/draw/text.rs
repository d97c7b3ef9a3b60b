//! A graph as text: a drawing where one reads well, else a list of who waits for whom.

mod channel;
mod list;
mod net;
mod picture;
mod program;

use super::layout::{Layout, Part, layout};
use crate::model::graph::Graph;

/// A drawing wider than this would wrap on most terminals.
const WIDEST: usize = 160;
/// More crossings than this and a list reads better than a drawing.
const MOST_CROSSINGS: usize = 24;

/// With more lines than this in one part, finding out that it is too tangled would itself take long.
const MOST_LINES: usize = 1_000;
/// The columns between two layers whose lines are all level.
const LEAST_GAP: usize = 4;

/// Draws `graph` with lines and names.
pub fn text(graph: &Graph) -> String {
    let lines = if graph.nodes.is_empty() {
        vec![format!("{} has no nodes", graph.flow)]
    } else if graph.is_dag {
        let layout = layout(graph);
        drawing(graph, &layout).unwrap_or_else(|| list::list(graph, &layout))
    } else {
        program::program(graph)
    };
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// The parts one below the other, or nothing if one of them would be too wide or too tangled.
fn drawing(graph: &Graph, layout: &Layout) -> Option<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    let mut previous = 0;
    for part in &layout.parts {
        let labels = labels(graph, layout, part);
        if least_width(part, &labels) > WIDEST || part.links.len() > MOST_LINES {
            return None;
        }
        let drawn = picture::picture(&labels, part);
        if drawn.width > WIDEST || drawn.crossings > MOST_CROSSINGS {
            return None;
        }
        // A part of several lines stands apart, so that its lines are not taken for its neighbour's.
        if previous > 0 && previous.max(drawn.lines.len()) > 1 {
            lines.push(String::new());
        }
        previous = drawn.lines.len();
        lines.extend(drawn.lines);
    }
    Some(lines)
}

/// What is written in each slot; nothing where a line passes.
fn labels(graph: &Graph, layout: &Layout, part: &Part) -> Vec<String> {
    part.slots
        .iter()
        .map(|slot| match slot.node {
            Some(node) => super::label::line(&graph.nodes[node], layout.opens_arm[node]),
            None => String::new(),
        })
        .collect()
}

/// The width before any line has been routed.
fn least_width(part: &Part, labels: &[String]) -> usize {
    let width = |layer: &Vec<usize>| {
        let widths = layer
            .iter()
            .map(|slot| super::label::columns(&labels[*slot]));
        widths.max().unwrap_or(0)
    };
    let gaps = part.layers.len().saturating_sub(1) * LEAST_GAP;
    part.layers.iter().map(width).sum::<usize>() + gaps
}
