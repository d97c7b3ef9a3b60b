//! SVG, Mermaid, DOT and JSON: whole, escaped, and nothing on top of anything else.

use proptest::prelude::*;

use super::random::dag;
use super::samples::{self, edit, graph};
use crate::draw::{Format, draw};
use crate::model::graph::{Edge, EdgeKind, Graph};

const HOSTILE: &str = "a \"b\" [c] </text><script>&\\ 'end' 日本 #; `d`";

fn hostile() -> Graph {
    let mut graph = samples::branch();
    for label in ["check", "send"] {
        let node = edit(&mut graph, label);
        node.label = format!("{label}{HOSTILE}\u{7}");
        node.id = HOSTILE.to_owned();
        node.over = Some(HOSTILE.to_owned());
        node.location = Some(HOSTILE.to_owned());
    }
    if let Some((_, arm)) = &mut edit(&mut graph, "skip").arm {
        *arm = HOSTILE.to_owned();
    }
    graph.flow = HOSTILE.to_owned();
    graph
}

/// Reads XML as far as this needs: tags that match, attributes in quotes, entities that are complete.
fn assert_well_formed(xml: &str) {
    let mut open: Vec<String> = Vec::new();
    let mut rest = xml.trim_end();
    while let Some(start) = rest.find('<') {
        let (text, tag) = rest.split_at(start);
        assert_entities(text);
        let end = tag.find('>').expect("a tag ends");
        let inside = &tag[1..end];
        rest = &tag[end + 1..];
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
        } else {
            assert_entities(inside);
            assert_eq!(inside.matches('"').count() % 2, 0, "{inside}");
            if !inside.ends_with('/') {
                open.push(inside.split(' ').next().unwrap_or_default().to_owned());
            }
        }
    }
    assert!(open.is_empty() && rest.is_empty());
}

fn assert_entities(text: &str) {
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
    for after in text.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
        assert!(
            known.iter().any(|entity| after.starts_with(entity)),
            "&{after}"
        );
    }
}

#[test]
fn svg_is_well_formed_and_loads_nothing() {
    for graph in [
        samples::offers_report_running(),
        samples::program(),
        hostile(),
        graph(&[]),
    ] {
        let svg = draw(&graph, Format::Svg);
        assert_well_formed(&svg);
        assert!(!svg.contains("<script") && !svg.contains("@import"));
        assert_eq!(
            svg.matches("http").count(),
            1,
            "only the name of the language"
        );
        for reference in svg
            .split("href=\"")
            .skip(1)
            .chain(svg.split("url(").skip(1))
        {
            assert!(reference.starts_with('#'));
        }
    }
}

#[test]
fn svg_says_state_and_fan_out() {
    let svg = draw(&samples::offers_report_running(), Format::Svg);
    assert!(svg.contains("class=\"node kind-map state-running\" data-step=\"fetch_page\""));
    assert!(svg.contains(">×10</text>"));
    assert!(svg.contains("class=\"edge order\""));
    assert!(svg.contains("<title>offers_report</title>"));
    assert!(svg.contains("prefers-color-scheme:dark"));
    assert!(svg.contains("summarise after fetch_rates, fetch_page: Pending."));
}

/// Left, top, right and bottom of each node of an SVG.
fn boxes(svg: &str) -> Vec<[f64; 4]> {
    let number = |text: &str| text.parse::<f64>().expect("a number");
    svg.split("transform=\"translate(")
        .skip(1)
        .map(|node| {
            let (at, rest) = node.split_once(')').expect("closed");
            let (x, y) = at.split_once(' ').expect("two numbers");
            let length = |name: &str| {
                let (_, value) = rest.split_once(name).expect("given");
                number(value.split('"').next().unwrap_or_default())
            };
            let (x, y) = (number(x), number(y));
            [x, y, x + length(" width=\""), y + length(" height=\"")]
        })
        .collect()
}

