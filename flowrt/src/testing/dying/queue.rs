//! The queue of a store whose process dies.

use super::{Dying, steps_in};
use crate::model::ids::RunId;
use crate::model::record::{Entry, Micros};
use crate::store::Answer;
use crate::store::queue::{Queue, Rest, Taken, Wanted, WorkerRecord};

impl Queue for Dying {
    fn take_due(&self, wanted: Wanted, now: Micros) -> Answer<'_, Taken> {
        self.write(0, self.runs.take_due(wanted, now))
    }
    fn rest(&self, run: RunId, epoch: u64, entries: Vec<Entry>, rest: Rest) -> Answer<'_, ()> {
        self.write(
            steps_in(&entries),
            self.runs.rest(run, epoch, entries, rest),
        )
    }
    fn beat(&self, worker: WorkerRecord) -> Answer<'_, ()> {
        self.write(0, self.runs.beat(worker))
    }
    fn leave(&self) -> Answer<'_, ()> {
        self.write(0, self.runs.leave())
    }
    fn workers(&self) -> Answer<'_, Vec<WorkerRecord>> {
        self.read(self.runs.workers())
    }
}
