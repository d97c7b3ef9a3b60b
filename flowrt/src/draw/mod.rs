//! Pictures of a graph: text for a terminal, SVG for a page, Mermaid and DOT for other tools, JSON for programs.

pub mod dot;
mod edges;
pub mod label;
pub mod layout;
pub mod mermaid;
pub mod svg;
#[cfg(test)]
mod tests;
pub mod text;

use crate::model::graph::Graph;

/// What a graph can be drawn as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Format {
    /// Lines and names for a terminal.
    #[default]
    Text,
    /// A standalone picture.
    Svg,
    /// A Mermaid flowchart, which many Markdown viewers draw.
    Mermaid,
    /// A Graphviz digraph.
    Dot,
    /// The graph itself, with every edge.
    Json,
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: &'static [Self] = &[Self::Text, Self::Svg, Self::Mermaid, Self::Dot, Self::Json];

    /// The name as it is typed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Svg => "svg",
            Self::Mermaid => "mermaid",
            Self::Dot => "dot",
            Self::Json => "json",
        }
    }

    /// The format of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|format| format.as_str().eq_ignore_ascii_case(name))
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Draws `graph`. Equal graphs give equal pictures, and the last line ends in a line break.
pub fn draw(graph: &Graph, format: Format) -> String {
    match format {
        Format::Text => text::text(graph),
        Format::Svg => svg::svg(graph),
        Format::Mermaid => mermaid::mermaid(graph),
        Format::Dot => dot::dot(graph),
        Format::Json => format!("{:#}\n", json(graph)),
    }
}

/// The graph as data: nothing is left out, as it is in the pictures.
pub fn json(graph: &Graph) -> serde_json::Value {
    serde_json::to_value(graph).expect("a graph holds only strings, numbers and unit variants")
}
