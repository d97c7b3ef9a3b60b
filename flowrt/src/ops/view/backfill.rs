//! Backfills as programs read them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::time;
use crate::error::Result;
use crate::model::backfill::{BackfillState, Chosen, Which};
use crate::model::ids::RunId;
use crate::model::record::RunRecord;
use crate::model::state::RunState;
use crate::ops::Engine;
use crate::ops::schedules::{BackfillPlan, BackfillReport};

/// A backfill, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Backfill")]
pub struct BackfillView {
    /// Its name, unique in the store.
    pub id: String,
    /// The deployment whose slots are filled.
    pub deployment: String,
    /// Which of its slots.
    pub which: Which,
    /// How many of its runs go on at once.
    pub concurrency: u32,
    /// Where it stands.
    pub state: BackfillState,
    /// When it was asked for (RFC 3339, as all times here).
    pub created: String,
    /// How many slots get a run.
    pub total: usize,
    /// How many of them have it.
    pub begun: u32,
    /// How many of its runs are not over.
    pub going_on: usize,
    /// How many of its runs completed.
    pub completed: usize,
    /// How many of its runs ended otherwise.
    pub failed: usize,
    /// Why it does not go on.
    pub reason: Option<String>,
}

/// A backfill with its slots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BackfillDetail")]
pub struct BackfillDetail {
    /// The backfill.
    #[serde(flatten)]
    pub backfill: BackfillView,
    /// Its slots in their order, each with its run.
    pub slots: Vec<SlotRunView>,
}

/// A slot of a backfill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BackfillSlot")]
pub struct ChosenView {
    /// Its time: the run's logical time.
    pub slot: String,
    /// Its schedule.
    pub schedule: String,
    /// It had a run before.
    pub again: bool,
}

/// A slot of a backfill and its run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BackfillRun")]
pub struct SlotRunView {
    /// The slot.
    #[serde(flatten)]
    pub slot: ChosenView,
    /// Its run, once it has one.
    pub run_id: Option<RunId>,
    /// The name of that run.
    pub run: Option<String>,
    /// Where that run stands.
    pub state: Option<RunState>,
}

/// What a backfill would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BackfillPlan")]
pub struct BackfillPlanView {
    /// The deployment whose slots are filled.
    pub deployment: String,
    /// Which of them.
    pub which: Which,
    /// How many runs go on at once.
    pub concurrency: u32,
    /// The slots that get a run, in their order.
    pub slots: Vec<ChosenView>,
    /// So many slots are left alone.
    pub left: usize,
    /// How long it takes by the runs of the past, in milliseconds; none, if there are none.
    pub estimate_ms: Option<i64>,
}

impl From<&Chosen> for ChosenView {
    fn from(chosen: &Chosen) -> Self {
        Self {
            slot: time(chosen.at),
            schedule: chosen.schedule.clone(),
            again: chosen.again,
        }
    }
}

impl From<&BackfillReport> for BackfillView {
    fn from(report: &BackfillReport) -> Self {
        let record = &report.record;
        let backfill = &record.backfill;
        Self {
            id: backfill.id.clone(),
            deployment: backfill.deployment.clone(),
            which: backfill.which,
            concurrency: backfill.concurrency,
            state: record.state,
            created: time(backfill.created),
            total: backfill.slots.len(),
            begun: record.begun,
            going_on: report.going_on,
            completed: report.completed,
            failed: report.failed,
            reason: record.reason.clone(),
        }
    }
}

impl From<&BackfillPlan> for BackfillPlanView {
    fn from(plan: &BackfillPlan) -> Self {
        Self {
            deployment: plan.deployment.clone(),
            which: plan.which,
            concurrency: plan.concurrency,
            slots: plan.slots.iter().map(ChosenView::from).collect(),
            left: plan.left,
            estimate_ms: plan.estimate.map(|estimate| estimate / 1_000),
        }
    }
}

impl BackfillDetail {
    /// A backfill with the runs that fill its slots: more may be given.
    pub fn of(report: &BackfillReport, runs: &[RunRecord]) -> Self {
        let backfill = &report.record.backfill;
        let filled: std::collections::HashMap<_, _> = runs
            .iter()
            .filter(|run| run.dispatch.backfill.as_ref() == Some(&backfill.id))
            .filter_map(|run| {
                let slot = run.dispatch.slot.as_ref()?;
                Some(((slot.schedule.as_str(), slot.at), run))
            })
            .collect();
        let slots = backfill.slots.iter().map(|chosen| {
            let name = backfill.slot_name(chosen);
            let run = filled.get(&(name.as_str(), chosen.at));
            SlotRunView {
                slot: ChosenView::from(chosen),
                run_id: run.map(|run| run.id),
                run: run.map(|run| run.name.clone()),
                state: run.map(|run| run.state),
            }
        });
        Self {
            backfill: BackfillView::from(report),
            slots: slots.collect(),
        }
    }
}

impl Engine {
    /// A backfill with its slots, each with its run.
    ///
    /// # Errors
    /// If there is none of that name, or the store fails.
    pub async fn backfill_detail(&self, id: &str) -> Result<BackfillDetail> {
        let report = self.backfill(id).await?;
        let runs = self.runs(crate::ops::RunFilter {
            backfill: Some(report.record.backfill.id.clone()),
            roots_only: true,
            ..crate::ops::RunFilter::default()
        });
        Ok(BackfillDetail::of(&report, &runs.await?))
    }
}
