//! How often each value is used, which decides whether it is moved or cloned.

use std::collections::HashMap;

use super::model::{Body, What};
use super::values::with_cells;

/// The number of nodes that use each binding in one run: of the arms of a branch only one runs.
pub(super) fn count(body: &Body) -> HashMap<usize, usize> {
    over(body, &body.top)
}

fn over(body: &Body, nodes: &[usize]) -> HashMap<usize, usize> {
    let mut total = HashMap::new();
    for node in nodes {
        let node = &body.nodes[*node];
        for (binding, _) in &node.uses {
            for source in with_cells(body, *binding) {
                *total.entry(source).or_insert(0) += 1;
            }
        }
        if let What::Branch { arms, .. } = &node.what {
            let mut most: HashMap<usize, usize> = HashMap::new();
            for arm in arms {
                for (binding, count) in over(body, &arm.nodes) {
                    let entry = most.entry(binding).or_insert(0);
                    *entry = count.max(*entry);
                }
            }
            for (binding, count) in most {
                *total.entry(binding).or_insert(0) += count;
            }
        }
    }
    total
}
