//! A graph in the language of Graphviz.

use std::fmt::Write;

use super::edges;
use super::mermaid::{arm_of, text};
use crate::model::graph::{EdgeKind, Graph, NodeKind};
use crate::model::state::TaskState;

/// Writes `graph` as a digraph.
pub fn dot(graph: &Graph) -> String {
    let direction = if graph.is_dag { "LR" } else { "TB" };
    let mut out = format!(
        "digraph {} {{\n  rankdir={direction}\n  node [shape=box style=\"rounded,filled\" fillcolor=white \
         color=\"#8a919c\" fontname=\"sans-serif\" fontsize=12]\n  edge [color=\"#8a919c\" arrowsize=0.7 \
         fontname=\"sans-serif\" fontsize=10]\n",
        quoted(&graph.flow)
    );
    for (index, node) in graph.nodes.iter().enumerate() {
        let mut attributes = format!("label={}", quoted(&text(node)));
        if let Some(shape) = shape(node.kind) {
            let _ = write!(attributes, " {shape}");
        }
        if let Some((fill, line)) = node.state.and_then(colours) {
            let _ = write!(attributes, " fillcolor=\"{fill}\" color=\"{line}\"");
        }
        let _ = writeln!(out, "  n{index} [{attributes}]");
    }
    let drawn = edges::drawn(graph);
    for edge in &drawn.edges {
        let mut attributes = Vec::new();
        if edge.kind == EdgeKind::Order {
            attributes.push("style=dashed".to_owned());
        }
        if let Some(arm) = arm_of(graph, &drawn, edge.from, edge.to) {
            attributes.push(format!("label={}", quoted(&arm)));
        }
        let attributes = if attributes.is_empty() {
            String::new()
        } else {
            format!(" [{}]", attributes.join(" "))
        };
        let _ = writeln!(out, "  n{} -> n{}{attributes}", edge.from, edge.to);
    }
    if !graph.is_dag {
        for index in 1..graph.nodes.len() {
            if !drawn
                .edges
                .iter()
                .any(|edge| (edge.from, edge.to) == (index - 1, index))
            {
                let _ = writeln!(out, "  n{} -> n{index} [dir=none]", index - 1);
            }
        }
    }
    out.push_str("}\n");
    out
}

/// In a quoted text only the quote and the backslash mean something, and Graphviz reads entities after an `&`.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

const fn shape(kind: NodeKind) -> Option<&'static str> {
    match kind {
        NodeKind::Task => None,
        NodeKind::Flow => Some("peripheries=2"),
        NodeKind::Map => Some("shape=box3d style=filled"),
        NodeKind::Branch => Some("shape=diamond style=filled"),
        NodeKind::Wait => Some("shape=oval style=filled"),
    }
}

const fn colours(state: TaskState) -> Option<(&'static str, &'static str)> {
    match state {
        TaskState::Pending => None,
        TaskState::Running => Some(("#e6f0fe", "#2563eb")),
        TaskState::Retrying | TaskState::Waiting => Some(("#fdf3df", "#b26a00")),
        TaskState::Completed | TaskState::Cached => Some(("#e7f6ec", "#1a7f45")),
        TaskState::Failed | TaskState::TimedOut | TaskState::Crashed => {
            Some(("#fdeaea", "#c62f2f"))
        }
        TaskState::Cancelled | TaskState::Skipped | TaskState::UpstreamFailed => {
            Some(("#f1f2f4", "#8a919c"))
        }
    }
}
