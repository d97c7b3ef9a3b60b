//! What runs have published.

use std::sync::Arc;

use super::Engine;
use crate::engine::{patiently, trouble};
use crate::error::{Error, ErrorKind, Result};
use crate::model::artifact::ArtifactRecord;
use crate::model::ids::RunId;

impl Engine {
    /// The artifacts of a run in the order in which they were published, progress included.
    ///
    /// # Errors
    /// If there is no such run, or the store fails.
    pub async fn artifacts(&self, run: RunId) -> Result<Vec<ArtifactRecord>> {
        self.shared.store.artifacts(run).await.map_err(trouble)
    }

    /// The newest version of each key, by key.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn artifact_keys(&self) -> Result<Vec<ArtifactRecord>> {
        let newest = self.shared.store.artifact_versions(None).await;
        newest.map_err(trouble)
    }

    /// All versions of a key, newest first.
    ///
    /// # Errors
    /// If there is no such key, or the store fails.
    pub async fn artifact_versions(&self, key: &str) -> Result<Vec<ArtifactRecord>> {
        let store = &self.shared.store;
        let versions = store.artifact_versions(Some(key.to_owned())).await;
        let versions = versions.map_err(trouble)?;
        if versions.is_empty() {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("nothing was published as `{key}`"),
            )
            .hint("list what was: artifacts ls"));
        }
        Ok(versions)
    }

    /// The bytes of a file or image; none for what has no bytes.
    ///
    /// # Errors
    /// If they are gone or damaged, or the store fails.
    pub async fn artifact_bytes(&self, artifact: &ArtifactRecord) -> Result<Option<Arc<[u8]>>> {
        let Some(id) = artifact.blob else {
            return Ok(None);
        };
        let place = &artifact.place;
        let whose = format!(
            "the artifact {} (version {}) of step {} of run {}",
            place.key, artifact.version, place.step, artifact.run
        );
        let read = || self.shared.store.blob(id, whose.clone());
        patiently(read).await.map(Some).map_err(trouble)
    }
}
