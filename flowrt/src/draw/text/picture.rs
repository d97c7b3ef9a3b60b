//! Names and lines of one part of a graph on a grid of characters.

use std::collections::{BTreeMap, BTreeSet};

use super::super::label::columns;
use super::super::layout::Part;
use super::channel::{Channel, Upright};
use super::net::{End, Level, Line, Wire};

/// A finished drawing.
#[derive(Debug)]
pub(super) struct Picture {
    pub lines: Vec<String>,
    pub width: usize,
    pub crossings: usize,
}

/// Draws a part, given what is written in each slot.
pub(super) fn picture(labels: &[String], part: &Part) -> Picture {
    let channels: Vec<Channel> = (0..part.layers.len().saturating_sub(1))
        .map(|layer| Channel::new(&wires(part, layer)))
        .collect();
    let mut grid = Grid::new(part, &channels);
    let mut left = 0;
    for (layer, slots) in part.layers.iter().enumerate() {
        let label_width = |slot: &usize| columns(&labels[*slot]);
        let width = slots.iter().map(label_width).max().unwrap_or(0);
        let gap = Gap {
            start: left + width,
            tracks: channels.get(layer).map_or(0, |channel| channel.tracks),
        };
        for slot in slots {
            grid.write(Line::of_row(part.slots[*slot].row), left, &labels[*slot]);
        }
        if let Some(channel) = channels.get(layer) {
            grid.gap(channel, gap);
            grid.leaders(part, layer, labels, left, gap);
        }
        left = gap.end();
    }
    grid.finish()
}

/// The links from one layer to the next by rows.
fn wires(part: &Part, layer: usize) -> Vec<Wire> {
    part.links
        .iter()
        .filter(|link| part.slots[link.from].layer == layer)
        .map(|link| Wire {
            from: part.slots[link.from].row,
            to: part.slots[link.to].row,
            order_only: link.order_only,
        })
        .collect()
}

/// The columns between two layers: a space, a dash, the uprights with a dash after each, the arrow head, a space.
#[derive(Debug, Clone, Copy)]
struct Gap {
    start: usize,
    tracks: usize,
}

impl Gap {
    const fn track(self, track: usize) -> usize {
        self.start + 2 + 2 * track
    }

    const fn head(self) -> usize {
        self.start + 2 + 2 * self.tracks
    }

    const fn end(self) -> usize {
        self.head() + 2
    }

    const fn column(self, end: End, uprights: &[Upright], at_edge: usize) -> usize {
        match end {
            End::Edge => at_edge,
            End::Upright(index) => self.track(uprights[index].track),
        }
    }
}

struct Grid {
    /// The lines in use, from top to bottom.
    lines: Vec<Line>,
    cells: Vec<BTreeMap<usize, Cell>>,
    crossings: usize,
}

#[derive(Debug, Clone)]
enum Cell {
    Level(char),
    Other(String),
}

impl Grid {
    fn new(part: &Part, channels: &[Channel]) -> Self {
        let rows = part.slots.iter().map(|slot| Line::of_row(slot.row));
        let jogs = channels
            .iter()
            .flat_map(|channel| channel.levels.iter().map(|level| level.line));
        let lines: BTreeSet<Line> = rows.chain(jogs).collect();
        Self {
            cells: vec![BTreeMap::new(); lines.len()],
            lines: lines.into_iter().collect(),
            crossings: 0,
        }
    }

    fn index(&self, line: Line) -> usize {
        self.lines.partition_point(|other| *other < line)
    }

    fn write(&mut self, line: Line, column: usize, text: &str) {
        if !text.is_empty() {
            let index = self.index(line);
            self.cells[index].insert(column, Cell::Other(text.to_owned()));
        }
    }

    fn level(&mut self, line: Line, columns: std::ops::Range<usize>, order_only: bool) {
        let index = self.index(line);
        let dash = if order_only { '┄' } else { '─' };
        for column in columns {
            // Where a line of values and one of order only run together, the value is what counts.
            let held = self.cells[index].entry(column).or_insert(Cell::Level(dash));
            if let Cell::Level(held) = held
                && !order_only
            {
                *held = dash;
            }
        }
    }

