//! The graph of a flow, and the states of its nodes in a run.

use std::collections::HashMap;

use super::Engine;
use crate::author::meta::{Kind, Meta, StaticNode, What};
use crate::error::Result;
use crate::model::graph::{Edge, EdgeKind, Graph, Node, NodeKind, Trigger};
use crate::model::record::RunRecord;
use crate::model::state::TaskState;
use crate::ops::outline::Outlined;
use crate::registry;

impl Engine {
    /// The graph of a flow of this program, if it is a DAG.
    pub fn graph(&self, flow: &str) -> Option<Graph> {
        let meta = self.shared.flows.get(flow)?;
        Some(graph(meta)).filter(|graph| graph.is_dag)
    }

    /// The graph of a run's flow, with the states that its nodes have in that run. For one that was imported it is that
    /// of the program where it ran.
    ///
    /// # Errors
    /// If this program has no such flow, or the store fails.
    pub async fn graph_of(&self, record: &RunRecord) -> Result<Graph> {
        let outlined = self.outline(record).await?;
        self.graph_with(record, &outlined).await
    }

    /// As [`graph_of`](Self::graph_of), for who has read the steps already, or knows more of them than the record does.
    ///
    /// # Errors
    /// As [`graph_of`](Self::graph_of).
    pub async fn graph_with(&self, record: &RunRecord, steps: &Outlined) -> Result<Graph> {
        let mut graph = match self.imported_graph(record).await? {
            Some(graph) => graph,
            None => graph(self.flow_of(record)?),
        };
        mark(&mut graph, &steps.marks());
        Ok(graph)
    }
}

/// Nodes that are drawn, and edges between them; plain code between two nodes is left out, the edges through it are not.
pub(crate) fn graph(meta: &Meta) -> Graph {
    let Some(fixed) = meta.graph else {
        return call_sites(meta);
    };
    let mut drawn: Vec<Option<usize>> = Vec::new();
    let mut graph = Graph {
        flow: meta.name.to_owned(),
        is_dag: true,
        ..Graph::default()
    };
    let mut counted: HashMap<&str, u32> = HashMap::new();
    for node in fixed.nodes {
        let Some((name, kind)) = drawn_as(node) else {
            drawn.push(None);
            continue;
        };
        let count = counted.entry(name).or_insert(0);
        *count += 1;
        let id = match node.named {
            Some(name) => name.to_owned(),
            None if *count == 1 => name.to_owned(),
            None => format!("{name}#{count}"),
        };
        drawn.push(Some(graph.nodes.len()));
        graph.nodes.push(Node {
            label: id.clone(),
            id,
            kind,
            rule: node.rule,
            tolerated: node.tolerated,
            over: (!node.over.is_empty()).then(|| node.over.to_owned()),
            items: None,
            arm: node.arm.and_then(|(branch, text)| {
                Some((drawn.get(branch).copied().flatten()?, text.to_owned()))
            }),
            state: None,
            location: Some(format!("{}:{}", meta.file, node.line)),
        });
    }
    for (index, node) in fixed.nodes.iter().enumerate() {
        let Some(to) = drawn[index] else { continue };
        for (sources, kind) in [(node.needs, EdgeKind::Data), (node.after, EdgeKind::Order)] {
            for source in sources {
                edges_from(fixed.nodes, &drawn, *source, to, kind, &mut graph.edges);
            }
        }
    }
    graph
}

fn edges_from(
    nodes: &[StaticNode],
    drawn: &[Option<usize>],
    source: usize,
    to: usize,
    kind: EdgeKind,
    edges: &mut Vec<Edge>,
) {
    match drawn[source] {
        Some(from) => {
            if !edges.iter().any(|edge| edge.from == from && edge.to == to) {
                edges.push(Edge { from, to, kind });
            }
        }
        None => {
            for further in nodes[source].needs.iter().chain(nodes[source].after) {
                edges_from(nodes, drawn, *further, to, kind, edges);
            }
        }
    }
}

fn drawn_as(node: &StaticNode) -> Option<(&'static str, NodeKind)> {
    match node.what {
        What::Call(meta) if meta.kind == Kind::Task => Some((meta.name, NodeKind::Task)),
        What::Call(meta) => Some((meta.name, NodeKind::Flow)),
        What::Map(meta) => Some((meta.name, NodeKind::Map)),
        What::Wait(kind) => Some((kind, NodeKind::Wait)),
        What::Branch => Some((
            if node.binding.is_empty() {
                "if"
            } else {
                node.binding
            },
            NodeKind::Branch,
        )),
        What::Glue => None,
    }
}

