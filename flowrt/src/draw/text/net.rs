//! The wiring of one gap between two layers: which lines run level, and which join at an upright.
//!
//! A picture of lines is right only if nobody can follow a line to a node that does not wait for its start. Lines are
//! read from left to right, and along an upright both ways. So whatever touches an upright from the left leads to all
//! that leaves it to the right, and uprights are made such that this is meant.

use std::collections::{BTreeMap, BTreeSet};

/// A line of text: a row of nodes (`jog` is 0), or an extra line somewhere below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    pub row: usize,
    pub jog: usize,
}

impl Line {
    pub(super) const fn of_row(row: usize) -> Self {
        Self { row, jog: 0 }
    }
}

/// Where a level piece begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// At the edge of the gap.
    Edge,
    /// At the upright of that index.
    Upright(usize),
}

/// A level piece of line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub line: Line,
    pub from: End,
    pub to: End,
    pub order_only: bool,
}

/// A link by the rows of its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wire {
    pub from: usize,
    pub to: usize,
    pub order_only: bool,
}

/// The pieces of one gap.
#[derive(Debug, Default)]
pub(super) struct Net {
    pub levels: Vec<Level>,
    pub uprights: usize,
    jogs: BTreeMap<usize, usize>,
}

impl Net {
    /// The pieces that carry these wires and no others.
    pub(super) fn new(wires: &[Wire]) -> Self {
        let mut net = Self::default();
        for group in groups(wires) {
            if joins_all_with_all(&group) {
                net.bus(&group);
            } else {
                net.separate(&group);
            }
        }
        net
    }

    /// One upright for all, as each left end leads to each right end.
    fn bus(&mut self, group: &[Wire]) {
        if let [only] = group
            && only.from == only.to
        {
            self.level(
                Line::of_row(only.from),
                End::Edge,
                End::Edge,
                only.order_only,
            );
            return;
        }
        let upright = self.upright();
        for (row, order_only) in ends(group, |wire| wire.from) {
            self.level(Line::of_row(row), End::Edge, upright, order_only);
        }
        for (row, order_only) in ends(group, |wire| wire.to) {
            self.level(Line::of_row(row), upright, End::Edge, order_only);
        }
    }

    /// An upright where a left end spreads and one where a right end gathers; what both spreads and gathers goes
    /// between them on a line of its own.
    fn separate(&mut self, group: &[Wire]) {
        let spreads = self.shared_ends(group, |wire| wire.from);
        let gathers = self.shared_ends(group, |wire| wire.to);
        for (row, order_only) in ends(group, |wire| wire.from) {
            if let Some(upright) = spreads.get(&row) {
                self.level(Line::of_row(row), End::Edge, *upright, order_only);
            }
        }
        for (row, order_only) in ends(group, |wire| wire.to) {
            if let Some(upright) = gathers.get(&row) {
                self.level(Line::of_row(row), *upright, End::Edge, order_only);
            }
        }
        for wire in group {
            let from = spreads.get(&wire.from).copied();
            let to = gathers.get(&wire.to).copied();
            let line = match (from, to) {
                (None, _) => Line::of_row(wire.from),
                (Some(_), None) => Line::of_row(wire.to),
                (Some(_), Some(_)) if wire.from == wire.to => Line::of_row(wire.from),
                (Some(_), Some(_)) => self.jog(wire.from, wire.to),
            };
            let (from, to) = (from.unwrap_or(End::Edge), to.unwrap_or(End::Edge));
            self.level(line, from, to, wire.order_only);
        }
    }

    /// An upright for each end that several wires share.
    fn shared_ends(
        &mut self,
        group: &[Wire],
        end: impl Fn(&Wire) -> usize,
    ) -> BTreeMap<usize, End> {
        let mut count: BTreeMap<usize, usize> = BTreeMap::new();
        for wire in group {
            *count.entry(end(wire)).or_default() += 1;
        }
        count.retain(|_, count| *count > 1);
        count.into_keys().map(|row| (row, self.upright())).collect()
    }

    /// Lets a piece that leaves an upright to the right leave from a new upright instead, which the old one feeds.
    pub(super) fn peel(&mut self, level: usize) {
        let Level {
            line,
            from: old,
            order_only,
            ..
        } = self.levels[level];
        let fed_from = self.levels.iter().find(|other| other.to == old);
        let start = fed_from.map_or(line.row, |other| other.line.row);
        let jog = self.jog(start, line.row);
        let new = self.upright();
        self.levels[level].from = new;
        self.level(jog, old, new, order_only);
    }

    fn upright(&mut self) -> End {
        self.uprights += 1;
        End::Upright(self.uprights - 1)
    }

    fn level(&mut self, line: Line, from: End, to: End, order_only: bool) {
        self.levels.push(Level {
            line,
            from,
            to,
            order_only,
        });
    }

    /// A line of its own, next to the row it leads to.
    fn jog(&mut self, from: usize, to: usize) -> Line {
        let row = if to > from { to - 1 } else { to };
        let jog = self.jogs.entry(row).or_default();
        *jog += 1;
        Line { row, jog: *jog }
    }
}

/// Each row once, and whether all its wires carry order only.
fn ends(group: &[Wire], end: impl Fn(&Wire) -> usize) -> BTreeMap<usize, bool> {
    let mut ends = BTreeMap::new();
    for wire in group {
        *ends.entry(end(wire)).or_insert(true) &= wire.order_only;
    }
    ends
}

/// A group can share one upright if it is complete, and if no left end has both kinds of wire to several right ends.
fn joins_all_with_all(group: &[Wire]) -> bool {
    let lefts = ends(group, |wire| wire.from).len();
    let rights = ends(group, |wire| wire.to).len();
    let one_kind = group
        .iter()
        .all(|wire| wire.order_only == group[0].order_only);
    group.len() == lefts * rights && (one_kind || lefts == 1 || rights == 1)
}

/// The wires that hang together by shared ends.
fn groups(wires: &[Wire]) -> Vec<Vec<Wire>> {
    let mut left: BTreeSet<Wire> = wires.iter().copied().collect();
    let mut groups = Vec::new();
    while let Some(first) = left.pop_first() {
        let mut group = vec![first];
        let mut at = 0;
        while let Some(wire) = group.get(at).copied() {
            at += 1;
            let touching: Vec<Wire> = left
                .iter()
                .copied()
                .filter(|other| other.from == wire.from || other.to == wire.to)
                .collect();
            for other in touching {
                left.remove(&other);
                group.push(other);
            }
        }
        groups.push(group);
    }
    groups
}
