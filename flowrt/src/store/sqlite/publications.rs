//! What runs publish and keep apart, as calls.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Answer, Publications, Swept};
use super::{Sqlite, artifacts};
use crate::model::artifact::{ArtifactRecord, NewArtifact};
use crate::model::blob::{Blob, BlobId};
use crate::model::ids::RunId;

impl Publications for Sqlite {
    fn put_artifact(
        &self,
        run: RunId,
        epoch: u64,
        artifact: NewArtifact,
    ) -> Answer<'_, ArtifactRecord> {
        self.publish(run, epoch, artifact)
    }

    fn artifacts(&self, run: RunId) -> Answer<'_, Vec<ArtifactRecord>> {
        self.question(move |connection| artifacts::of_run(connection, run))
    }

    fn artifact_versions(&self, key: Option<String>) -> Answer<'_, Vec<ArtifactRecord>> {
        self.ask_at_length(move |connection| artifacts::of_key(connection, key.as_deref()))
    }

    fn keep_blobs(&self, run: RunId, epoch: u64, blobs: Vec<Blob>) -> Answer<'_, ()> {
        self.keep_bytes(run, epoch, blobs)
    }

    fn blob(&self, id: BlobId, whose: String) -> Answer<'_, Arc<[u8]>> {
        self.with_blobs(move |blobs| blobs.read(id, &|| whose.clone()))
    }

    fn sweep_blobs(&self, grace: Duration) -> Answer<'_, Swept> {
        self.with_blobs(move |blobs| blobs.sweep(grace))
    }
}
