//! Graphs that the tests of all formats draw.

use crate::model::graph::{Edge, EdgeKind, Graph, Node, NodeKind, Trigger};
use crate::model::state::TaskState;

pub(super) fn node(label: &str) -> Node {
    Node {
        id: label.to_owned(),
        label: label.to_owned(),
        kind: NodeKind::Task,
        rule: Trigger::AllSuccess,
        tolerated: false,
        over: None,
        items: None,
        arm: None,
        state: None,
        location: None,
    }
}

/// A graph from lines like `a b -> c` (values) and `a .> b` (order only).
pub(super) fn graph(lines: &[&str]) -> Graph {
    let mut graph = Graph {
        flow: "sample".to_owned(),
        is_dag: true,
        ..Graph::default()
    };
    for line in lines {
        let mut before: Vec<usize> = Vec::new();
        let mut group = Vec::new();
        let mut kind = EdgeKind::Data;
        for word in line.split_whitespace().chain(["->"]) {
            if word == "->" || word == ".>" {
                for (from, to) in before
                    .iter()
                    .flat_map(|from| group.iter().map(move |to| (*from, *to)))
                {
                    graph.edges.push(Edge { from, to, kind });
                }
                before = std::mem::take(&mut group);
                kind = if word == "->" {
                    EdgeKind::Data
                } else {
                    EdgeKind::Order
                };
            } else {
                group.push(index(&mut graph, word));
            }
        }
    }
    graph
}

/// The node of that name, made if it is new.
pub(super) fn index(graph: &mut Graph, label: &str) -> usize {
    let found = graph.nodes.iter().position(|node| node.label == label);
    found.unwrap_or_else(|| {
        graph.nodes.push(node(label));
        graph.nodes.len() - 1
    })
}

pub(super) fn edit<'g>(graph: &'g mut Graph, label: &str) -> &'g mut Node {
    let index = index(graph, label);
    &mut graph.nodes[index]
}

/// Puts a node into an arm of a branch.
pub(super) fn put_in_arm(graph: &mut Graph, label: &str, branch: &str, arm: &str) {
    let branch = index(graph, branch);
    graph.nodes[branch].kind = NodeKind::Branch;
    edit(graph, label).arm = Some((branch, arm.to_owned()));
}

pub(super) fn offers_report() -> Graph {
    let mut graph = graph(&["fetch_rates fetch_page -> summarise -> notify .> cleanup"]);
    graph.flow = "offers_report".to_owned();
    let page = edit(&mut graph, "fetch_page");
    page.kind = NodeKind::Map;
    page.over = Some("0..pages".to_owned());
    edit(&mut graph, "cleanup").rule = Trigger::AllDone;
    graph
}

pub(super) fn offers_report_running() -> Graph {
    let mut graph = offers_report();
    for (label, state) in [
        ("fetch_rates", TaskState::Cached),
        ("fetch_page", TaskState::Running),
        ("summarise", TaskState::Pending),
        ("notify", TaskState::Pending),
        ("cleanup", TaskState::Pending),
    ] {
        edit(&mut graph, label).state = Some(state);
    }
    edit(&mut graph, "fetch_page").items = Some(10);
    graph
}

pub(super) fn branch() -> Graph {
    let mut graph = graph(&["check -> ok?", "ok? -> done", "send -> log"]);
    put_in_arm(&mut graph, "send", "ok?", "true");
    put_in_arm(&mut graph, "log", "ok?", "true");
    put_in_arm(&mut graph, "skip", "ok?", "false");
    edit(&mut graph, "ok?").label = "if report.ok".to_owned();
    graph
}

pub(super) fn program() -> Graph {
    let mut graph = graph(&["enqueue status branch escalate tell close"]);
    graph.flow = "sidekiq_batch".to_owned();
    graph.is_dag = false;
    put_in_arm(&mut graph, "escalate", "branch", "true");
    put_in_arm(&mut graph, "tell", "branch", "true");
    edit(&mut graph, "branch").label = "if status.failures > 0".to_owned();
    edit(&mut graph, "status").kind = NodeKind::Wait;
    for (index, node) in graph.nodes.iter_mut().enumerate() {
        node.location = Some(format!("src/flows/sidekiq.rs:{}", index + 12));
    }
    graph
}
