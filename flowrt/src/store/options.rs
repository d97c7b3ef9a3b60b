//! How a store is opened.

use super::Process;
use super::limits::{ARTIFACT_BYTES_MAX, ARTIFACTS_MAX, PAYLOAD_BYTES_MAX, PAYLOAD_INLINE_MAX};

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who opens it. The id must be new.
    pub process: Process,
    /// The setting `payload_bytes_max`: a larger value is refused as [`Error::TooLarge`](super::Error::TooLarge).
    pub payload_bytes_max: usize,
    /// The setting `payload_inline_max`: a larger value is kept in a file beside the store.
    pub payload_inline_max: usize,
    /// The setting `artifacts_max`: a run that publishes more is refused as [`Error::TooMany`](super::Error::TooMany).
    pub artifacts_max: u64,
    /// The setting `artifact_bytes_max`: a larger artifact is refused as [`Error::TooLarge`](super::Error::TooLarge).
    pub artifact_bytes_max: usize,
}

/// What was cleared away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many files.
    pub files: u64,
    /// How many bytes they had.
    pub bytes: u64,
}

impl Options {
    /// The usual limits.
    pub const fn new(process: Process) -> Self {
        Self {
            process,
            payload_bytes_max: PAYLOAD_BYTES_MAX,
            payload_inline_max: PAYLOAD_INLINE_MAX,
            artifacts_max: ARTIFACTS_MAX,
            artifact_bytes_max: ARTIFACT_BYTES_MAX,
        }
    }
}
