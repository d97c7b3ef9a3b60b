//! Backfills: the plan, the start, and what a person says meanwhile. The scheduler begins their runs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::{Engine, RunFilter, Start};
use super::moment;
use crate::engine::trouble;
use crate::error::{Error, ErrorKind, Result};
use crate::model::backfill::{
    Backfill, BackfillRecord, BackfillState, Chosen, SlotOf, Which, choose, estimate, schedule_of,
    tag,
};
use crate::model::deployment::{DeploymentRecord, ScheduleRecord};
use crate::model::dispatch::{DEFAULT_QUEUE, Dispatch, Slot};
use crate::model::record::{Micros, RunRecord};
use crate::model::schedule::Schedule;
use crate::model::state::RunState;

/// More slots than these are a slip of the pen.
const SLOTS_MAX: usize = 100_000;

/// So many runs of the past tell how long one takes.
const HISTORY: usize = 50;

/// What a person asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackfillAsk {
    /// The deployment whose slots are filled.
    pub deployment: String,
    /// Only those of this schedule; none: of all.
    #[serde(default)]
    pub schedule: Option<String>,
    /// The first time that counts: a date, a time on the clock of the schedule, or a moment with its zone.
    pub from: String,
    /// The last time that counts; of a date, the whole day does.
    pub to: String,
    /// Which slots.
    #[serde(default)]
    pub which: Which,
    /// How many runs may go on at once; at least 1.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub concurrency: u32,
    /// The latest first.
    #[serde(default)]
    pub reverse: bool,
}

fn one() -> u32 {
    1
}

/// What a backfill would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BackfillPlan {
    /// The deployment whose slots are filled.
    pub deployment: String,
    /// Which of them.
    pub which: Which,
    /// How many runs go on at once.
    pub concurrency: u32,
    /// The slots that get a run, in their order.
    pub slots: Vec<Chosen>,
    /// So many slots are left alone.
    pub left: usize,
    /// How long it takes by the runs of the past, in microseconds; none, if there are none.
    pub estimate: Option<Micros>,
}

/// A backfill, as it may be shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BackfillReport {
    /// What was asked for, and how far it is.
    #[serde(flatten)]
    pub record: BackfillRecord,
    /// How many of its runs are not over.
    pub going_on: usize,
    /// How many of its runs completed.
    pub completed: usize,
    /// How many of its runs ended otherwise.
    pub failed: usize,
}

impl Engine {
    /// What a backfill would do; nothing is changed.
    ///
    /// # Errors
    /// If there is no such deployment or schedule, a time is none, or there are too many slots.
    pub async fn plan_backfill(&self, ask: &BackfillAsk) -> Result<BackfillPlan> {
        if ask.concurrency == 0 {
            let error = Error::new(ErrorKind::Input, "at least one run must be allowed at once");
            return Err(error.hint("--concurrency 1"));
        }
        let (_, schedules) = self.deployed(&ask.deployment).await?;
        let mut slots = Vec::new();
        for record in schedules {
            if ask
                .schedule
                .as_ref()
                .is_none_or(|slug| *slug == record.slug)
            {
                slots.extend(slots_between(&record, &ask.from, &ask.to)?);
            }
        }
        if slots.len() > SLOTS_MAX {
            let message = format!("there are more than {SLOTS_MAX} slots in that time");
            return Err(Error::new(ErrorKind::Input, message).hint("a shorter time, in parts"));
        }
        if slots.is_empty()
            && let Some(slug) = &ask.schedule
        {
            self.schedule_named(&ask.deployment, slug).await?;
        }
        slots.sort_by(|(a, at), (b, bt)| (at, a).cmp(&(bt, b)));
        if ask.reverse {
            slots.reverse();
        }
        let history = self.runs_of(&ask.deployment).await?;
        let (chosen, left) = choose(slots, &last_of_each(&history), ask.which);
        Ok(BackfillPlan {
            deployment: ask.deployment.clone(),
            which: ask.which,
            concurrency: ask.concurrency,
            estimate: estimate(took(&history), chosen.len(), ask.concurrency),
            slots: chosen,
            left,
        })
    }

