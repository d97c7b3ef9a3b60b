//! What a run has published.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{read_time, time};
use crate::error::{Error, Result};
use crate::model::artifact::{ArtifactKind, ArtifactRecord, Place};
use crate::model::blob::BlobId;
use crate::model::ids::RunId;

/// A version of an artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Artifact")]
pub struct ArtifactView {
    /// What it is called; versions of one thing have one key.
    pub key: String,
    /// From 1 for each key, over all runs; 0 for progress, which has no versions.
    pub version: u64,
    /// What kind of thing it is.
    pub kind: ArtifactKind,
    /// The run that made it.
    pub run_id: RunId,
    /// The step's full id.
    pub step: String,
    /// The attempt, from 1.
    pub attempt: u32,
    /// That attempt has failed.
    pub failed: bool,
    /// When it was published.
    pub time: String,
    /// What it is, in a line.
    pub description: Option<String>,
    /// All but the bytes: `columns` and `rows`, `text`, `url` and `text`, `name` (and `media`), `done` and `total`.
    pub data: Value,
    /// How many bytes a file or image has.
    pub size: Option<u64>,
    /// Their BLAKE3 hash.
    pub blake3: Option<String>,
}

impl From<&ArtifactRecord> for ArtifactView {
    fn from(artifact: &ArtifactRecord) -> Self {
        Self {
            key: artifact.place.key.clone(),
            version: artifact.version,
            kind: artifact.kind,
            run_id: artifact.run,
            step: artifact.place.step.clone(),
            attempt: artifact.place.attempt,
            failed: artifact.failed,
            time: time(artifact.place.at),
            description: artifact.description.clone(),
            data: artifact.value(),
            size: artifact.blob.map(|blob| blob.size()),
            blake3: artifact.blob.map(|blob| blob.digest().to_string()),
        }
    }
}

impl ArtifactView {
    /// The record that is told.
    ///
    /// # Errors
    /// If its time or hash is none.
    pub fn into_record(self) -> Result<ArtifactRecord> {
        let both = self.blake3.zip(self.size);
        let blob = both.map(|(digest, size)| {
            BlobId::parse(&digest, size)
                .ok_or_else(|| Error::from(format!("`{digest}` is no hash of an artifact")))
        });
        Ok(ArtifactRecord {
            run: self.run_id,
            place: Place {
                key: self.key,
                step: self.step,
                attempt: self.attempt,
                at: read_time(&self.time)?,
            },
            version: self.version,
            kind: self.kind,
            failed: self.failed,
            description: self.description,
            data: self.data.to_string(),
            blob: blob.transpose()?,
        })
    }
}
