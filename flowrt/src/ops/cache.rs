//! Kept results of tasks as people see and clear them.

use std::time::Duration;

use serde::Serialize;

use super::Engine;
use crate::clock::micros;
use crate::engine::trouble;
use crate::error::Result;
use crate::model::ids::RunId;
use crate::model::record::Micros;
use crate::store::cache::CacheFilter;

/// A result that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct CacheReport {
    /// The digest of all that it depends on, as hexadecimal digits.
    pub key: String,
    /// The registered name of the task.
    pub task: String,
    /// The run that computed it.
    #[serde(rename = "run_id")]
    pub run: RunId,
    /// That run's name; its id if it is gone.
    #[serde(rename = "run")]
    pub name: String,
    /// The full id of the step there.
    pub step: String,
    /// The size of the value as JSON.
    pub bytes: u64,
    /// When it was computed.
    #[serde(with = "crate::model::rfc3339")]
    #[schemars(with = "String")]
    pub computed: Micros,
    /// From when on it is not taken any more.
    #[serde(with = "crate::model::rfc3339")]
    #[schemars(with = "String")]
    pub expires: Micros,
}

impl Engine {
    /// Results that are kept, of one task or of all, computed last first, at most `limit` of them (0 for all). Those that
    /// have expired are left out.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn cached(&self, task: Option<&str>, limit: usize) -> Result<Vec<CacheReport>> {
        let store = &self.shared.store;
        let filter = CacheFilter {
            task: task.map(str::to_owned),
            ..CacheFilter::default()
        };
        let mut entries = store.cache_entries(filter).await.map_err(trouble)?;
        let now = self.now();
        entries.retain(|entry| entry.expires > now);
        if limit > 0 {
            entries.truncate(limit);
        }
        let names = self.names_of(entries.iter().map(|entry| entry.run)).await?;
        let reports = entries.into_iter().map(|entry| CacheReport {
            key: entry
                .key
                .0
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            name: names[&entry.run].clone(),
            task: entry.task,
            run: entry.run,
            step: entry.step,
            bytes: entry.bytes,
            computed: entry.computed,
            expires: entry.expires,
        });
        Ok(reports.collect())
    }

    /// Forgets kept results: of one task or of all, and only those computed longer ago than `older_than`. Gives how many.
    /// When this returns, they are gone for good; a call that runs now may keep another.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn clear_cache(
        &self,
        task: Option<&str>,
        older_than: Option<Duration>,
    ) -> Result<u64> {
        let filter = CacheFilter {
            task: task.map(str::to_owned),
            before: older_than.map(|age| self.now().saturating_sub(micros(age))),
        };
        self.shared.store.clear_cache(filter).await.map_err(trouble)
    }
}
