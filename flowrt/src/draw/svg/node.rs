//! Nodes: a box, the state's icon, the name, the fan-out's badge, and what is unusual in small print.

use std::fmt::Write;

use super::super::label;
use super::markup::{escaped, number};
use super::place::{BADGE_GAP, ICON, NAME_CHARACTER, NODE_HEIGHT, PADDING, Place, badge_width};
use super::style;
use crate::model::graph::{Node, NodeKind};

const BADGE_HEIGHT: f64 = 18.0;

/// Draws one node.
pub(super) fn draw(node: &Node, place: &Place, out: &mut String) {
    let state = node.state.map_or(String::new(), |state| {
        format!(" state-{}", style::class(state))
    });
    let _ = writeln!(
        out,
        "<g class=\"node kind-{}{state}\" data-step=\"{}\" transform=\"translate({} {})\">",
        kind(node.kind),
        escaped(&node.id),
        number(place.left),
        number(place.middle - NODE_HEIGHT / 2.0)
    );
    let _ = writeln!(out, "<title>{}</title>", escaped(&hint(node)));
    boxes(node, place, out);
    if let Some(state) = node.state {
        let _ = writeln!(
            out,
            "<use class=\"icon\" href=\"#flowrt-{}\" x=\"{}\" y=\"{}\"/>",
            style::icon(state),
            number(PADDING),
            number(NODE_HEIGHT / 2.0 - 8.0)
        );
    }
    words(node, out);
    if let Some(arm) = label::arm(node).filter(|_| place.opens_arm) {
        let _ = writeln!(
            out,
            "<text class=\"arm\" x=\"2\" y=\"-6\">{}</text>",
            escaped(&arm)
        );
    }
    out.push_str("</g>\n");
}

fn boxes(node: &Node, place: &Place, out: &mut String) {
    let radius = match node.kind {
        NodeKind::Branch | NodeKind::Wait => NODE_HEIGHT / 2.0,
        _ => 10.0,
    };
    let mut layer = |class: &str, inset: f64| {
        let _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>",
            number(inset),
            number(inset),
            number(2.0f64.mul_add(-inset, place.width)),
            number(2.0f64.mul_add(-inset, NODE_HEIGHT)),
            number(radius - inset)
        );
    };
    if node.kind == NodeKind::Map {
        // A second sheet shows from behind: there are several.
        layer("box sheet", -4.0);
    }
    layer("box", 0.0);
    if node.kind == NodeKind::Flow {
        layer("inner", 3.0);
    }
}

fn words(node: &Node, out: &mut String) {
    let left = PADDING + if node.state.is_some() { ICON } else { 0.0 };
    let name = label::name(node);
    let notes = label::notes(node);
    let middle = NODE_HEIGHT / 2.0;
    let line = if notes.is_empty() {
        middle
    } else {
        middle - 8.0
    };
    let _ = writeln!(
        out,
        "<text class=\"name\" x=\"{}\" y=\"{}\">{}</text>",
        number(left),
        number(line + 4.5),
        escaped(&name)
    );
    if let Some(badge) = label::fan_out(node) {
        let start = (label::columns(&name) as f64).mul_add(NAME_CHARACTER, left + BADGE_GAP);
        let width = badge_width(&badge);
        let _ = writeln!(
            out,
            "<rect class=\"badge\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>\
             <text class=\"count\" x=\"{}\" y=\"{}\">{}</text>",
            number(start),
            number(line - BADGE_HEIGHT / 2.0),
            number(width),
            number(BADGE_HEIGHT),
            number(BADGE_HEIGHT / 2.0),
            number(start + width / 2.0),
            number(line + 4.0),
            escaped(&badge)
        );
    }
    if !notes.is_empty() {
        let _ = writeln!(
            out,
            "<text class=\"notes\" x=\"{}\" y=\"{}\">{}</text>",
            number(left),
            number(middle + 13.0),
            escaped(&notes)
        );
    }
}

/// What a pointer that rests on the node is told.
fn hint(node: &Node) -> String {
    let mut hint = node.label.clone();
    if let Some(over) = &node.over {
        let _ = write!(hint, ", for each of {over}");
    }
    if let Some(state) = node.state {
        let _ = write!(hint, ": {state}");
    }
    if let Some(location) = &node.location {
        let _ = write!(hint, " ({location})");
    }
    hint
}

const fn kind(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Task => "task",
        NodeKind::Flow => "flow",
        NodeKind::Map => "map",
        NodeKind::Branch => "branch",
        NodeKind::Wait => "wait",
    }
}
