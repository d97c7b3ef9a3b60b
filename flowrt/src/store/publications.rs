//! What runs publish, and bytes that are kept apart from their records.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Swept};
use crate::model::artifact::{ArtifactRecord, NewArtifact};
use crate::model::blob::{Blob, BlobId};
use crate::model::ids::RunId;

/// Artifacts and blobs of a store.
pub trait Publications: Send + Sync + fmt::Debug + 'static {
    /// Publishes an artifact of a run that is driven: a new version of its key, or for progress the only one. The attempt's
    /// failure, once recorded, marks it.
    fn put_artifact(
        &self,
        run: RunId,
        epoch: u64,
        artifact: NewArtifact,
    ) -> Answer<'_, ArtifactRecord>;

    /// The artifacts of a run in the order in which they were published.
    fn artifacts(&self, run: RunId) -> Answer<'_, Vec<ArtifactRecord>>;

    /// All versions of a key, newest first; without one, the newest of each key.
    fn artifact_versions(&self, key: Option<String>) -> Answer<'_, Vec<ArtifactRecord>>;

    /// Keeps bytes for as long as the run is there.
    fn keep_blobs(&self, run: RunId, epoch: u64, blobs: Vec<Blob>) -> Answer<'_, ()>;

    /// Bytes that were kept. `whose` says in an error what is lost with them.
    fn blob(&self, id: BlobId, whose: String) -> Answer<'_, Arc<[u8]>>;

    /// Deletes bytes that nothing names and that are older than `grace`. Only what killed processes left is there.
    fn sweep_blobs(&self, grace: Duration) -> Answer<'_, Swept>;
}
