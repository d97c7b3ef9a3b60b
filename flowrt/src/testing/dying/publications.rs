//! What runs publish in the store of a process that dies.

use std::sync::Arc;
use std::time::Duration;

use super::Dying;
use crate::model::artifact::{ArtifactRecord, NewArtifact};
use crate::model::blob::{Blob, BlobId};
use crate::model::ids::RunId;
use crate::store::{Answer, Publications, Swept};

impl Publications for Dying {
    fn put_artifact(
        &self,
        run: RunId,
        epoch: u64,
        artifact: NewArtifact,
    ) -> Answer<'_, ArtifactRecord> {
        self.write(0, self.runs.put_artifact(run, epoch, artifact))
    }
    fn artifacts(&self, run: RunId) -> Answer<'_, Vec<ArtifactRecord>> {
        self.read(self.runs.artifacts(run))
    }
    fn artifact_versions(&self, key: Option<String>) -> Answer<'_, Vec<ArtifactRecord>> {
        self.read(self.runs.artifact_versions(key))
    }
    fn keep_blobs(&self, run: RunId, epoch: u64, blobs: Vec<Blob>) -> Answer<'_, ()> {
        self.write(0, self.runs.keep_blobs(run, epoch, blobs))
    }
    fn blob(&self, id: BlobId, whose: String) -> Answer<'_, Arc<[u8]>> {
        self.read(self.runs.blob(id, whose))
    }
    fn sweep_blobs(&self, grace: Duration) -> Answer<'_, Swept> {
        self.read(self.runs.sweep_blobs(grace))
    }
}
