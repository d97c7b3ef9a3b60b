//! The graph of a flow as everything that draws or explains it sees it.

use serde::{Deserialize, Serialize};

use super::state::TaskState;

/// When a node starts, judged by the states of what it depends on. The names and meanings are Airflow's trigger rules.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[non_exhaustive]
pub enum Trigger {
    /// Every upstream node succeeded.
    #[default]
    AllSuccess,
    /// Every upstream node failed or is `UpstreamFailed`.
    AllFailed,
    /// Every upstream node ended, whatever its outcome.
    AllDone,
    /// Every upstream node that was not skipped ended, and at least one succeeded.
    AllDoneMinOneSuccess,
    /// Every upstream node was skipped.
    AllSkipped,
    /// At least one failed; does not wait for the rest.
    OneFailed,
    /// At least one succeeded; does not wait for the rest.
    OneSuccess,
    /// At least one succeeded or failed; does not wait for the rest.
    OneDone,
    /// None failed; upstream nodes succeeded or were skipped.
    NoneFailed,
    /// None failed, and at least one succeeded.
    NoneFailedMinOneSuccess,
    /// None was skipped.
    NoneSkipped,
    /// Does not look at upstream nodes at all.
    Always,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub enum NodeKind {
    /// A task call.
    Task,
    /// A call of another flow: a child run.
    Flow,
    /// A fan-out over a task or flow.
    Map,
    /// An `if` or `match`; its arms' nodes name it as their branch.
    Branch,
    /// A wait: sleep, poll, receive.
    Wait,
}

/// One node of a graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Node {
    /// The step's id within the run, for example `fetch_page` or `fetch_page#2`.
    pub id: String,
    /// What a person reads, usually the task's name.
    pub label: String,
    /// What it is.
    pub kind: NodeKind,
    /// When it starts.
    pub rule: Trigger,
    /// A failure of it does not fail the run.
    pub tolerated: bool,
    /// For a fan-out: the source text of what it runs over, for example `0..pages`.
    pub over: Option<String>,
    /// For a fan-out of a run: how many items it has.
    pub items: Option<usize>,
    /// For a node in an arm of an `if` or `match`: the index of that branch node and the arm's text.
    pub arm: Option<(usize, String)>,
    /// Where it stands, when the graph is that of a run.
    pub state: Option<TaskState>,
    /// `file:line` of the call.
    pub location: Option<String>,
}

/// Why one node waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub enum EdgeKind {
    /// It uses the value.
    Data,
    /// `.after(…)`: order only.
    Order,
}

/// An edge between two nodes, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Edge {
    /// The node that goes first.
    pub from: usize,
    /// The node that waits.
    pub to: usize,
    /// Why.
    pub kind: EdgeKind,
}

/// The nodes of a flow and what waits for what. Acyclic when it came from a DAG flow.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Graph {
    /// The flow's name.
    pub flow: String,
    /// `false` for a program flow, whose nodes are its call sites in source order.
    pub is_dag: bool,
    /// In source order.
    pub nodes: Vec<Node>,
    /// In source order of their targets.
    pub edges: Vec<Edge>,
}

impl Graph {
    /// The graph of what is recorded: a branch has no record, so what waits for it waits for all in its arms.
    #[must_use]
    pub fn without_branches(&self) -> Self {
        let mut places = Vec::with_capacity(self.nodes.len());
        let mut nodes = Vec::new();
        for node in &self.nodes {
            let stays = node.kind != NodeKind::Branch;
            places.push(stays.then_some(nodes.len()));
            if stays {
                nodes.push(Node {
                    arm: None,
                    ..node.clone()
                });
            }
        }
        let mut edges: Vec<Edge> = Vec::new();
        for (index, place) in places.iter().enumerate() {
            let Some(to) = *place else { continue };
            for (from, kind) in self.waits_for(index) {
                let Some(from) = places[from] else { continue };
                if from != to && !edges.iter().any(|edge| edge.from == from && edge.to == to) {
                    edges.push(Edge { from, to, kind });
                }
            }
        }
        Self {
            flow: self.flow.clone(),
            is_dag: self.is_dag,
            nodes,
            edges,
        }
    }

    /// The recorded nodes that one waits for: those before the decisions that it is subject to, and, where it uses the
    /// outcome of a branch, all that may give it.
    fn waits_for(&self, to: usize) -> Vec<(usize, EdgeKind)> {
        let mut found = Vec::new();
        for edge in self.edges.iter().filter(|edge| edge.to == to) {
            if self.nodes[edge.from].kind != NodeKind::Branch {
                found.push((edge.from, edge.kind));
            } else if !self.is_inside(to, edge.from) {
                let all = 0..self.nodes.len();
                let mut inside = all
                    .filter(|node| self.is_inside(*node, edge.from))
                    .peekable();
                // Arms of plain code alone: only the decision is waited for.
                if inside.peek().is_none() {
                    found.extend(self.waits_for(edge.from));
                }
                found.extend(inside.map(|node| (node, edge.kind)));
            }
        }
        if let Some((branch, _)) = self.nodes[to].arm {
            found.extend(self.waits_for(branch));
        }
        found
    }

    /// The node is in an arm of that branch, however deep.
    fn is_inside(&self, node: usize, branch: usize) -> bool {
        match &self.nodes[node].arm {
            // Nodes of arms come after their branch.
            Some((around, _)) if *around < node => {
                *around == branch || self.is_inside(*around, branch)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_looked_through() {
        let node = |id: &str, kind, arm: Option<usize>| Node {
            id: id.to_owned(),
            label: id.to_owned(),
            kind,
            rule: Trigger::AllSuccess,
            tolerated: false,
            over: None,
            items: None,
            arm: arm.map(|branch| (branch, "yes".to_owned())),
            state: None,
            location: None,
        };
        let edge = |from, to| Edge {
            from,
            to,
            kind: EdgeKind::Data,
        };
        let graph = Graph {
            flow: "flow".to_owned(),
            is_dag: true,
            nodes: vec![
                node("a", NodeKind::Task, None),
                node("if", NodeKind::Branch, None),
                node("inner if", NodeKind::Branch, Some(1)),
                node("b", NodeKind::Task, Some(2)),
                node("c", NodeKind::Task, None),
            ],
            edges: vec![edge(0, 1), edge(1, 2), edge(2, 3), edge(1, 4)],
        };
        let seen = graph.without_branches();
        let names: Vec<_> = seen.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(seen.edges, [edge(0, 1), edge(1, 2)]);
    }
}
