//! Artifacts and blobs in memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::super::apart::Apart;
use super::super::{Error, Swept, check_count};
use crate::model::artifact::{ArtifactKind, ArtifactRecord, NewArtifact};
use crate::model::blob::BlobId;
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::Entry;

/// What all runs of a store published and kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    artifacts: Vec<ArtifactRecord>,
    blobs: HashMap<BlobId, Arc<[u8]>>,
    uses: HashMap<BlobId, HashSet<RunId>>,
}

impl Kept {
    /// Keeps the bytes of a write for its run.
    pub fn hold(&mut self, run: RunId, apart: Apart) {
        for id in apart.named {
            self.uses.entry(id).or_default().insert(run);
        }
        for blob in apart.blobs {
            self.blobs.insert(blob.id(), blob.bytes().clone());
        }
    }

    pub fn put(
        &mut self,
        run: RunId,
        new: NewArtifact,
        most: u64,
    ) -> Result<ArtifactRecord, Error> {
        let version = if new.kind == ArtifactKind::Progress {
            let is_other = |there: &ArtifactRecord| {
                there.version > 0
                    || there.run != run
                    || (&there.place.step, &there.place.key) != (&new.place.step, &new.place.key)
            };
            self.artifacts.retain(is_other);
            0
        } else {
            check_count(
                self.of_run(run).filter(|there| there.version > 0).count() as u64,
                most,
            )?;
            self.next_version(&new.place.key)
        };
        let mut apart = Apart::default();
        if let Some(blob) = &new.blob {
            apart.add(blob.clone());
        }
        self.hold(run, apart);
        let record = new.accept(run, version);
        self.artifacts.push(record.clone());
        Ok(record)
    }

    /// Takes in what a run of another store has published.
    pub fn take_in(&mut self, artifacts: Vec<ArtifactRecord>) {
        for mut record in artifacts {
            if record.version > 0 {
                record.version = self.next_version(&record.place.key);
            }
            self.artifacts.push(record);
        }
    }

    fn next_version(&self, key: &str) -> u64 {
        let versions = self.of_key(key).map(|there| there.version);
        versions.max().unwrap_or(0) + 1
    }

    /// Marks what failed attempts have published.
    pub fn mark_failed(&mut self, run: RunId, entries: &[Entry]) {
        let failed: Vec<_> = entries.iter().filter_map(Entry::failed_attempt).collect();
        for there in self.artifacts.iter_mut().filter(|there| there.run == run) {
            there.failed |= failed.contains(&(&*there.place.step, there.place.attempt));
        }
    }

    pub fn of_run(&self, run: RunId) -> impl Iterator<Item = &ArtifactRecord> {
        self.artifacts.iter().filter(move |there| there.run == run)
    }

    fn of_key(&self, key: &str) -> impl Iterator<Item = &ArtifactRecord> {
        let fits = move |there: &&ArtifactRecord| there.version > 0 && there.place.key == key;
        self.artifacts.iter().filter(fits)
    }

    /// All versions of a key, newest first; without one, the newest of each key.
    pub fn versions(&self, key: Option<&str>) -> Vec<ArtifactRecord> {
        if let Some(key) = key {
            let mut found: Vec<_> = self.of_key(key).cloned().collect();
            found.sort_by_key(|there| std::cmp::Reverse(there.version));
            return found;
        }
        let mut newest: BTreeMap<&str, &ArtifactRecord> = BTreeMap::new();
        for there in self.artifacts.iter().filter(|there| there.version > 0) {
            let newest = newest.entry(&there.place.key).or_insert(there);
            if newest.version < there.version {
                *newest = there;
            }
        }
        newest.into_values().cloned().collect()
    }

    pub fn blob(&self, id: BlobId, whose: String) -> Result<Arc<[u8]>, Error> {
        self.blobs.get(&id).cloned().ok_or_else(|| Error::BlobLost {
            whose,
            file: id.digest(),
            why: "is gone".to_owned(),
        })
    }

    /// Whether all bytes are there to which a value holds handles: a cached value may have outlived them.
    pub fn has_all(&self, value: &Payload) -> bool {
        value.handles().all(|id| self.blobs.contains_key(&id))
    }

    pub fn forget(&mut self, run: RunId) {
        self.artifacts.retain(|there| there.run != run);
        self.uses.retain(|_, runs| {
            runs.remove(&run);
            !runs.is_empty()
        });
        self.sweep();
    }

    pub fn sweep(&mut self) -> Swept {
        let mut swept = Swept::default();
        self.blobs.retain(|id, _| {
            let is_used = self.uses.contains_key(id);
            if !is_used {
                swept.files += 1;
                swept.bytes += id.size();
            }
            is_used
        });
        swept
    }
}
