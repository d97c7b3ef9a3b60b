//! The graph of a flow as everything that draws or explains it sees it.

use serde::{Deserialize, Serialize};

use super::state::TaskState;

/// When a node starts, judged by the states of what it depends on. The names and meanings are Airflow's trigger rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum EdgeKind {
    /// It uses the value.
    Data,
    /// `.after(…)`: order only.
    Order,
}

/// An edge between two nodes, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Edge {
    /// The node that goes first.
    pub from: usize,
    /// The node that waits.
    pub to: usize,
    /// Why.
    pub kind: EdgeKind,
}

/// The nodes of a flow and what waits for what. Acyclic when it came from a DAG flow.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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
