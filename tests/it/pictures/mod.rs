//! Pictures of flows, read by the programs that they are written for.

mod readers;

use flowrt::draw::{Format, draw};
use flowrt::model::graph::{Edge, EdgeKind, Graph, Node, NodeKind, Trigger};
use serde_json::Value;

use crate::command_line::{flows, text};

/// Text that would be read as markup if it were not escaped.
const HOSTILE: &str = "a \"b\" [c] {d} </text><script>&\\ 'end' 日本 #; `e` %% --> |f| <g>\n;";

/// One flow, drawn in every format.
struct Drawn {
    name: String,
    pictures: [String; 5],
}

impl Drawn {
    fn get(&self, format: Format) -> &str {
        let at = Format::ALL.iter().position(|one| *one == format);
        &self.pictures[at.expect("every format is drawn")]
    }

    fn graph(&self) -> Value {
        serde_json::from_str(self.get(Format::Json)).expect("the graph is JSON")
    }

    fn nodes(&self) -> usize {
        self.graph()["nodes"].as_array().map_or(0, Vec::len)
    }
}

/// Every flow of the examples, as the command line draws it.
fn examples() -> Vec<Drawn> {
    let folder = tempfile::tempdir().expect("a folder");
    let listed = text(&flows(folder.path(), &["--json"]).stdout);
    let listed: Value = serde_json::from_str(&listed).expect("the list is JSON");
    let names = listed.as_array().expect("a list").iter();
    names
        .map(|flow| {
            let name = flow["name"].as_str().expect("a flow has a name");
            let picture = |format: Format| {
                let arguments = ["graph", name, "--format", format.as_str()];
                let output = flows(folder.path(), &arguments);
                assert!(output.status.success(), "{name}: {}", text(&output.stderr));
                text(&output.stdout)
            };
            Drawn {
                name: name.to_owned(),
                pictures: [0, 1, 2, 3, 4].map(|at| picture(Format::ALL[at])),
            }
        })
        .collect()
}

/// A graph whose every name wants to be something else, as a DAG and as a program.
fn hostile(is_dag: bool) -> Drawn {
    let node = |label: &str, kind| Node {
        id: format!("{label}{HOSTILE}"),
        label: format!("{label}{HOSTILE}"),
        kind,
        rule: Trigger::AllSuccess,
        tolerated: false,
        over: Some(HOSTILE.to_owned()),
        items: None,
        arm: None,
        state: None,
        location: Some(HOSTILE.to_owned()),
    };
    let mut nodes = vec![
        node("end", NodeKind::Task),
        node("graph", NodeKind::Branch),
        node("subgraph", NodeKind::Map),
        node("click", NodeKind::Wait),
    ];
    nodes[2].arm = Some((1, HOSTILE.to_owned()));
    let edge = |from, to, kind| Edge { from, to, kind };
    let graph = Graph {
        flow: HOSTILE.to_owned(),
        is_dag,
        nodes,
        edges: vec![
            edge(0, 1, EdgeKind::Data),
            edge(1, 2, EdgeKind::Data),
            edge(2, 3, EdgeKind::Order),
        ],
    };
    Drawn {
        name: "hostile".to_owned(),
        pictures: [0, 1, 2, 3, 4].map(|at| draw(&graph, Format::ALL[at])),
    }
}

fn all() -> Vec<Drawn> {
    let mut all = examples();
    assert!(all.len() >= 6, "the examples were not found");
    all.extend([hostile(true), hostile(false)]);
    all
}

#[test]
fn graphviz_reads_every_dot() {
    for drawn in all() {
        let read = readers::graphviz(drawn.get(Format::Dot))
            .unwrap_or_else(|error| panic!("{}: {error}", drawn.name));
        assert_eq!(read.nodes.len(), drawn.nodes(), "{}", drawn.name);
    }
}

#[test]
fn mermaid_reads_every_flowchart_and_sees_the_edges_that_graphviz_sees() {
    let all = all();
    let texts: Vec<&str> = all.iter().map(|drawn| drawn.get(Format::Mermaid)).collect();
    for (drawn, read) in all.iter().zip(readers::mermaid(&texts)) {
        let read = read.unwrap_or_else(|error| panic!("{}: {error}", drawn.name));
        assert_eq!(read.nodes.len(), drawn.nodes(), "{}", drawn.name);
        if drawn.graph()["is_dag"] == true {
            let dot = readers::graphviz(drawn.get(Format::Dot)).expect("it was read before");
            assert_eq!(read.edges, dot.edges, "{}", drawn.name);
        }
    }
    let broken = readers::mermaid(&["flowchart LR\n  n0[ --> n1\n"]);
    assert!(broken[0].is_err(), "the reader takes anything");
}

#[test]
fn an_xml_parser_reads_every_svg() {
    for drawn in all() {
        readers::xml(drawn.get(Format::Svg))
            .unwrap_or_else(|error| panic!("{}: {error}", drawn.name));
    }
    assert!(
        readers::xml("<svg><g></svg>").is_err(),
        "the reader takes anything"
    );
}

#[test]
fn text_names_every_node_and_ends_with_a_line() {
    for drawn in examples() {
        let picture = drawn.get(Format::Text);
        assert!(
            picture.ends_with('\n') && !picture.ends_with("\n\n"),
            "{picture:?}"
        );
        let graph = drawn.graph();
        for node in graph["nodes"].as_array().expect("nodes") {
            let label = node["label"].as_str().expect("a label");
            assert!(
                picture.contains(label),
                "{}: {label}\n{picture}",
                drawn.name
            );
        }
    }
}