/// What flowrt gives that a flow waits in.
const WAITS: &[&str] = &["sleep", "sleep_until", "receive", "poll"];

/// The calls of a program flow that are tasks, flows and waits: other functions are nothing that a run shows.
fn call_sites(meta: &Meta) -> Graph {
    let nodes = meta.sites.iter().filter_map(|site| {
        let (name, kind) = match registry::named(meta, site) {
            Some(callee) if site.mapped => (callee.name, NodeKind::Map),
            Some(callee) if callee.kind == Kind::Task => (callee.name, NodeKind::Task),
            Some(callee) => (callee.name, NodeKind::Flow),
            None => {
                let name = site.text.rsplit("::").next().unwrap_or(site.text).trim();
                (WAITS.contains(&name).then_some(name)?, NodeKind::Wait)
            }
        };
        Some(Node {
            id: name.to_owned(),
            label: name.to_owned(),
            kind,
            rule: Trigger::AllSuccess,
            tolerated: false,
            over: None,
            items: None,
            arm: None,
            state: None,
            location: Some(format!("{}:{}", meta.file, site.line)),
        })
    });
    Graph {
        flow: meta.name.to_owned(),
        is_dag: false,
        nodes: nodes.collect(),
        edges: Vec::new(),
    }
}

/// A step, or many of a kind that have one state.
struct Mark<'a> {
    step: &'a str,
    state: TaskState,
    count: usize,
}

impl Outlined {
    /// In the order in which they ended, as far as that is known.
    fn marks(&self) -> Vec<Mark<'_>> {
        let kinds = self.kinds.iter().flat_map(|kind| {
            let mut states: Vec<_> = kind.states.iter().collect();
            states.sort_by_key(|(state, _)| Some(**state) == kind.last);
            states.into_iter().map(|(state, count)| Mark {
                step: &kind.name,
                state: *state,
                count: usize::try_from(*count).unwrap_or(usize::MAX),
            })
        });
        let steps = self.steps.iter().map(|step| Mark {
            step: &step.step,
            state: step.state,
            count: 1,
        });
        kinds.chain(steps).collect()
    }
}

/// Gives each node the state that it has in a run. A fan-out has that of its worst item, and knows how many there are; a
/// call site that a program passes several times has that of its last pass.
fn mark(graph: &mut Graph, steps: &[Mark<'_>]) {
    for node in &mut graph.nodes {
        let items: Vec<_> = steps
            .iter()
            .filter(|step| is_item(step.step, &node.id))
            .collect();
        if node.kind == NodeKind::Map && !items.is_empty() {
            node.items = Some(items.iter().map(|mark| mark.count).sum());
        }
        let own = steps
            .iter()
            .rev()
            .find(|step| is_pass(graph.is_dag, step.step, &node.id));
        let worst = items
            .iter()
            .map(|step| step.state)
            .max_by_key(|state| weight(*state));
        node.state = own
            .map(|step| step.state)
            .or(worst)
            .or(Some(TaskState::Pending));
    }
}

fn is_item(step: &str, node: &str) -> bool {
    step.strip_prefix(node)
        .is_some_and(|rest| rest.starts_with('[') && rest.ends_with(']'))
}

/// A DAG's node is one step; a program's call site is many, in any scope.
fn is_pass(is_dag: bool, step: &str, node: &str) -> bool {
    if is_dag {
        return step == node;
    }
    let name = step.rsplit('/').next().unwrap_or(step);
    let name = name.split(['#', '[']).next().unwrap_or(name);
    name == node
}

const fn weight(state: TaskState) -> u8 {
    match state {
        TaskState::Completed | TaskState::Cached => 0,
        TaskState::Skipped | TaskState::Cancelled => 1,
        TaskState::Pending => 2,
        TaskState::Waiting | TaskState::Retrying | TaskState::Running => 3,
        TaskState::UpstreamFailed => 4,
        TaskState::Failed | TaskState::TimedOut | TaskState::Crashed => 5,
    }
}
