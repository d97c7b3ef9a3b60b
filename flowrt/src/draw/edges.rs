//! Which edges a picture shows: those of the graph, those into and out of the arms of branches, less what longer paths imply.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::graph::{Edge, EdgeKind, Graph, Trigger};

/// Above this many nodes the sets of what reaches what would cost more than a tidier picture is worth.
const REDUCE_UP_TO: usize = 5_000;

/// The edges to draw and the nodes that open an arm.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    /// Acyclic, without duplicates, in order of target, then source.
    pub edges: Vec<Edge>,
    /// For each node, whether the text of its arm belongs before it.
    pub opens_arm: Vec<bool>,
}

/// Chooses the edges of `graph` that a picture shows.
pub(super) fn drawn(graph: &Graph) -> Drawn {
    let real = valid(graph);
    let opens_arm = arm_openers(graph, &real);
    let members = members(graph);
    let mut strongest = BTreeMap::new();
    for edge in &real {
        for from in exits(graph, &real, &members, edge.from, edge.to) {
            add(&mut strongest, from, edge.to, edge.kind);
        }
    }
    for (to, node) in graph.nodes.iter().enumerate() {
        if let Some((from, _)) = node.arm.as_ref().filter(|_| opens_arm[to]) {
            add(&mut strongest, *from, to, EdgeKind::Data);
        }
    }
    let mut edges: Vec<Edge> = strongest
        .into_iter()
        .map(|((to, from), kind)| Edge { from, to, kind })
        .collect();
    let order = break_cycles(graph.nodes.len(), &mut edges);
    if graph.nodes.len() <= REDUCE_UP_TO {
        reduce(graph, &order, &mut edges);
    }
    Drawn { edges, opens_arm }
}

fn add(edges: &mut BTreeMap<(usize, usize), EdgeKind>, from: usize, to: usize, kind: EdgeKind) {
    let held = edges.entry((to, from)).or_insert(kind);
    if kind == EdgeKind::Data {
        *held = EdgeKind::Data;
    }
}

fn valid(graph: &Graph) -> Vec<Edge> {
    let inside = |index: usize| index < graph.nodes.len();
    graph
        .edges
        .iter()
        .copied()
        .filter(|edge| edge.from != edge.to && inside(edge.from) && inside(edge.to))
        .collect()
}

/// Whether `node` is in any arm of `branch`, however deep.
fn is_inside(graph: &Graph, node: usize, branch: usize) -> bool {
    arms(graph, node).any(|(outer, _)| outer == branch)
}

/// The arms that hold a node, the innermost first. Bounded, because a graph that was read from somewhere may be wrong.
pub(super) fn arms(graph: &Graph, node: usize) -> impl Iterator<Item = (usize, &str)> {
    let mut at = node;
    std::iter::from_fn(move || {
        let (branch, text) = graph.nodes.get(at)?.arm.as_ref()?;
        at = *branch;
        Some((at, text.as_str()))
    })
    .take(graph.nodes.len())
}

/// A node opens its arm when nothing that it uses is in that arm.
fn arm_openers(graph: &Graph, edges: &[Edge]) -> Vec<bool> {
    let mut opens: Vec<bool> = (graph.nodes.iter().enumerate())
        .map(|(index, node)| {
            (node.arm.as_ref())
                .is_some_and(|(branch, _)| *branch < graph.nodes.len() && *branch != index)
        })
        .collect();
    for edge in edges {
        if let Some((branch, text)) = &graph.nodes[edge.to].arm
            && arms(graph, edge.from).any(|arm| arm == (*branch, text.as_str()))
        {
            opens[edge.to] = false;
        }
    }
    opens
}

/// For each branch, the nodes that name it.
type Members = BTreeMap<usize, Vec<usize>>;

fn members(graph: &Graph) -> Members {
    let mut members = Members::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        if let Some((branch, _)) = node.arm.as_ref().filter(|(branch, _)| *branch != index) {
            members.entry(*branch).or_default().push(index);
        }
    }
    members
}

