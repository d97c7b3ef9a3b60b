//! A graph as a Mermaid flowchart.

use std::fmt::Write;

use super::edges::{self, Drawn};
use super::label;
use crate::model::graph::{EdgeKind, Graph, Node, NodeKind};
use crate::model::state::TaskState;

/// The colours of the states that have one: fill, line.
const CLASSES: [(&str, &str, &str); 5] = [
    ("done", "#e7f6ec", "#1a7f45"),
    ("running", "#e6f0fe", "#2563eb"),
    ("waiting", "#fdf3df", "#b26a00"),
    ("failed", "#fdeaea", "#c62f2f"),
    ("skipped", "#f1f2f4", "#8a919c"),
];

/// Writes `graph` as a flowchart.
pub fn mermaid(graph: &Graph) -> String {
    let direction = if graph.is_dag { "LR" } else { "TD" };
    let mut out = format!("flowchart {direction}\n");
    for (index, node) in graph.nodes.iter().enumerate() {
        let (open, close) = shape(node.kind);
        let _ = writeln!(out, "  n{index}{open}\"{}\"{close}", escaped(&text(node)));
    }
    let drawn = edges::drawn(graph);
    for edge in &drawn.edges {
        let arrow = match edge.kind {
            EdgeKind::Data => "-->",
            EdgeKind::Order => "-.->",
        };
        let arm = match arm_of(graph, &drawn, edge.from, edge.to) {
            Some(arm) => format!("|\"{}\"|", escaped(&arm)),
            None => String::new(),
        };
        let _ = writeln!(out, "  n{} {arrow}{arm} n{}", edge.from, edge.to);
    }
    if !graph.is_dag {
        for index in 1..graph.nodes.len() {
            if !drawn
                .edges
                .iter()
                .any(|edge| (edge.from, edge.to) == (index - 1, index))
            {
                let _ = writeln!(out, "  n{} --- n{index}", index - 1);
            }
        }
    }
    classes(graph, &mut out);
    out
}

/// The text of the arm that an edge from a branch leads into.
pub(super) fn arm_of(graph: &Graph, drawn: &Drawn, from: usize, to: usize) -> Option<String> {
    let (branch, _) = graph.nodes[to].arm.as_ref()?;
    (*branch == from && drawn.opens_arm[to]).then(|| label::arm(&graph.nodes[to]))?
}

/// What is written on a node, with its state's sign.
pub(super) fn text(node: &Node) -> String {
    label::line(node, false)
}

const fn shape(kind: NodeKind) -> (&'static str, &'static str) {
    match kind {
        NodeKind::Task => ("(", ")"),
        NodeKind::Flow => ("[[", "]]"),
        NodeKind::Map => ("[/", "/]"),
        NodeKind::Branch => ("{", "}"),
        NodeKind::Wait => ("([", "])"),
    }
}

/// Mermaid has no escapes in quoted text but entities of its own; what could be taken for markup becomes one.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '"' | '#' | '&' | '<' | '>' | '`' | '\\' | ';') {
            let _ = write!(out, "#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

fn classes(graph: &Graph, out: &mut String) {
    for (name, fill, line) in CLASSES {
        let members: Vec<String> = (graph.nodes.iter().enumerate())
            .filter(|(_, node)| node.state.and_then(class) == Some(name))
            .map(|(index, _)| format!("n{index}"))
            .collect();
        if !members.is_empty() {
            let _ = writeln!(
                out,
                "  classDef {name} fill:{fill},stroke:{line},color:#1c2330"
            );
            let _ = writeln!(out, "  class {} {name}", members.join(","));
        }
    }
}

const fn class(state: TaskState) -> Option<&'static str> {
    match state {
        TaskState::Pending => None,
        TaskState::Running => Some("running"),
        TaskState::Retrying | TaskState::Waiting => Some("waiting"),
        TaskState::Completed | TaskState::Cached => Some("done"),
        TaskState::Failed | TaskState::TimedOut | TaskState::Crashed => Some("failed"),
        TaskState::Cancelled | TaskState::Skipped | TaskState::UpstreamFailed => Some("skipped"),
    }
}
