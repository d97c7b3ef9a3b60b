//! Pixels: where the layout's columns and rows come to lie.

use super::super::edges::arms;
use super::super::label;
use super::super::layout::{Part, layout};
use crate::model::graph::{Graph, Node};

/// The height of a node.
pub(super) const NODE_HEIGHT: f64 = 44.0;
/// The width of one character of a name (13 pixels, fixed pitch).
pub(super) const NAME_CHARACTER: f64 = 7.83;
/// The width of one character of the small print (11 pixels, fixed pitch).
pub(super) const SMALL_CHARACTER: f64 = 6.63;
/// The space between a node's side and what is written in it.
pub(super) const PADDING: f64 = 14.0;
/// What a state's icon takes, with the space behind it.
pub(super) const ICON: f64 = 26.0;
/// The space on both sides of the text in a badge, together.
pub(super) const BADGE_PADDING: f64 = 14.0;
/// The space before a badge.
pub(super) const BADGE_GAP: f64 = 10.0;

/// From the middle of a row to that of the next.
const ROW: f64 = 70.0;
const MARGIN: f64 = 24.0;
const LEAST_WIDTH: f64 = 72.0;
/// Columns stand farther apart where lines go far up or down, within these bounds.
const GAP: (f64, f64) = (56.0, 150.0);
const PART_GAP: f64 = 30.0;
/// Single nodes fill rows up to this width.
const SINGLES_WIDTH: f64 = 720.0;
const SINGLES_GAP: f64 = 24.0;
const INDENT: f64 = 32.0;

/// Everything with its place.
#[derive(Debug, Default)]
pub(super) struct Scene {
    pub places: Vec<Place>,
    pub lines: Vec<Line>,
    pub width: f64,
    pub height: f64,
}

/// Where a node lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub node: usize,
    pub left: f64,
    pub middle: f64,
    pub width: f64,
    /// The text of its arm is written above it.
    pub opens_arm: bool,
}

/// A line between neighbouring columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// Where it begins.
    pub start: (f64, f64),
    /// Where it leaves the first column.
    pub leaves: f64,
    /// Where it ends.
    pub end: (f64, f64),
    /// It ends at a node.
    pub head: bool,
    pub order_only: bool,
    /// It only says that one step stands below the other in the source.
    pub spine: bool,
}

impl Scene {
    pub(super) fn new(graph: &Graph) -> Self {
        let mut scene = Self::default();
        let bottom = if graph.is_dag {
            scene.dag(graph)
        } else {
            scene.program(graph)
        };
        let rights = scene.places.iter().map(|place| place.left + place.width);
        scene.width = rights.fold(LEAST_WIDTH, f64::max) + MARGIN;
        scene.height = bottom + MARGIN;
        scene
    }

    fn dag(&mut self, graph: &Graph) -> f64 {
        let layout = layout(graph);
        let mut top = MARGIN;
        let (singles, parts): (Vec<&Part>, Vec<&Part>) =
            layout.parts.iter().partition(|part| part.slots.len() == 1);
        for part in parts {
            top = self.part(graph, part, &layout.opens_arm, top) + PART_GAP;
        }
        let nodes: Vec<usize> = singles
            .iter()
            .flat_map(|part| part.slots.iter().filter_map(|slot| slot.node))
            .collect();
        if nodes.is_empty() {
            top - PART_GAP
        } else {
            self.singles(graph, &nodes, top)
        }
    }

    /// Places a part below `top` and gives its bottom.
    fn part(&mut self, graph: &Graph, part: &Part, opens_arm: &[bool], top: f64) -> f64 {
        // The text of an arm needs room above the first row.
        let opens = |node: Option<usize>| node.is_some_and(|node| opens_arm[node]);
        let first_row_opens = part
            .slots
            .iter()
            .any(|slot| slot.y < 0.5 && opens(slot.node));
        let top = if first_row_opens { top + 14.0 } else { top };
        let middle = |y: f64| y.mul_add(ROW, top + NODE_HEIGHT / 2.0);
        let widths: Vec<f64> = (part.layers.iter())
            .map(|layer| {
                let nodes = layer.iter().filter_map(|slot| part.slots[*slot].node);
                nodes
                    .map(|node| width(&graph.nodes[node]))
                    .fold(0.0, f64::max)
            })
            .collect();
        let mut lefts = Vec::with_capacity(widths.len());
        let mut left = MARGIN;
        for (layer, width) in widths.iter().enumerate() {
            lefts.push(left);
            left += width + gap(part, layer);
        }
        for slot in &part.slots {
            if let Some(node) = slot.node {
                self.places.push(Place {
                    node,
                    left: lefts[slot.layer],
                    middle: middle(slot.y),
                    width: widths[slot.layer],
                    opens_arm: opens_arm[node],
                });
            }
        }
        for link in &part.links {
            let (from, to) = (part.slots[link.from], part.slots[link.to]);
            let right = lefts[from.layer] + widths[from.layer];
            let start = if from.node.is_some() {
                right
            } else {
                lefts[from.layer]
            };
            self.lines.push(Line {
                start: (start, middle(from.y)),
                leaves: right,
                end: (lefts[to.layer], middle(to.y)),
                head: to.node.is_some(),
                order_only: link.order_only,
                spine: false,
            });
        }
        let lowest = part.slots.iter().map(|slot| slot.y).fold(0.0, f64::max);
        middle(lowest) + NODE_HEIGHT / 2.0
    }

