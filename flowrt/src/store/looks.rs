//! What people look at of a run's inside, a piece at a time: a run may have more steps than anybody wants to read.

use std::fmt;

use super::Answer;
use crate::model::ids::RunId;
use crate::model::outline::{Outline, Place};
use crate::model::record::{AttemptRecord, StepRecord, WaitRecord};

/// Which steps to read, in the order in which they were written down. Those that are set aside are none of them.
#[derive(Debug, Clone, Default)]
pub struct StepFilter {
    /// Only those that lie after this place (keyset paging).
    pub after: Option<Place>,
    /// Only those that lie at these places.
    pub at: Option<Vec<Place>>,
    /// Only those with one of these ids.
    pub named: Option<Vec<String>>,
    /// Only those of this [kind](crate::model::outline::kind).
    pub kind: Option<String>,
    /// Only failures that the flow did not handle or tolerate. They are found without a look at the others.
    pub failed: bool,
    /// With what went in and what came out; else only with the errors of failures.
    pub values: bool,
    /// At most this many; 0 for no limit.
    pub limit: usize,
}

/// Questions about a run's inside whose answers are as small as they are asked to be.
pub trait Looks: Send + Sync + fmt::Debug + 'static {
    /// Counts the steps on from where the outline has stopped.
    fn outline(&self, run: RunId, counted: Outline) -> Answer<'_, Outline>;

    /// Steps, each with its place.
    fn steps(&self, run: RunId, filter: StepFilter) -> Answer<'_, Vec<(Place, StepRecord)>>;

    /// How many failures there are that the flow did not handle or tolerate.
    fn failures(&self, run: RunId) -> Answer<'_, u64>;

    /// Its waits by step, at most so many (0 for all), and how many there are.
    fn waits(&self, run: RunId, limit: usize) -> Answer<'_, (Vec<WaitRecord>, u64)>;

    /// Scopes that have ended with their lengths, by name. Those inside of others, of which there may be very many, are
    /// left out.
    fn scopes(&self, run: RunId) -> Answer<'_, Vec<(String, u32)>>;

    /// The failed attempts of these steps, by number.
    fn attempts(&self, run: RunId, steps: Vec<String>) -> Answer<'_, Vec<AttemptRecord>>;

    /// The failed attempts that were written after that place, each with its own, in the order in which they were written.
    /// One that is written again keeps its place; once a run is reopened, places begin anew.
    fn attempts_after(
        &self,
        run: RunId,
        after: Option<Place>,
    ) -> Answer<'_, Vec<(Place, AttemptRecord)>>;
}
