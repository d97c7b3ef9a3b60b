//! Heights: each slot near the middle of its neighbours, never closer than one row to the next slot of its layer.

use super::Part;

/// Sweeps there and back.
const SWEEPS: usize = 6;
/// What keeps a line straight where it only passes.
const PASSING_WEIGHT: f64 = 8.0;
/// What a slot without neighbours on that side has to say.
const IDLE_WEIGHT: f64 = 0.05;

/// Gives each slot its height and its row.
pub(super) fn place(part: &mut Part) {
    let (before, after) = (part.before(), part.after());
    for layer in &part.layers {
        for (index, slot) in layer.iter().enumerate() {
            part.slots[*slot].y = index as f64;
        }
    }
    for _ in 0..SWEEPS {
        for layer in 0..part.layers.len() {
            align(part, layer, &before);
        }
        for layer in (0..part.layers.len()).rev() {
            align(part, layer, &after);
        }
    }
    for layer in 0..part.layers.len() {
        align(part, layer, &before);
    }
    let top = (part.slots.iter().map(|slot| slot.y)).fold(f64::INFINITY, f64::min);
    settle(part, top);
    snap(part, &before, &after);
}

/// Moves the part to the top and each height to a quarter of a row: lines that are all but level become level. As the
/// distance beyond the least one is what is rounded, no two slots come closer than that.
fn settle(part: &mut Part, top: f64) {
    for layer in &part.layers {
        for (index, slot) in layer.iter().enumerate() {
            let index = index as f64;
            let beyond = part.slots[*slot].y - top - index;
            part.slots[*slot].y = (steady(beyond) * 4.0).round() / 4.0 + index;
        }
    }
}

fn align(part: &mut Part, layer: usize, neighbours: &[Vec<usize>]) {
    let wishes: Vec<(f64, f64)> = part.layers[layer]
        .iter()
        .map(|slot| wish(part, *slot, &neighbours[*slot]))
        .collect();
    for (slot, y) in part.layers[layer].iter().zip(separated(&wishes)) {
        part.slots[*slot].y = y;
    }
}

/// The height a slot would like, and how much.
fn wish(part: &Part, slot: usize, neighbours: &[usize]) -> (f64, f64) {
    let Some(middle) = median(part, neighbours) else {
        return (part.slots[slot].y, IDLE_WEIGHT);
    };
    let passing = part.slots[slot].node.is_none()
        && neighbours
            .iter()
            .all(|other| part.slots[*other].node.is_none());
    (middle, if passing { PASSING_WEIGHT } else { 1.0 })
}

fn median(part: &Part, slots: &[usize]) -> Option<f64> {
    let mut heights: Vec<f64> = slots.iter().map(|slot| part.slots[*slot].y).collect();
    heights.sort_by(f64::total_cmp);
    let upper = heights.get(heights.len() / 2)?;
    let lower = heights.get((heights.len() - 1) / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

/// The heights nearest to the wishes (by weighted squares) that keep the order and one row between neighbours.
fn separated(wishes: &[(f64, f64)]) -> Vec<f64> {
    let mut blocks: Vec<Block> = Vec::new();
    for (index, (height, weight)) in wishes.iter().enumerate() {
        let mut block = Block {
            sum: (height - index as f64) * weight,
            weight: *weight,
            count: 1,
        };
        while let Some(above) = blocks.pop_if(|above| above.mean() > block.mean()) {
            block.sum += above.sum;
            block.weight += above.weight;
            block.count += above.count;
        }
        blocks.push(block);
    }
    blocks
        .iter()
        .flat_map(|block| std::iter::repeat_n(block.mean(), block.count))
        .enumerate()
        .map(|(index, mean)| mean + index as f64)
        .collect()
}

/// Slots that touch each other, as one body.
struct Block {
    sum: f64,
    weight: f64,
    count: usize,
}

impl Block {
    fn mean(&self) -> f64 {
        self.sum / self.weight
    }
}

/// Whole rows for pictures made of lines of text, without empty ones.
fn snap(part: &mut Part, before: &[Vec<usize>], after: &[Vec<usize>]) {
    // From one start the main line stays on top; of several starts the last one carries it on.
    let one_start = part.layers.first().is_some_and(|layer| layer.len() == 1);
    let mut rows = vec![0_i64; part.slots.len()];
    for (depth, layer) in part.layers.iter().enumerate() {
        let down = one_start || depth == 0;
        let wishes: Vec<(f64, f64)> = layer
            .iter()
            .map(|slot| match before[*slot][..] {
                // A line that only goes on stays on its row.
                [only] if after[only].len() == 1 => (rows[only] as f64, 2.0),
                _ => (part.slots[*slot].y, 1.0),
            })
            .collect();
        for (index, (slot, y)) in layer.iter().zip(separated(&wishes)).enumerate() {
            rows[*slot] = round(y - index as f64, down) + index as i64;
        }
    }
    let mut used = rows.clone();
    used.sort_unstable();
    used.dedup();
    for (slot, row) in part.slots.iter_mut().zip(rows) {
        slot.row = used.partition_point(|other| *other < row);
    }
}

fn round(value: f64, down: bool) -> i64 {
    let value = steady(value);
    if down {
        (value - 0.5).ceil() as i64
    } else {
        (value + 0.5).floor() as i64
    }
}

/// A hair off a half is a half: sums of fractions must not decide which way a line goes, nor put what is below above.
fn steady(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