    fn gap(&mut self, channel: &Channel, gap: Gap) {
        for level in &channel.levels {
            let from = gap.column(level.from, &channel.uprights, gap.start);
            let to = gap.column(level.to, &channel.uprights, gap.head());
            let first = if level.from == End::Edge {
                from + 1
            } else {
                from
            };
            self.level(level.line, first..to, level.order_only);
        }
        for (index, upright) in channel.uprights.iter().enumerate() {
            self.upright(index, upright, &channel.levels, gap);
        }
    }

    fn upright(&mut self, number: usize, upright: &Upright, levels: &[Level], gap: Gap) {
        let column = gap.track(upright.track);
        let at = End::Upright(number);
        for index in self.index(upright.top)..=self.index(upright.bottom) {
            let line = self.lines[index];
            let on_line = || levels.iter().filter(move |level| level.line == line);
            let sides = Sides {
                up: line > upright.top,
                down: line < upright.bottom,
                left: on_line().any(|level| level.to == at),
                right: on_line().any(|level| level.from == at),
            };
            let held = self.cells[index].get(&column);
            if held.is_some() && !sides.left && !sides.right {
                self.crossings += 1;
            }
            let piece = sides.piece(upright.order_only).to_string();
            self.cells[index].insert(column, Cell::Other(piece));
        }
    }

    /// Lines from names to the gap, lines that only pass a layer, and arrow heads at the names that a gap leads to.
    fn leaders(&mut self, part: &Part, layer: usize, labels: &[String], left: usize, gap: Gap) {
        let mut sources = BTreeMap::new();
        let mut targets = BTreeMap::new();
        for link in &part.links {
            if part.slots[link.from].layer == layer {
                *sources.entry(link.from).or_insert(true) &= link.order_only;
                *targets.entry(link.to).or_insert(true) &= link.order_only;
            }
        }
        for (slot, order_only) in sources {
            let name = columns(&labels[slot]);
            let start = left + if name == 0 { 0 } else { name + 1 };
            let line = Line::of_row(part.slots[slot].row);
            self.level(line, start..gap.start + 1, order_only);
        }
        for (slot, order_only) in targets {
            let line = Line::of_row(part.slots[slot].row);
            if part.slots[slot].node.is_some() {
                self.write(line, gap.head(), "▶");
            } else {
                self.level(line, gap.head()..gap.end(), order_only);
            }
        }
    }

    fn finish(self) -> Picture {
        let mut lines = Vec::with_capacity(self.cells.len());
        let mut widest = 0;
        for cells in self.cells {
            let mut text = String::new();
            let mut column = 0;
            for (start, cell) in cells {
                while column < start {
                    text.push(' ');
                    column += 1;
                }
                match cell {
                    Cell::Level(dash) => {
                        text.push(dash);
                        column += 1;
                    }
                    Cell::Other(piece) => {
                        column += columns(&piece);
                        text.push_str(&piece);
                    }
                }
            }
            widest = widest.max(column);
            lines.push(text);
        }
        Picture {
            lines,
            width: widest,
            crossings: self.crossings,
        }
    }
}

/// To which sides a cell of an upright goes on.
#[derive(Debug, Clone, Copy)]
struct Sides {
    up: bool,
    down: bool,
    left: bool,
    right: bool,
}

impl Sides {
    const fn piece(self, order_only: bool) -> char {
        match (self.up, self.down, self.left, self.right) {
            (true, true, true, true) => '┼',
            (true, true, true, false) => '┤',
            (true, true, false, true) => '├',
            (true, true, false, false) if order_only => '┆',
            (true, true, false, false) => '│',
            (true, false, true, true) => '┴',
            (true, false, true, false) => '┘',
            (true, false, false, true) => '└',
            (false, true, true, true) => '┬',
            (false, true, true, false) => '┐',
            (false, true, false, true) => '┌',
            (true, false, false, false) | (false, true, false, false) => '│',
            (false, false, _, _) => '─',
        }
    }
}
