//! Kept results of a memory store.

use std::collections::{BTreeSet, HashMap};

use super::super::cache::{CacheEntry, CacheFilter, DROPPED_AT_ONCE, Kept};
use crate::model::payload::Digest;
use crate::model::record::Micros;

/// All kept results by key, and the keys by the end of their time.
#[derive(Debug, Default)]
pub(super) struct Cache {
    results: HashMap<[u8; 16], Kept>,
    ends: BTreeSet<(Micros, [u8; 16])>,
}

impl Cache {
    pub fn kept(&self, key: Digest, now: Micros) -> Option<Kept> {
        let kept = self.results.get(&key.0)?;
        (now < kept.expires).then(|| kept.clone())
    }

    pub fn keep(&mut self, result: Kept) {
        let over: Vec<_> = self
            .ends
            .range(..=(result.computed, [u8::MAX; 16]))
            .take(DROPPED_AT_ONCE)
            .map(|(_, key)| *key)
            .collect();
        for key in over {
            self.forget(key);
        }
        self.forget(result.key.0);
        self.ends.insert((result.expires, result.key.0));
        self.results.insert(result.key.0, result);
    }

    pub fn entries(&self, filter: &CacheFilter) -> Vec<CacheEntry> {
        let mut entries: Vec<_> = self.found(filter).map(Kept::entry).collect();
        entries.sort_by_key(|entry| (std::cmp::Reverse(entry.computed), entry.key.0));
        entries
    }

    pub fn clear(&mut self, filter: &CacheFilter) -> u64 {
        let keys: Vec<_> = self.found(filter).map(|kept| kept.key.0).collect();
        for key in &keys {
            self.forget(*key);
        }
        u64::try_from(keys.len()).unwrap_or(u64::MAX)
    }

    fn found(&self, filter: &CacheFilter) -> impl Iterator<Item = &Kept> {
        self.results.values().filter(|kept| {
            filter.task.as_ref().is_none_or(|task| *task == kept.task)
                && filter.before.is_none_or(|before| kept.computed < before)
        })
    }

    fn forget(&mut self, key: [u8; 16]) {
        if let Some(kept) = self.results.remove(&key) {
            self.ends.remove(&(kept.expires, key));
        }
    }
}