/// Where the value of `from` comes from: for a branch, as its arms run after it, the last nodes of its arms.
fn exits(graph: &Graph, edges: &[Edge], members: &Members, from: usize, to: usize) -> Vec<usize> {
    if !members.contains_key(&from) || is_inside(graph, to, from) {
        return vec![from];
    }
    let mut exits = Vec::new();
    let mut seen = BTreeSet::from([from]);
    let mut branches = vec![from];
    while let Some(branch) = branches.pop() {
        let goes_on = |node: usize| {
            edges.iter().any(|edge| {
                edge.from == node
                    && is_inside(graph, edge.to, branch)
                    && !is_inside(graph, edge.to, node)
            })
        };
        for node in &members[&branch] {
            if *node == to || goes_on(*node) || !seen.insert(*node) {
                continue;
            }
            if members.contains_key(node) {
                branches.push(*node);
            } else {
                exits.push(*node);
            }
        }
    }
    exits
}

/// Drops the edges that close a cycle and gives an order in which each node follows what it waits for.
fn break_cycles(nodes: usize, edges: &mut Vec<Edge>) -> Vec<usize> {
    let mut waiting = vec![0_usize; nodes];
    let mut next = vec![Vec::new(); nodes];
    for edge in edges.iter() {
        waiting[edge.to] += 1;
        next[edge.from].push(edge.to);
    }
    let mut position = vec![usize::MAX; nodes];
    let mut order = Vec::with_capacity(nodes);
    let mut ready: Vec<usize> = (0..nodes)
        .rev()
        .filter(|node| waiting[*node] == 0)
        .collect();
    let mut unplaced = 0;
    while order.len() < nodes {
        let node = ready.pop().unwrap_or_else(|| {
            while position[unplaced] != usize::MAX {
                unplaced += 1;
            }
            unplaced
        });
        if position[node] != usize::MAX {
            continue;
        }
        position[node] = order.len();
        order.push(node);
        for to in &next[node] {
            waiting[*to] -= 1;
            if waiting[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    edges.retain(|edge| position[edge.from] < position[edge.to]);
    order
}

/// Drops each edge that a longer path of the same or a stronger kind implies.
///
/// A node with a rule of its own keeps all its edges: the rule is judged by exactly those.
fn reduce(graph: &Graph, order: &[usize], edges: &mut Vec<Edge>) {
    let any = Reach::new(order, edges.iter());
    let data = Reach::new(
        order,
        edges.iter().filter(|edge| edge.kind == EdgeKind::Data),
    );
    edges.retain(|edge| {
        let reach = match edge.kind {
            EdgeKind::Data => &data,
            EdgeKind::Order => &any,
        };
        !matches!(
            graph.nodes[edge.to].rule,
            Trigger::AllSuccess | Trigger::AllDone
        ) || !reach.by_detour(edge.from, edge.to)
    });
}

/// What each node reaches, as rows of bits.
struct Reach {
    words: usize,
    bits: Vec<u64>,
    next: Vec<Vec<usize>>,
}

impl Reach {
    fn new<'e>(order: &[usize], edges: impl Iterator<Item = &'e Edge>) -> Self {
        let words = order.len().div_ceil(64);
        let mut next = vec![Vec::new(); order.len()];
        for edge in edges {
            next[edge.from].push(edge.to);
        }
        let mut bits = vec![0_u64; words * order.len()];
        for from in order.iter().rev() {
            for to in &next[*from] {
                for word in 0..words {
                    bits[from * words + word] |= bits[to * words + word];
                }
                bits[from * words + to / 64] |= 1 << (to % 64);
            }
        }
        Self { words, bits, next }
    }

    fn by_detour(&self, from: usize, to: usize) -> bool {
        let reaches = |node: usize| self.bits[node * self.words + to / 64] >> (to % 64) & 1 == 1;
        self.next[from].iter().any(|via| reaches(*via))
    }
}
