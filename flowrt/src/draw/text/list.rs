//! The list that stands in for a drawing which would be too wide or too tangled: by layer, with what each node waits for.

use super::super::label;
use super::super::layout::Layout;
use crate::model::graph::{EdgeKind, Graph};

/// Names of a line of the list beyond which it only says how many more there are.
const MOST_NAMES: usize = 6;
/// Columns that the names are padded to, at most.
const NAME_COLUMNS: usize = 48;

/// Lists the nodes of a DAG by layer.
pub(super) fn list(graph: &Graph, layout: &Layout) -> Vec<String> {
    let mut layer_of = vec![0; graph.nodes.len()];
    for slot in layout.parts.iter().flat_map(|part| &part.slots) {
        if let Some(node) = slot.node {
            layer_of[node] = slot.layer;
        }
    }
    let names: Vec<String> = (graph.nodes.iter().zip(&layout.opens_arm))
        .map(|(node, opens_arm)| label::line(node, *opens_arm))
        .collect();
    let widest = names.iter().map(|name| label::columns(name)).max();
    let name_columns = widest.unwrap_or(0).min(NAME_COLUMNS);
    let layers = layer_of.iter().max().map_or(0, |layer| layer + 1);
    let number_columns = layers.to_string().len();

    let mut order: Vec<usize> = (0..graph.nodes.len()).collect();
    order.sort_by_key(|node| layer_of[*node]);
    let waits = waits(graph, layout);
    let mut previous = None;
    order
        .into_iter()
        .map(|node| {
            let layer = layer_of[node];
            let number = if previous.replace(layer) == Some(layer) {
                String::new()
            } else {
                (layer + 1).to_string()
            };
            let padding = name_columns.saturating_sub(label::columns(&names[node]));
            let line = format!(
                "{number:>number_columns$}  {}{:padding$}  {}",
                names[node], "", waits[node]
            );
            line.trim_end().to_owned()
        })
        .collect()
}

/// For each node, what it waits for, in words.
fn waits(graph: &Graph, layout: &Layout) -> Vec<String> {
    let mut data = vec![Vec::new(); graph.nodes.len()];
    let mut order = vec![Vec::new(); graph.nodes.len()];
    for edge in &layout.edges {
        let names = match edge.kind {
            EdgeKind::Data => &mut data,
            EdgeKind::Order => &mut order,
        };
        names[edge.to].push(label::name(&graph.nodes[edge.from]));
    }
    data.iter()
        .zip(&order)
        .map(|(data, order)| match (data.is_empty(), order.is_empty()) {
            (true, true) => String::new(),
            (false, true) => format!("after {}", names(data)),
            (true, false) => format!("after {} (order only)", names(order)),
            (false, false) => format!("after {}; {} (order only)", names(data), names(order)),
        })
        .collect()
}

fn names(all: &[String]) -> String {
    if all.len() <= MOST_NAMES {
        return all.join(", ");
    }
    let shown = MOST_NAMES - 1;
    format!("{} and {} more", all[..shown].join(", "), all.len() - shown)
}
