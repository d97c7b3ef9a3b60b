//! A run as a person reads it: each of its steps if they are few, else what they have in common, and the failures first.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::Engine;
use super::inspect::{Step, ended, waiting};
use crate::engine::trouble;
use crate::error::Result;
use crate::model::ids::RunId;
use crate::model::outline::{FEW, Kind, Outline};
use crate::model::record::{AttemptRecord, RunRecord, StepKind, StepRecord};
pub use crate::store::StepFilter;

/// A run of more steps than these is told by what its steps have in common.
const WHOLE: u64 = FEW as u64;
/// Of such a run, so many steps of a kind are still told one by one.
const ALONE: u64 = 8;
/// So many failures are told.
const FAILURES: usize = 50;
/// So many waits are told.
const WAITS: usize = 200;

/// The steps of a run.
#[derive(Debug, Clone, Default)]
pub struct Outlined {
    /// How many are recorded, and wait.
    pub total: u64,
    /// Those that are too many to be told one by one.
    pub kinds: Vec<Kind>,
    /// All others in the order in which they ended, then some of those that wait.
    pub steps: Vec<Step>,
    /// How many more wait.
    pub more_waits: u64,
    /// Where there are kinds: the first failures that the flow did not handle.
    pub failures: Vec<Step>,
    /// How many of those there are.
    pub failed: u64,
}

/// A page of steps in the order in which they ended; after the last of them come those that wait.
#[derive(Debug, Clone, Default)]
pub struct StepPage {
    /// The steps.
    pub steps: Vec<Step>,
    /// What the next page comes [after](StepFilter::after); none if this is the last.
    pub next: Option<i64>,
}

/// The outlines of runs that were looked at last, so that the next look counts only what has been recorded since.
#[derive(Debug, Default)]
pub(super) struct Outlines(Mutex<VecDeque<(RunId, u64, Outline)>>);

impl Outlines {
    const KEPT: usize = 8;

    /// That of a run in this life of it: what was recorded before a resume is none of it.
    fn take(&self, run: RunId, epoch: u64) -> Outline {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|(id, of, _)| (*id, *of) == (run, epoch));
        found
            .map(|(.., outline)| outline.clone())
            .unwrap_or_default()
    }

    fn put(&self, run: RunId, epoch: u64, outline: &Outline) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(id, ..)| *id != run);
        kept.push_front((run, epoch, outline.clone()));
        kept.truncate(Self::KEPT);
    }
}

