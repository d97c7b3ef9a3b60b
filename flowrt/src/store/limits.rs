//! How large a recorded value may be.

use super::cache::Kept;
use super::{Ending, Error, Reopening, Whole};
use crate::model::artifact::{NewArtifact, Place};
use crate::model::payload::Payload;
use crate::model::record::{Entry, NewRun, StepRecord};

/// The usual value of the setting `payload_bytes_max`: 64 MiB.
pub const PAYLOAD_BYTES_MAX: usize = 64 << 20;

/// The usual value of the setting `payload_inline_max`: 1 MiB.
pub const PAYLOAD_INLINE_MAX: usize = 1 << 20;

/// The usual value of the setting `artifacts_max`: how many artifacts a run may publish, versions counted.
pub const ARTIFACTS_MAX: u64 = 10_000;

/// The usual value of the setting `artifact_bytes_max`: 64 MiB.
pub const ARTIFACT_BYTES_MAX: usize = 64 << 20;

/// Whether one more fits.
pub(super) fn check_count(count: u64, limit: u64) -> Result<(), Error> {
    if count < limit {
        return Ok(());
    }
    Err(Error::TooMany {
        what: "artifacts",
        limit,
        setting: "artifacts_max",
    })
}

/// Whether an artifact is small enough.
pub(super) fn check_artifact(artifact: &NewArtifact, limit: usize) -> Result<(), Error> {
    let bytes = artifact.blob.as_ref().map_or(0, |blob| blob.bytes().len());
    check_size(&artifact.place, artifact.data.len() + bytes, limit)
}

/// Whether all artifacts of a run that comes from elsewhere are few and small enough.
pub(super) fn check_artifacts(run: &Whole, most: u64, limit: usize) -> Result<(), Error> {
    let versions = run.artifacts.iter().filter(|there| there.version > 0);
    if let Some(before) = (versions.count() as u64).checked_sub(1) {
        check_count(before, most)?;
    }
    run.artifacts.iter().try_for_each(|there| {
        let bytes = there.blob.map_or(0, |blob| blob.size());
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        check_size(&there.place, bytes.saturating_add(there.data.len()), limit)
    })
}

fn check_size(place: &Place, size: usize, limit: usize) -> Result<(), Error> {
    if size <= limit {
        return Ok(());
    }
    Err(Error::TooLarge {
        what: format!("the artifact {}", place.key),
        size,
        limit,
        setting: "artifact_bytes_max",
    })
}

const SETTING: &str = "payload_bytes_max";

/// The limit of one store.
#[derive(Debug, Clone, Copy)]
pub(super) struct PayloadLimit(pub usize);

impl PayloadLimit {
    pub fn check(self, payload: &Payload, what: impl FnOnce() -> String) -> Result<(), Error> {
        if payload.len() <= self.0 {
            return Ok(());
        }
        Err(Error::TooLarge {
            what: what(),
            size: payload.len(),
            limit: self.0,
            setting: SETTING,
        })
    }

    fn check_some(
        self,
        payload: Option<&Payload>,
        what: impl FnOnce() -> String,
    ) -> Result<(), Error> {
        payload.map_or(Ok(()), |payload| self.check(payload, what))
    }

    pub fn check_run(self, run: &NewRun) -> Result<(), Error> {
        self.check(&run.input, || format!("the input of {}", run.flow))?;
        run.steps.iter().try_for_each(|step| self.check_step(step))
    }

    pub fn check_whole(self, run: &Whole) -> Result<(), Error> {
        let record = &run.record;
        self.check(&record.input, || format!("the input of {}", record.flow))?;
        self.check_some(record.output.as_ref(), || "the output of the run".into())?;
        self.check_some(record.error.as_ref(), || "the error of the run".into())?;
        let steps = &run.journal.steps;
        steps.iter().try_for_each(|step| self.check_step(step))
    }

    pub fn check_entries(self, entries: &[Entry]) -> Result<(), Error> {
        for entry in entries {
            match entry {
                Entry::Step(step) | Entry::Reused { step, .. } => self.check_step(step)?,
                Entry::Attempt(attempt) => self.check(&attempt.error, || {
                    format!(
                        "the error of attempt {} of {}",
                        attempt.attempt, attempt.step
                    )
                })?,
                Entry::Wait(_) | Entry::WaitOver(_) | Entry::ScopeEnd(..) => {}
            }
        }
        Ok(())
    }

    pub fn check_ending(self, ending: &Ending) -> Result<(), Error> {
        self.check_some(ending.output.as_ref(), || "the output of the run".into())?;
        self.check_some(ending.error.as_ref(), || "the error of the run".into())
    }

    pub fn check_kept(self, kept: &Kept) -> Result<(), Error> {
        self.check(&kept.output, || format!("the result of {}", kept.step))
    }

    pub fn check_reopening(self, changes: &Reopening) -> Result<(), Error> {
        self.check_some(changes.input.as_ref(), || "the new input of the run".into())
    }

    fn check_step(self, step: &StepRecord) -> Result<(), Error> {
        self.check_some(step.input.as_ref(), || {
            format!("the input of {}", step.step)
        })?;
        self.check_some(step.output.as_ref(), || {
            format!("the output of {}", step.step)
        })
    }
}
