//! What is counted in a scope: places, names, branches, numbers drawn.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::task::Waker;

use crate::author::mix::BuildMix;
use crate::model::record::StepRecord;

#[derive(Debug)]
pub(super) struct ScopeData {
    pub(super) path: String,
    pub(super) position: u32,
    pub(super) names: HashMap<Arc<str>, u32, BuildMix>,
    pub(super) branches: u32,
    pub(super) draws: u64,
    /// Set for the scope of a fan-out.
    pub(super) items: Option<Items>,
}

/// What the scope of a fan-out knows besides.
#[derive(Debug, Default)]
pub(super) struct Items {
    pub(super) tolerant: bool,
    /// Records of items that failed; whether that was tolerated is known when the fan-out ends.
    pub(super) failed: Vec<StepRecord>,
    /// A replay needs the items up to this place, however few may wait at a time.
    pub(super) needed: u32,
    pub(super) waker: Option<Waker>,
}

impl ScopeData {
    pub(super) fn new(path: String) -> Self {
        Self {
            path,
            position: 0,
            names: HashMap::default(),
            branches: 0,
            draws: 0,
            items: None,
        }
    }

    /// The full id of a step in it: `fetch#2`, `b1/fetch`, and `fetch[3]` for the item of a fan-out.
    pub(super) fn step(&self, name: &str, occurrence: u32) -> String {
        let open = self.items.as_ref().and(self.path.strip_suffix(']'));
        let start = open.unwrap_or(&self.path);
        let mut step = String::with_capacity(start.len() + name.len() + 12);
        step.push_str(start);
        step.push_str(name);
        if occurrence > 1 {
            let _ = write!(step, "#{occurrence}");
        }
        if open.is_some() {
            step.push(']');
        }
        step
    }

    /// Asks a fan-out for the item at that place; false if it can give no more.
    pub(super) fn reach(&mut self, position: u32) -> bool {
        let Some(items) = &mut self.items else {
            return false;
        };
        let Some(waker) = items.waker.take() else {
            return false;
        };
        let asked = items.needed <= position;
        items.needed = position.saturating_add(1);
        waker.wake();
        asked
    }

    pub(super) fn next(&mut self, name: &Arc<str>) -> u32 {
        let count = self.names.entry(name.clone()).or_insert(0);
        *count += 1;
        *count
    }

    pub(super) fn next_static(&mut self, name: &'static str) -> (Arc<str>, u32) {
        let known = self.names.get_key_value(name).map(|(key, _)| key.clone());
        let key = known.unwrap_or_else(|| Arc::from(name));
        let count = match self.names.get_mut(name) {
            Some(count) => count,
            None => self.names.entry(key.clone()).or_insert(0),
        };
        *count += 1;
        (key, *count)
    }
}

pub(super) fn with_occurrence(name: &str, occurrence: u32) -> String {
    if occurrence <= 1 {
        name.to_owned()
    } else {
        format!("{name}#{occurrence}")
    }
}