impl Engine {
    /// What a person reads of a run's steps: bounded, however many there are.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn outline(&self, record: &RunRecord) -> Result<Outlined> {
        let run = record.id;
        let counted = self.counted(record).await?;
        let (waits, waiting_count) = self.shared.store.waits(run, WAITS).await.map_err(trouble)?;
        let (kinds, alone) = told_apart(&counted);
        let mut outlined = Outlined {
            total: counted.total + waiting_count,
            kinds: kinds.into_iter().cloned().collect(),
            more_waits: waiting_count.saturating_sub(WAITS as u64),
            ..Outlined::default()
        };
        if !alone.is_empty() {
            let filter = StepFilter {
                at: Some(alone),
                ..StepFilter::default()
            };
            outlined.steps = self.ended(run, filter).await?.0;
        }
        let attempts = waits.iter().map(|wait| wait.step.clone()).collect();
        let attempts = self.attempts(run, attempts).await?;
        let (ended, noted) = (outlined.steps.len(), waits.len());
        let waits = waits.into_iter();
        outlined
            .steps
            .extend(waits.filter_map(|wait| waiting(wait, &attempts)));
        // What the engine only notes is no step.
        let shown = outlined.steps.len() - ended;
        outlined.total -= (noted - shown) as u64;
        if !outlined.kinds.is_empty() {
            let filter = StepFilter {
                failed: true,
                limit: FAILURES,
                ..StepFilter::default()
            };
            outlined.failures = self.ended(run, filter).await?.0;
            outlined.failed = self.shared.store.failures(run).await.map_err(trouble)?;
        }
        Ok(outlined)
    }

    /// Steps of a run, page by page.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn step_page(&self, run: RunId, filter: StepFilter) -> Result<StepPage> {
        let all = !filter.failed && filter.kind.is_none() && filter.named.is_none();
        let limit = filter.limit;
        let (mut steps, last, found) = self.page(run, filter).await?;
        let next = last.filter(|_| limit > 0 && found == limit);
        if all && next.is_none() {
            let waits = self.shared.store.waits(run, 0).await.map_err(trouble)?.0;
            let names = waits.iter().map(|wait| wait.step.clone()).collect();
            let attempts = self.attempts(run, names).await?;
            let waits = waits.into_iter();
            steps.extend(waits.filter_map(|wait| waiting(wait, &attempts)));
        }
        Ok(StepPage { steps, next })
    }

    /// One step of a run with what went in and came out, if it has ended, and its failed attempts.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn step(
        &self,
        run: RunId,
        id: &str,
    ) -> Result<(Option<StepRecord>, Vec<AttemptRecord>)> {
        let filter = StepFilter {
            named: Some(vec![id.to_owned()]),
            values: true,
            limit: 1,
            ..StepFilter::default()
        };
        let found = self.shared.store.steps(run, filter).await;
        let found = found.map_err(trouble)?.pop().map(|(_, step)| step);
        Ok((found, self.attempts(run, vec![id.to_owned()]).await?))
    }

    /// The steps of that name as they are shown: one that ended, or waits.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn shown_step(&self, run: RunId, id: &str) -> Result<Option<Step>> {
        let filter = StepFilter {
            named: Some(vec![id.to_owned()]),
            limit: 1,
            ..StepFilter::default()
        };
        if let Some(step) = self.ended(run, filter).await?.0.pop() {
            return Ok(Some(step));
        }
        let waits = self.shared.store.waits(run, 0).await.map_err(trouble)?.0;
        let attempts = self.attempts(run, vec![id.to_owned()]).await?;
        let mut shown = waits
            .into_iter()
            .filter_map(|wait| waiting(wait, &attempts));
        Ok(shown.find(|step| step.step == id))
    }

    /// The steps of a run, counted by kind.
    pub(super) async fn counted(&self, record: &RunRecord) -> Result<Outline> {
        let known = self.outlines.take(record.id, record.epoch);
        let counted = self.shared.store.outline(record.id, known).await;
        let counted = counted.map_err(trouble)?;
        self.outlines.put(record.id, record.epoch, &counted);
        Ok(counted)
    }

    pub(super) async fn attempts(
        &self,
        run: RunId,
        steps: Vec<String>,
    ) -> Result<Vec<AttemptRecord>> {
        if steps.is_empty() {
            return Ok(Vec::new());
        }
        let read = self.shared.store.attempts(run, steps).await;
        read.map_err(trouble)
    }

    async fn ended(&self, run: RunId, filter: StepFilter) -> Result<(Vec<Step>, Option<i64>)> {
        let (steps, last, _) = self.page(run, filter).await?;
        Ok((steps, last))
    }

    /// Steps, the place of the last, and how many were found: that the time was asked for is no step to show.
    async fn page(
        &self,
        run: RunId,
        filter: StepFilter,
    ) -> Result<(Vec<Step>, Option<i64>, usize)> {
        let found = self.shared.store.steps(run, filter).await;
        let found = found.map_err(trouble)?;
        let (last, count) = (found.last().map(|(place, _)| *place), found.len());
        let steps: Vec<StepRecord> = found
            .into_iter()
            .map(|(_, step)| step)
            .filter(|step| step.kind != StepKind::Now)
            .collect();
        let sources = self.sources_of(&steps).await?;
        let steps = steps.into_iter().map(|step| ended(step, &sources));
        Ok((steps.collect(), last, count))
    }
}

/// The kinds that are told as one, and the places of the steps that are told one by one: never more than [`WHOLE`].
fn told_apart(counted: &Outline) -> (Vec<&Kind>, Vec<i64>) {
    let mut kinds: Vec<&Kind> = counted.kinds().iter().collect();
    if counted.total <= WHOLE {
        return (
            Vec::new(),
            kinds.iter().flat_map(|kind| &kind.few).copied().collect(),
        );
    }
    // The nodes of a graph are told one by one as far as there is room: each is a place in the program.
    let most = |kind: &Kind| match kind.name.contains(['[', '/']) {
        true => ALONE,
        false => WHOLE / 2,
    };
    kinds.sort_by_key(|kind| kind.total);
    let mut room = WHOLE;
    let mut alone = Vec::new();
    let mut many = Vec::new();
    for kind in kinds {
        if kind.total <= most(kind).min(room) && !kind.few.is_empty() {
            room -= kind.total;
            alone.extend(&kind.few);
        } else {
            many.push(kind);
        }
    }
    many.sort_by_key(|kind| kind.begun);
    (many, alone)
}
