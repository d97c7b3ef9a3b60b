//! Looks at runs in the store of a process that dies.

use super::Dying;
use crate::model::ids::RunId;
use crate::model::outline::{Outline, Place};
use crate::model::record::{AttemptRecord, StepRecord, WaitRecord};
use crate::store::{Answer, Looks, StepFilter};

impl Looks for Dying {
    fn outline(&self, run: RunId, counted: Outline) -> Answer<'_, Outline> {
        self.read(self.runs.outline(run, counted))
    }
    fn steps(&self, run: RunId, filter: StepFilter) -> Answer<'_, Vec<(Place, StepRecord)>> {
        self.read(self.runs.steps(run, filter))
    }
    fn failures(&self, run: RunId) -> Answer<'_, u64> {
        self.read(self.runs.failures(run))
    }
    fn waits(&self, run: RunId, limit: usize) -> Answer<'_, (Vec<WaitRecord>, u64)> {
        self.read(self.runs.waits(run, limit))
    }
    fn scopes(&self, run: RunId) -> Answer<'_, Vec<(String, u32)>> {
        self.read(self.runs.scopes(run))
    }
    fn attempts(&self, run: RunId, steps: Vec<String>) -> Answer<'_, Vec<AttemptRecord>> {
        self.read(self.runs.attempts(run, steps))
    }
    fn attempts_after(
        &self,
        run: RunId,
        after: Option<Place>,
    ) -> Answer<'_, Vec<(Place, AttemptRecord)>> {
        self.read(self.runs.attempts_after(run, after))
    }
}