    /// All backfills, the newest first.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn backfills(&self) -> Result<Vec<BackfillReport>> {
        let all = self.shared.store.backfills(vec![]).await.map_err(trouble)?;
        let mut reports = Vec::with_capacity(all.len());
        for record in all {
            let runs = self.runs_of(&record.backfill.deployment).await?;
            reports.push(report(record, &runs));
        }
        Ok(reports)
    }

    /// One backfill.
    ///
    /// # Errors
    /// If there is none of that name, or the store fails.
    pub async fn backfill(&self, id: &str) -> Result<BackfillReport> {
        let all = self.backfills().await?;
        let names: Vec<String> = all
            .iter()
            .map(|report| report.record.backfill.id.clone())
            .collect();
        let found = all
            .into_iter()
            .find(|report| report.record.backfill.id == id);
        found.ok_or_else(|| {
            let error = Error::new(ErrorKind::NotFound, format!("there is no backfill `{id}`"));
            match flowrt_grammar::closest(id, names.iter().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("backfill ls shows what there is"),
            }
        })
    }

    /// Lets a backfill begin runs, or not; those that were begun go on.
    ///
    /// # Errors
    /// If there is none of that name, or it has ended.
    pub async fn switch_backfill(&self, id: &str, on: bool) -> Result<BackfillReport> {
        let to = match on {
            true => BackfillState::Running,
            false => BackfillState::Paused,
        };
        self.set_backfill(id, to).await
    }

    /// Begins no more runs, and cancels those that are not over.
    ///
    /// # Errors
    /// If there is none of that name, it has ended, or the store fails.
    pub async fn cancel_backfill(&self, id: &str) -> Result<BackfillReport> {
        let report = self.set_backfill(id, BackfillState::Cancelled).await?;
        let tag = report.record.backfill.tag();
        for run in self.runs_of(&report.record.backfill.deployment).await? {
            if run.dispatch.tags.contains(&tag) && !run.state.is_final() {
                self.cancel(run.id).await?;
            }
        }
        self.backfill(id).await
    }

    async fn set_backfill(&self, id: &str, to: BackfillState) -> Result<BackfillReport> {
        let report = self.backfill(id).await?;
        let from = vec![BackfillState::Running, BackfillState::Paused];
        let set = self.shared.store.set_backfill(id.to_owned(), from, to);
        if !set.await.map_err(trouble)? {
            let message = format!("the backfill `{id}` has ended already");
            return Err(Error::new(ErrorKind::Input, message));
        }
        self.shared.changed.notify_waiters();
        self.backfill(&report.record.backfill.id).await
    }

    /// Begins the runs of all backfills for which there is room. Several processes may do so at once.
    pub(super) async fn advance_backfills(&self) -> Result<()> {
        let running = vec![BackfillState::Running];
        let running = self
            .shared
            .store
            .backfills(running)
            .await
            .map_err(trouble)?;
        for record in running {
            let id = record.backfill.id.clone();
            if let Err(error) = self.advance(record).await {
                tracing::warn!(backfill = %id, %error, "a backfill does not go on now");
            }
        }
        Ok(())
    }

    async fn advance(&self, record: BackfillRecord) -> Result<()> {
        let BackfillRecord {
            backfill,
            mut begun,
            ..
        } = record;
        let (deployment, schedules) = self.deployed(&backfill.deployment).await?;
        if !self.shared.flows.contains_key(&*deployment.deployment.flow) {
            return Ok(());
        }
        let tag = backfill.tag();
        let runs = self.runs_of(&backfill.deployment).await?;
        let is_open = |run: &&RunRecord| run.dispatch.tags.contains(&tag) && !run.state.is_final();
        let mut open = runs.iter().filter(is_open).count();
        let most = usize::try_from(backfill.concurrency).unwrap_or(usize::MAX);
        let slot = |begun: u32| {
            usize::try_from(begun)
                .ok()
                .and_then(|at| backfill.slots.get(at))
        };
        while let Some(chosen) = slot(begun)
            && open < most
        {
            let schedule = schedules.iter().find(|one| one.slug == chosen.schedule);
            let start = start(&deployment, &backfill, chosen);
            let mut parameters = deployment.deployment.parameters.clone();
            parameters.extend(
                schedule
                    .map(|one| one.parameters.clone())
                    .unwrap_or_default(),
            );
            let (flow, parameters) = (&deployment.deployment.flow, Value::Object(parameters));
            // Whoever does the same at the same time gets the same run.
            let run = self.enqueue(flow, &parameters, start).await?;
            open += usize::from(!run.state.is_final());
            begun += 1;
            let noted = self.shared.store.backfill_begun(backfill.id.clone(), begun);
            noted.await.map_err(trouble)?;
        }
        if open == 0 && slot(begun).is_none() {
            let from = vec![BackfillState::Running];
            let done = self
                .shared
                .store
                .set_backfill(backfill.id, from, BackfillState::Done);
            done.await.map_err(trouble)?;
        }
        Ok(())
    }

    async fn deployed(&self, name: &str) -> Result<(DeploymentRecord, Vec<ScheduleRecord>)> {
        let found = self.shared.store.deployment(name.to_owned()).await;
        match found.map_err(trouble)? {
            Some(found) => Ok(found),
            None => Err(self.no_schedule(name, None).await?),
        }
    }

    async fn schedule_named(&self, deployment: &str, slug: &str) -> Result<()> {
        let (_, schedules) = self.deployed(deployment).await?;
        match schedules.iter().any(|schedule| schedule.slug == slug) {
            true => Ok(()),
            false => Err(self.no_schedule(deployment, Some(slug)).await?),
        }
    }

    /// All its runs, the newest first.
    async fn runs_of(&self, deployment: &str) -> Result<Vec<RunRecord>> {
        let filter = RunFilter {
            deployment: Some(deployment.to_owned()),
            roots_only: true,
            ..RunFilter::default()
        };
        self.shared.store.list_runs(filter).await.map_err(trouble)
    }
}