/// Level stretches and curves of the lines, as boxes of what they can touch.
fn strokes(svg: &str) -> Vec<[f64; 4]> {
    let mut strokes = Vec::new();
    for path in svg.split("<path class=\"edge").skip(1) {
        let (_, path) = path.split_once(" d=\"M").expect("a path");
        let path = path.split('"').next().unwrap_or_default();
        let spaced = path.replace('H', " H ").replace('C', " C ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let number = |at: usize| words[at].parse::<f64>().expect("a number");
        let (mut x, y) = (number(0), number(1));
        let mut at = 2;
        while at < words.len() {
            if words[at] == "H" {
                strokes.push([x, y, number(at + 1), y]);
                x = number(at + 1);
                at += 2;
            } else {
                let (end, to) = (number(at + 5), number(at + 6));
                strokes.push([x, y.min(to), end, y.max(to)]);
                at += 7;
            }
        }
    }
    strokes
}

fn overlap(one: &[f64; 4], other: &[f64; 4]) -> bool {
    let clear = 0.5;
    one[0] + clear < other[2] && other[0] + clear < one[2] && one[1] < other[3] && other[1] < one[3]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_in_an_svg_lies_on_a_node(graph in dag(25)) {
        let svg = draw(&graph, Format::Svg);
        let boxes = boxes(&svg);
        prop_assert_eq!(boxes.len(), graph.nodes.len());
        for (index, one) in boxes.iter().enumerate() {
            for other in &boxes[..index] {
                prop_assert!(!overlap(one, other), "{:?} {:?}", one, other);
            }
            for stroke in strokes(&svg) {
                prop_assert!(!overlap(one, &stroke), "{:?} {:?}", one, stroke);
            }
        }
    }

    #[test]
    fn no_graph_is_too_wrong_to_be_drawn(
        nodes in 0_usize..8,
        edges in proptest::collection::vec((0_usize..10, 0_usize..10), 0..20),
        arms in proptest::collection::vec(proptest::option::of(0_usize..10), 8),
        is_dag in any::<bool>(),
    ) {
        let mut graph = Graph { is_dag, ..Graph::default() };
        for (index, arm) in arms.iter().enumerate().take(nodes) {
            let mut node = samples::node(&index.to_string());
            node.arm = arm.map(|branch| (branch, "yes".to_owned()));
            graph.nodes.push(node);
        }
        graph.edges = edges.into_iter().map(|(from, to)| Edge { from, to, kind: EdgeKind::Data }).collect();
        for format in Format::ALL {
            let picture = draw(&graph, *format);
            prop_assert!(picture.ends_with('\n'));
        }
    }
}

#[test]
fn mermaid() {
    assert_eq!(
        draw(&samples::branch(), Format::Mermaid),
        "flowchart LR\n  n0(\"check\")\n  n1{\"if report.ok\"}\n  n2(\"done\")\n  n3(\"send\")\n  n4(\"log\")\n  \
         n5(\"skip\")\n  n0 --> n1\n  n4 --> n2\n  n5 --> n2\n  n1 -->|\"true\"| n3\n  n3 --> n4\n  \
         n1 -->|\"false\"| n5\n"
    );
    assert!(draw(&samples::offers_report(), Format::Mermaid).contains("n3 -.-> n4"));
    assert!(
        draw(&samples::offers_report_running(), Format::Mermaid).contains("  class n1 running\n")
    );
}

#[test]
fn mermaid_takes_no_name_for_markup() {
    let text = draw(&hostile(), Format::Mermaid);
    assert!(text.contains("check") && text.contains("a #34;b#34; [c] #60;/text#62;"));
    for line in text.lines().filter(|line| line.contains('"')) {
        assert_eq!(line.matches('"').count(), 2, "{line}");
    }
}

#[test]
fn dot() {
    let text = draw(&samples::offers_report(), Format::Dot);
    assert!(text.starts_with("digraph \"offers_report\" {\n  rankdir=LR\n"));
    assert!(text.contains("  n1 [label=\"fetch_page × 0..pages\" shape=box3d style=filled]\n"));
    assert!(text.ends_with("  n0 -> n2\n  n1 -> n2\n  n2 -> n3\n  n3 -> n4 [style=dashed]\n}\n"));
    assert!(draw(&samples::branch(), Format::Dot).contains("  n1 -> n3 [label=\"true\"]\n"));
}

#[test]
fn dot_takes_no_name_for_syntax() {
    let text = draw(&hostile(), Format::Dot);
    assert!(
        text.starts_with(
            "digraph \"a \\\"b\\\" [c] </text><script>&amp;\\\\ 'end' 日本 #; `d`\" {\n"
        )
    );
}

#[test]
fn json_keeps_every_edge() {
    let graph = graph(&["a -> b -> c", "a -> c"]);
    let read: Graph = serde_json::from_str(&draw(&graph, Format::Json)).expect("a graph");
    assert_eq!(read, graph);
}

#[test]
fn formats_go_by_their_names() {
    for format in Format::ALL {
        assert_eq!(Format::parse(&format.to_string()), Some(*format));
    }
    assert_eq!(Format::parse("SVG"), Some(Format::Svg));
    assert_eq!(Format::parse("png"), None);
}
