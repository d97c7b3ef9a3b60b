//! The order within each layer: sweeps by barycentre, then exchanges of neighbours, keep what crosses least.

use super::Part;

/// Sweeps without gain before the search ends.
const PATIENCE: usize = 4;
/// Sweeps at most.
const SWEEPS: usize = 24;
/// Rounds of neighbour exchanges at most.
const EXCHANGES: usize = 4;

/// Orders the slots of each layer so that few lines cross. Ties keep source order.
pub(super) fn reduce_crossings(part: &mut Part) {
    let (before, after) = (part.before(), part.after());
    let mut best = part.layers.clone();
    let mut least = crossings(part, &after);
    let mut idle = 0;
    for sweep in 0..SWEEPS {
        if least == 0 || idle == PATIENCE {
            break;
        }
        let forward = sweep % 2 == 0;
        let neighbours = if forward { &before } else { &after };
        let count = part.layers.len();
        for step in 1..count {
            let layer = if forward { step } else { count - 1 - step };
            sort_by_barycentre(part, layer, neighbours);
        }
        exchange_neighbours(part, &before, &after);
        let now = crossings(part, &after);
        idle += 1;
        if now < least {
            (best, least, idle) = (part.layers.clone(), now, 0);
        }
    }
    part.layers = best;
}

fn positions(part: &Part) -> Vec<usize> {
    let mut position = vec![0; part.slots.len()];
    for layer in &part.layers {
        for (index, slot) in layer.iter().enumerate() {
            position[*slot] = index;
        }
    }
    position
}

fn sort_by_barycentre(part: &mut Part, layer: usize, neighbours: &[Vec<usize>]) {
    let position = positions_near(part, layer, neighbours);
    let mut keyed: Vec<(f64, usize)> = part.layers[layer]
        .iter()
        .enumerate()
        .map(|(index, slot)| {
            let near = &neighbours[*slot];
            let sum: usize = near.iter().map(|other| position[*other]).sum();
            let key = if near.is_empty() {
                index as f64
            } else {
                sum as f64 / near.len() as f64
            };
            (key, *slot)
        })
        .collect();
    keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
    part.layers[layer] = keyed.into_iter().map(|(_, slot)| slot).collect();
}

/// The positions in the layers that hold the neighbours of this one; those of other layers are left at zero.
fn positions_near(part: &Part, layer: usize, neighbours: &[Vec<usize>]) -> Vec<usize> {
    let mut position = vec![0; part.slots.len()];
    let near = (part.layers[layer].iter())
        .flat_map(|slot| &neighbours[*slot])
        .map(|other| part.slots[*other].layer)
        .next();
    if let Some(near) = near {
        for (index, slot) in part.layers[near].iter().enumerate() {
            position[*slot] = index;
        }
    }
    position
}

fn exchange_neighbours(part: &mut Part, before: &[Vec<usize>], after: &[Vec<usize>]) {
    let mut position = positions(part);
    for _ in 0..EXCHANGES {
        let mut changed = false;
        for layer in &mut part.layers {
            for upper in 1..layer.len() {
                let (one, other) = (layer[upper - 1], layer[upper]);
                let cost = |first: usize, second: usize| {
                    inversions(&before[first], &before[second], &position)
                        + inversions(&after[first], &after[second], &position)
                };
                if cost(other, one) < cost(one, other) {
                    layer.swap(upper - 1, upper);
                    position.swap(one, other);
                    changed = true;
                }
            }
        }
        if !changed {
            return;
        }
    }
}

/// How many lines cross when `first` lies above `second`.
fn inversions(first: &[usize], second: &[usize], position: &[usize]) -> usize {
    let mut lower: Vec<usize> = second.iter().map(|slot| position[*slot]).collect();
    lower.sort_unstable();
    first
        .iter()
        .map(|slot| lower.partition_point(|other| *other < position[*slot]))
        .sum()
}

/// How many lines cross in all.
fn crossings(part: &Part, after: &[Vec<usize>]) -> usize {
    let position = positions(part);
    let mut total = 0;
    for (index, layer) in part.layers.iter().enumerate() {
        let next = part.layers.get(index + 1).map_or(0, Vec::len);
        let mut seen = Fenwick::new(next);
        let mut count = 0;
        for slot in layer {
            let ends = after[*slot].iter().map(|to| position[*to]);
            total += ends
                .clone()
                .map(|end| count - seen.up_to(end))
                .sum::<usize>();
            for end in ends {
                seen.add(end);
                count += 1;
            }
        }
    }
    total
}

/// Counts of positions, with sums of prefixes in logarithmic time.
struct Fenwick(Vec<usize>);

impl Fenwick {
    fn new(size: usize) -> Self {
        Self(vec![0; size + 1])
    }

    fn add(&mut self, position: usize) {
        let mut at = position + 1;
        while at < self.0.len() {
            self.0[at] += 1;
            at += at & at.wrapping_neg();
        }
    }

    /// How many were added at `position` or before it.
    fn up_to(&self, position: usize) -> usize {
        let mut at = position + 1;
        let mut sum = 0;
        while at > 0 {
            sum += self.0[at];
            at -= at & at.wrapping_neg();
        }
        sum
    }
}