    fn singles(&mut self, graph: &Graph, nodes: &[usize], top: f64) -> f64 {
        let (mut left, mut middle) = (MARGIN, top + NODE_HEIGHT / 2.0);
        let widest = self.places.iter().map(|place| place.left + place.width);
        let limit = widest.fold(SINGLES_WIDTH, f64::max);
        for node in nodes {
            let width = width(&graph.nodes[*node]);
            if left > MARGIN && left + width > limit {
                left = MARGIN;
                middle += NODE_HEIGHT + SINGLES_GAP;
            }
            self.places.push(Place {
                node: *node,
                left,
                middle,
                width,
                opens_arm: false,
            });
            left += width + SINGLES_GAP;
        }
        middle + NODE_HEIGHT / 2.0
    }

    fn program(&mut self, graph: &Graph) -> f64 {
        let mut middle = MARGIN + NODE_HEIGHT / 2.0;
        let mut above: Vec<(usize, f64)> = Vec::new();
        let mut previous_arm = None;
        for (index, node) in graph.nodes.iter().enumerate() {
            let depth = arms(graph, index).count();
            self.places.push(Place {
                node: index,
                left: (depth as f64).mul_add(INDENT, MARGIN),
                middle,
                width: width(node),
                opens_arm: node.arm.is_some() && node.arm.as_ref() != previous_arm,
            });
            previous_arm = node.arm.as_ref();
            while above.last().is_some_and(|(other, _)| *other > depth) {
                above.pop();
            }
            if let Some((other, from)) = above.last().copied() {
                let x = (other as f64).mul_add(INDENT, MARGIN + INDENT / 2.0);
                let under = other == depth;
                let end_x = if under { x } else { x + INDENT / 2.0 };
                self.lines.push(Line {
                    // From middle to middle: the nodes, drawn later, hide the ends, whatever their corners.
                    start: (x, from),
                    leaves: x,
                    end: (end_x, middle),
                    head: false,
                    order_only: false,
                    spine: true,
                });
            }
            if above.last().is_some_and(|(other, _)| *other == depth) {
                above.pop();
            }
            above.push((depth, middle));
            middle += ROW;
        }
        middle - ROW + NODE_HEIGHT / 2.0
    }
}

/// The space behind a layer: more where its lines go far up or down, so that they do not run too steep.
fn gap(part: &Part, layer: usize) -> f64 {
    let links = part
        .links
        .iter()
        .filter(|link| part.slots[link.from].layer == layer);
    let rises = links.map(|link| (part.slots[link.from].y - part.slots[link.to].y).abs());
    let steepest = rises.fold(0.0, f64::max);
    steepest.mul_add(14.0, GAP.0 - 8.0).clamp(GAP.0, GAP.1)
}

/// The width a node needs for what is written in it.
fn width(node: &Node) -> f64 {
    let icon = if node.state.is_some() { ICON } else { 0.0 };
    let name = label::columns(&label::name(node)) as f64 * NAME_CHARACTER;
    let badge = label::fan_out(node).map_or(0.0, |text| badge_width(&text) + BADGE_GAP);
    let notes = label::columns(&label::notes(node)) as f64 * SMALL_CHARACTER;
    let arm = label::arm(node).map_or(0, |arm| label::columns(&arm)) as f64 * SMALL_CHARACTER;
    let inside = icon + (name + badge).max(notes) + 2.0 * PADDING;
    inside.max(arm).max(LEAST_WIDTH).ceil()
}

/// The width of a badge with that text.
pub(super) fn badge_width(text: &str) -> f64 {
    (label::columns(text) as f64).mul_add(SMALL_CHARACTER, BADGE_PADDING)
}
