//! What runs of a memory store publish and keep apart.

use std::sync::Arc;
use std::time::Duration;

use super::super::apart::Apart;
use super::super::limits::check_artifact;
use super::super::{Answer, Publications, Swept};
use super::Memory;
use crate::model::artifact::{ArtifactRecord, NewArtifact};
use crate::model::blob::{Blob, BlobId};
use crate::model::ids::RunId;

impl Publications for Memory {
    fn put_artifact(
        &self,
        run: RunId,
        epoch: u64,
        artifact: NewArtifact,
    ) -> Answer<'_, ArtifactRecord> {
        self.answer(move |runs| {
            check_artifact(&artifact, self.artifact_bytes_max)?;
            runs.get(run)?.check_epoch(epoch)?;
            runs.kept.put(run, artifact, self.artifacts_max)
        })
    }

    fn artifacts(&self, run: RunId) -> Answer<'_, Vec<ArtifactRecord>> {
        self.answer(move |runs| {
            runs.get(run)?;
            Ok(runs.kept.of_run(run).cloned().collect())
        })
    }

    fn artifact_versions(&self, key: Option<String>) -> Answer<'_, Vec<ArtifactRecord>> {
        self.answer(move |runs| Ok(runs.kept.versions(key.as_deref())))
    }

    fn keep_blobs(&self, run: RunId, epoch: u64, blobs: Vec<Blob>) -> Answer<'_, ()> {
        self.answer(move |runs| {
            runs.get(run)?.check_epoch(epoch)?;
            let mut apart = Apart::default();
            blobs.into_iter().for_each(|blob| apart.add(blob));
            runs.kept.hold(run, apart);
            Ok(())
        })
    }

    fn blob(&self, id: BlobId, whose: String) -> Answer<'_, Arc<[u8]>> {
        self.answer(move |runs| runs.kept.blob(id, whose))
    }

    fn sweep_blobs(&self, _grace: Duration) -> Answer<'_, Swept> {
        self.answer(|runs| Ok(runs.kept.sweep()))
    }
}
