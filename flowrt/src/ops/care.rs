//! Looking after a store: what it takes, what may go, and a copy of it.

use std::path::PathBuf;

use super::Engine;
use crate::engine::retention::{self, Old};
use crate::engine::trouble;
use crate::error::Result;
use crate::model::retention::Rule;
use crate::store::{Copied, Usage};

/// What a prune did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Runs that are gone with all below them.
    pub deleted: Vec<Old>,
    /// Runs that stay although the rule takes them: one below them has not ended.
    pub kept: Vec<Old>,
    /// Bytes given back to the disk.
    pub given_back: u64,
}

impl Engine {
    /// The runs that a rule takes, the oldest first. Changes nothing.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn plan_prune(&self, rule: &Rule) -> Result<Vec<Old>> {
        let store = &*self.shared.store;
        retention::chosen(store, rule).await.map_err(trouble)
    }

    /// Deletes the runs that a rule takes, and all below them, the oldest first, a little at a time. It may be cut off
    /// at any point: a run is there, or it is gone; what is left of its rows goes the next time.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn prune(&self, rule: &Rule) -> Result<Pruned> {
        let store = &*self.shared.store;
        store.sweep().await.map_err(trouble)?;
        let mut pruned = Pruned::default();
        for run in self.plan_prune(rule).await? {
            if retention::delete(store, run.id).await.map_err(trouble)? {
                pruned.deleted.push(run);
            } else if store.run(run.id).await.map_err(trouble)?.is_some() {
                pruned.kept.push(run);
            }
        }
        pruned.given_back = store.shrink().await.map_err(trouble)?;
        Ok(pruned)
    }

    /// What the store takes on the disk; reads all of it. At most so many of the largest runs are named.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn usage(&self, largest: usize) -> Result<Usage> {
        self.shared.store.usage(largest).await.map_err(trouble)
    }

    /// Writes a copy of the store, of one moment, to a new file while runs go on. Only what was opened and checked gets
    /// the name; a process that dies leaves at most a file of that name with `.part-…`.
    ///
    /// # Errors
    /// If the file is there, or cannot be written, or the store keeps nothing.
    pub async fn back_up(&self, to: PathBuf) -> Result<Copied> {
        self.shared.store.back_up(to).await.map_err(trouble)
    }
}
