//! Which nodes may start, and how the rest ended: the pure part of running a DAG.

use std::collections::VecDeque;

use crate::author::meta::StaticGraph;
use crate::model::graph::Trigger;
use crate::model::state::TaskState;
use crate::model::trigger::{Decision, Tally};

/// An arm of a branch.
#[derive(Debug, Clone, Copy)]
pub struct Arm {
    /// The nodes in it, without those of branches inside it.
    pub nodes: &'static [usize],
    /// The node that gives the branch its value; none if nobody uses it.
    pub tail: Option<usize>,
}

/// Where all nodes stand.
#[derive(Debug)]
pub(super) struct Progress {
    graph: &'static StaticGraph,
    arms: Vec<&'static [Arm]>,
    states: Vec<Option<TaskState>>,
    tallies: Vec<Tally>,
    dependents: Vec<Vec<usize>>,
    /// The node is not in an arm, or its arm was chosen.
    open: Vec<bool>,
    decided: Vec<bool>,
    /// For the tail of a chosen arm: its branch.
    ends: Vec<Option<usize>>,
    ready: VecDeque<usize>,
    ended: VecDeque<(usize, TaskState)>,
    unrun: Vec<usize>,
}

impl Progress {
    /// Nothing has run.
    pub(super) fn new(graph: &'static StaticGraph, arms: Vec<&'static [Arm]>) -> Self {
        let count = graph.nodes.len();
        let mut progress = Self {
            graph,
            arms,
            states: vec![None; count],
            tallies: Vec::with_capacity(count),
            dependents: vec![Vec::new(); count],
            open: graph.nodes.iter().map(|node| node.arm.is_none()).collect(),
            decided: vec![false; count],
            ends: vec![None; count],
            ready: VecDeque::new(),
            ended: VecDeque::new(),
            unrun: Vec::new(),
        };
        for (index, node) in graph.nodes.iter().enumerate() {
            let mut total = 0;
            for upstream in node.needs.iter().chain(node.after) {
                // The lists are short and their nodes come in order, so the last entry tells whether it is there.
                let dependents = &mut progress.dependents[*upstream];
                if dependents.last() != Some(&index) {
                    dependents.push(index);
                    total += 1;
                }
            }
            progress.tallies.push(Tally::of(total));
        }
        for index in 0..count {
            progress.judge(index);
        }
        progress.spread();
        progress
    }

    /// The next node to start.
    pub(super) fn next_ready(&mut self) -> Option<usize> {
        self.ready.pop_front()
    }

    /// The nodes that ended without having run since the last call.
    pub(super) fn take_unrun(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.unrun)
    }

    /// How a node ended.
    pub(super) fn state(&self, node: usize) -> Option<TaskState> {
        self.states[node]
    }

    /// A node that ran has ended.
    pub(super) fn settle(&mut self, node: usize, state: TaskState) {
        self.ended.push_back((node, state));
        self.spread();
    }

    /// A branch chose an arm.
    pub(super) fn choose(&mut self, branch: usize, chosen: usize) {
        let arms = self.arms[branch];
        for (number, arm) in arms.iter().enumerate() {
            if number != chosen {
                self.close(arm, TaskState::Skipped);
            }
        }
        let arm = arms[chosen];
        match arm.tail {
            Some(tail) => self.ends[tail] = Some(branch),
            None => self.ended.push_back((branch, TaskState::Completed)),
        }
        for node in arm.nodes {
            self.open[*node] = true;
            self.judge(*node);
        }
        self.spread();
    }

    /// Everything that has not started ends now.
    pub(super) fn cancel(&mut self) {
        for node in 0..self.states.len() {
            let waits = !self.decided[node] || self.ready.contains(&node);
            if waits && self.states[node].is_none() {
                self.end_unrun(node, TaskState::Cancelled);
            }
        }
        self.ready.clear();
        self.spread();
    }

    /// The nodes of an arm that is not taken, or whose branch did not run.
    fn close(&mut self, arm: &Arm, state: TaskState) {
        for node in arm.nodes {
            if !self.decided[*node] {
                self.end_unrun(*node, state);
            }
        }
    }

    fn end_unrun(&mut self, node: usize, state: TaskState) {
        self.decided[node] = true;
        self.unrun.push(node);
        self.ended.push_back((node, state));
    }

    /// Asks a node's rule, if the node is free to run.
    fn judge(&mut self, node: usize) {
        if !self.open[node] || self.decided[node] {
            return;
        }
        match self.tallies[node].decide(self.graph.nodes[node].rule) {
            Decision::Wait => {}
            Decision::Run => {
                self.decided[node] = true;
                self.ready.push_back(node);
            }
            Decision::Skip => self.end_unrun(node, TaskState::Skipped),
            Decision::UpstreamFailed => self.end_unrun(node, TaskState::UpstreamFailed),
        }
    }

    /// Carries what ended to the nodes that depend on it, until nothing changes.
    fn spread(&mut self) {
        while let Some((node, state)) = self.ended.pop_front() {
            if self.states[node].is_some() {
                continue;
            }
            self.states[node] = Some(state);
            for dependent in std::mem::take(&mut self.dependents[node]) {
                let seen = self.seen_by(node, state, dependent);
                self.tallies[dependent].add(seen);
                self.judge(dependent);
            }
            if !state.is_success() {
                let arms = self.arms[node];
                arms.iter().for_each(|arm| self.close(arm, state));
            }
            if let Some(branch) = self.ends[node] {
                self.ended.push_back((branch, self.as_branch(node, state)));
            }
        }
    }

    /// A failure that is tolerated is one only for the rules that ask for failures.
    fn seen_by(&self, node: usize, state: TaskState, dependent: usize) -> TaskState {
        let asks_for_failures = matches!(
            self.graph.nodes[dependent].rule,
            Trigger::OneFailed | Trigger::AllFailed
        );
        if asks_for_failures || !self.gave_value(node, state) {
            state
        } else {
            TaskState::Completed
        }
    }

    fn gave_value(&self, node: usize, state: TaskState) -> bool {
        let ran = !matches!(state, TaskState::Skipped | TaskState::UpstreamFailed);
        state.is_success() || (self.graph.nodes[node].tolerated && ran)
    }

    /// How a branch ended whose value comes from that node.
    fn as_branch(&self, tail: usize, state: TaskState) -> TaskState {
        match state {
            _ if self.gave_value(tail, state) => TaskState::Completed,
            TaskState::Skipped | TaskState::Cancelled => state,
            _ => TaskState::UpstreamFailed,
        }
    }
}
