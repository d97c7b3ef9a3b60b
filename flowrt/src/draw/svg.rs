//! A graph as a picture that stands alone: nothing is loaded from elsewhere, and light or dark is the viewer's choice.

mod edge;
mod markup;
mod node;
mod place;
mod style;

use std::fmt::Write;

use self::markup::{escaped, number};
use self::place::Scene;
use crate::model::graph::{Graph, Node};

/// Draws `graph` as an SVG document.
///
/// Each node is a `g` with its step's id in `data-step` and its state in its class (`state-running`), so that a page
/// can find and recolour it.
pub fn svg(graph: &Graph) -> String {
    let style = format!("<style>{}</style>\n", style::STYLE);
    drawn(graph, &style, |_| None)
}

/// Draws `graph` as a part of a page that brings the style sheet itself, as its toggle and its rules for what may be loaded
/// are not known here. Nodes lead to where `link` says.
pub fn part(graph: &Graph, link: impl Fn(&Node) -> Option<String>) -> String {
    drawn(graph, "", link)
}

fn drawn(graph: &Graph, style: &str, link: impl Fn(&Node) -> Option<String>) -> String {
    let scene = Scene::new(graph);
    let (width, height) = (number(scene.width), number(scene.height));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"flowrt-graph\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n"
    );
    let _ = writeln!(out, "<title>{}</title>", escaped(&graph.flow));
    let _ = writeln!(out, "<desc>{}</desc>", escaped(&description(graph)));
    out.push_str(style);
    out.push_str(style::DEFINITIONS);
    out.push_str("<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n");
    for line in &scene.lines {
        edge::draw(line, &mut out);
    }
    for place in &scene.places {
        let node = &graph.nodes[place.node];
        let target = link(node);
        if let Some(target) = &target {
            let _ = writeln!(out, "<a href=\"{}\">", escaped(target));
        }
        node::draw(node, place, &mut out);
        if target.is_some() {
            out.push_str("</a>\n");
        }
    }
    out.push_str("</svg>\n");
    out
}

/// What somebody who does not see the picture is told.
fn description(graph: &Graph) -> String {
    let kind = if graph.is_dag {
        "What waits for what in the flow"
    } else {
        "The steps, in source order, of the program flow"
    };
    let mut text = format!("{kind} {}.", graph.flow);
    let mut before = vec![Vec::new(); graph.nodes.len()];
    for edge in &graph.edges {
        if let (Some(names), Some(from)) = (before.get_mut(edge.to), graph.nodes.get(edge.from)) {
            names.push(from.label.as_str());
        }
    }
    for (node, before) in graph.nodes.iter().zip(before) {
        let _ = write!(text, " {}", super::label::plain(node));
        if !before.is_empty() {
            let _ = write!(text, " after {}", before.join(", "));
        }
        if let Some(state) = node.state {
            let _ = write!(text, ": {state}");
        }
        text.push('.');
    }
    text
}