fn slots_between(record: &ScheduleRecord, from: &str, to: &str) -> Result<Vec<SlotOf>> {
    let schedule = Schedule::from_json(&record.schedule)?;
    let from = moment::first(from, schedule.zone())?;
    let to = moment::last(to, schedule.zone())?;
    if to < from {
        let error = Error::new(ErrorKind::Input, "the backfill ends before it begins");
        return Err(error.hint("--from is the earlier time, --to the later"));
    }
    let slots = schedule.between(from.saturating_sub(1), to);
    let slots = slots.take(SLOTS_MAX + 1);
    Ok(slots.map(|at| (record.slug.clone(), at)).collect())
}

fn start(deployment: &DeploymentRecord, backfill: &Backfill, chosen: &Chosen) -> Start {
    let deployment = &deployment.deployment;
    let mut tags = deployment.tags.clone();
    tags.push(backfill.tag());
    Start {
        dispatch: Dispatch {
            queue: Some(
                deployment
                    .queue
                    .clone()
                    .unwrap_or_else(|| DEFAULT_QUEUE.to_owned()),
            ),
            deployment: Some(deployment.name.clone()),
            slot: Some(Slot {
                schedule: backfill.slot_name(chosen),
                at: chosen.at,
            }),
            tags,
        },
        logical_time: Some(chosen.at),
        ..Start::default()
    }
}

/// The state of the last run of each slot; runs are given the newest first.
fn last_of_each(runs: &[RunRecord]) -> BTreeMap<SlotOf, RunState> {
    let mut last = BTreeMap::new();
    for run in runs {
        if let Some(slot) = &run.dispatch.slot {
            let key = (schedule_of(&slot.schedule).to_owned(), slot.at);
            last.entry(key).or_insert(run.state);
        }
    }
    last
}

/// How long the last runs took that completed.
fn took(runs: &[RunRecord]) -> Vec<Micros> {
    let completed = runs.iter().filter(|run| run.state == RunState::Completed);
    completed
        .filter_map(|run| Some(run.finished?.saturating_sub(run.started?)))
        .take(HISTORY)
        .collect()
}

fn report(record: BackfillRecord, runs: &[RunRecord]) -> BackfillReport {
    let tag = tag(&record.backfill.id);
    let own: Vec<&RunRecord> = runs
        .iter()
        .filter(|run| run.dispatch.tags.contains(&tag))
        .collect();
    let count = |of: fn(RunState) -> bool| own.iter().filter(|run| of(run.state)).count();
    let completed = count(|state| matches!(state, RunState::Completed | RunState::Skipped));
    let going_on = count(|state| !state.is_final());
    BackfillReport {
        failed: own.len() - completed - going_on,
        record,
        going_on,
        completed,
    }
}
