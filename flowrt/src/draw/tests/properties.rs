//! What holds for every graph.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::random::dag;
use super::trace::trace;
use crate::draw::layout::layout;
use crate::draw::text::text;
use crate::model::graph::{EdgeKind, Graph, Trigger};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nodes_of_a_layer_keep_their_distance(graph in dag(30)) {
        for part in layout(&graph).parts {
            for layer in &part.layers {
                for pair in layer.windows(2) {
                    let (upper, lower) = (part.slots[pair[0]], part.slots[pair[1]]);
                    prop_assert!(upper.row < lower.row);
                    prop_assert!(lower.y - upper.y > 0.999_999);
                }
            }
        }
    }

    #[test]
    fn every_node_has_one_place_and_every_line_goes_forward(graph in dag(30)) {
        let mut seen = vec![0; graph.nodes.len()];
        for part in layout(&graph).parts {
            for (index, slot) in part.slots.iter().enumerate() {
                prop_assert!(part.layers[slot.layer].contains(&index));
                if let Some(node) = slot.node {
                    seen[node] += 1;
                }
            }
            for link in &part.links {
                prop_assert_eq!(part.slots[link.from].layer + 1, part.slots[link.to].layer);
            }
        }
        prop_assert!(seen.iter().all(|count| *count == 1));
    }

    #[test]
    fn what_is_not_drawn_is_implied(graph in dag(20)) {
        let drawn = layout(&graph).edges;
        for edge in &graph.edges {
            let kept = drawn.iter().any(|other| (other.from, other.to) == (edge.from, edge.to));
            if !kept {
                prop_assert_eq!(graph.nodes[edge.to].rule, Trigger::AllSuccess);
                prop_assert!(reaches(&drawn, edge.from, edge.to, edge.kind == EdgeKind::Data));
            }
        }
    }

    #[test]
    fn equal_graphs_give_equal_pictures(graph in dag(30)) {
        for format in crate::draw::Format::ALL {
            prop_assert_eq!(crate::draw::draw(&graph, *format), crate::draw::draw(&graph.clone(), *format));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_lines_of_a_text_picture_say_what_the_graph_says(graph in dag(16)) {
        let picture = text(&graph);
        // A picture that would be too tangled is a list, which begins with the number of the first layer.
        if !picture.trim_start().starts_with(|c: char| c.is_ascii_digit()) {
            prop_assert_eq!(trace(&picture), expected(&graph), "\n{}", picture);
        }
    }
}

fn expected(graph: &Graph) -> BTreeSet<(String, String)> {
    let name = |node: usize| graph.nodes[node].label.clone();
    let edges = layout(graph).edges;
    edges
        .iter()
        .map(|edge| (name(edge.from), name(edge.to)))
        .collect()
}

fn reaches(edges: &[crate::model::graph::Edge], from: usize, to: usize, data: bool) -> bool {
    let fits = |kind: EdgeKind| !data || kind == EdgeKind::Data;
    edges
        .iter()
        .filter(|edge| edge.from == from && fits(edge.kind))
        .any(|edge| edge.to == to || reaches(edges, edge.to, to, data))
}
