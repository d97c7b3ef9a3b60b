//! A program flow: its call sites in source order, those in an arm of a branch indented under it.

use super::super::edges::arms;
use super::super::label;
use crate::model::graph::Graph;

/// Columns that the call sites are padded to, at most, before their place in the source.
const NAME_COLUMNS: usize = 60;

/// Lists the call sites of a program flow.
pub(super) fn program(graph: &Graph) -> Vec<String> {
    let mut previous_arm = None;
    let sites: Vec<String> = graph
        .nodes
        .iter()
        .enumerate()
        .map(|(index, node)| {
            let depth = arms(graph, index).count();
            let opens = node.arm.is_some() && node.arm.as_ref() != previous_arm;
            previous_arm = node.arm.as_ref();
            // What follows in the same arm stands under the first name, not under the arm's text.
            let arm = label::arm(node).filter(|_| !opens);
            let hang = arm.map_or(0, |arm| label::columns(&arm) + 2);
            format!(
                "{:indent$}{}",
                "",
                label::line(node, opens),
                indent = depth * 2 + hang
            )
        })
        .collect();
    let widest = sites.iter().map(|site| label::columns(site)).max();
    let columns = widest.unwrap_or(0).min(NAME_COLUMNS);
    sites
        .into_iter()
        .zip(&graph.nodes)
        .map(|(site, node)| match &node.location {
            Some(location) => {
                let padding = columns.saturating_sub(label::columns(&site));
                format!("{site}{:padding$}  {location}", "")
            }
            None => site,
        })
        .collect()
}
