//! Which column each upright of a gap takes, so that no two pieces lie on each other.

use std::collections::{BTreeMap, BTreeSet};

use super::net::{End, Level, Line, Net, Wire};

/// A gap with every piece in place.
#[derive(Debug)]
pub(super) struct Channel {
    pub levels: Vec<Level>,
    pub uprights: Vec<Upright>,
    /// How many columns of uprights there are.
    pub tracks: usize,
}

/// An upright piece of line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Upright {
    pub track: usize,
    pub top: Line,
    pub bottom: Line,
    pub order_only: bool,
}

impl Channel {
    /// Routes the wires of one gap.
    pub(super) fn new(wires: &[Wire]) -> Self {
        let mut net = Net::new(wires);
        let order = loop {
            match left_to_right(&net) {
                Ok(order) => break order,
                Err(stuck) => net.peel(stuck),
            }
        };
        let uprights = tracks(&net, &order);
        let tracks = uprights.iter().map(|upright| upright.track + 1).max();
        Self {
            levels: net.levels,
            uprights,
            tracks: tracks.unwrap_or(0),
        }
    }
}

/// Pairs of uprights of which the first must stand left of the second. Where that is so only because a row is free for
/// the second after the first has turned off, the piece of line on that row comes with the pair.
type Constraints = BTreeMap<(usize, usize), Option<usize>>;

fn constraints(net: &Net) -> Constraints {
    let mut pairs = Constraints::new();
    for level in &net.levels {
        match (level.from, level.to) {
            (End::Upright(from), End::Upright(to)) => {
                pairs.insert((from, to), None);
            }
            (End::Edge, End::Upright(first)) => {
                for (index, other) in net.levels.iter().enumerate() {
                    if other.line == level.line
                        && other.to == End::Edge
                        && let End::Upright(second) = other.from
                        && first != second
                    {
                        pairs.entry((first, second)).or_insert(Some(index));
                    }
                }
            }
            _ => {}
        }
    }
    pairs
}

/// An order that meets the constraints, or a piece of line to peel off because they go round in a circle.
fn left_to_right(net: &Net) -> Result<Vec<(usize, Vec<usize>)>, usize> {
    let pairs = constraints(net);
    let mut before = vec![Vec::new(); net.uprights];
    for (first, second) in pairs.keys() {
        before[*second].push(*first);
    }
    let mut left: BTreeSet<usize> = (0..net.uprights).collect();
    let mut order = Vec::new();
    while !left.is_empty() {
        let free = |upright: &&usize| before[**upright].iter().all(|other| !left.contains(other));
        let Some(next) = left.iter().find(free).copied() else {
            return Err(in_circle(&pairs, &left));
        };
        left.remove(&next);
        order.push((next, before[next].clone()));
    }
    Ok(order)
}

/// Going from what is stuck to what it is stuck behind ends in a circle. There is a piece to peel in it, as pieces
/// between uprights alone never form one; a peeled upright holds nothing back, so that this comes to an end.
fn in_circle(pairs: &Constraints, left: &BTreeSet<usize>) -> usize {
    let mut way: Vec<(usize, Option<usize>)> = Vec::new();
    let mut at = left.first().copied();
    while let Some(upright) = at {
        if let Some(start) = way.iter().position(|(seen, _)| *seen == upright) {
            way.drain(..start);
            break;
        }
        let behind = pairs
            .iter()
            .find(|((first, second), _)| *second == upright && left.contains(first));
        way.push((upright, behind.and_then(|(_, level)| *level)));
        at = behind.map(|((first, _), _)| *first);
    }
    way.into_iter()
        .find_map(|(_, level)| level)
        .expect("a circle of uprights holds a row that two of them use")
}

fn tracks(net: &Net, order: &[(usize, Vec<usize>)]) -> Vec<Upright> {
    let mut uprights: Vec<Upright> = (0..net.uprights).map(|index| span(net, index)).collect();
    let mut placed: Vec<usize> = Vec::new();
    for (index, before) in order {
        let after_those = before.iter().map(|other| uprights[*other].track + 1).max();
        let mut track = after_those.unwrap_or(0);
        while placed.iter().any(|other| {
            uprights[*other].track == track && touch(&uprights[*other], &uprights[*index])
        }) {
            track += 1;
        }
        uprights[*index].track = track;
        placed.push(*index);
    }
    uprights
}

fn span(net: &Net, index: usize) -> Upright {
    let at = End::Upright(index);
    let touching = || (net.levels.iter()).filter(move |level| level.from == at || level.to == at);
    let lines = || touching().map(|level| level.line);
    let row = Line::of_row(0);
    Upright {
        track: 0,
        top: lines().min().unwrap_or(row),
        bottom: lines().max().unwrap_or(row),
        order_only: touching().all(|level| level.order_only),
    }
}

fn touch(one: &Upright, other: &Upright) -> bool {
    one.top <= other.bottom && other.top <= one.bottom
}
