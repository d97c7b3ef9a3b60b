//! Backfills: the plan, the start, and what a person says meanwhile. The scheduler begins their runs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{Engine, RunFilter};
use super::moment;
use crate::engine::trouble;
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint::failpoint;
use crate::model::backfill::{
    BackfillRecord, BackfillState, Begun, Chosen, SlotOf, Which, choose, estimate, schedule_of,
};
use crate::model::deployment::{DeploymentRecord, ScheduleRecord};
use crate::model::record::Micros;
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
    /// The last time that counts; of a date, the whole day does. Of what is to come, nothing does.
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
        let now = self.shared.clock.now();
        let mut slots = Vec::new();
        for record in self.schedules_asked(ask).await? {
            slots.extend(slots_between(&record, ask, now)?);
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
        let last = self.last_of_each(&ask.deployment, &slots).await?;
        let took = self.took(&ask.deployment).await?;
        let (chosen, left) = choose(slots, &last, ask.which);
        Ok(BackfillPlan {
            deployment: ask.deployment.clone(),
            which: ask.which,
            concurrency: ask.concurrency,
            estimate: estimate(took, chosen.len(), ask.concurrency),
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
        let ids = all.iter().map(|record| record.backfill.id.clone());
        let begun = self.shared.store.begun_runs(ids.collect()).await;
        let reports = all.into_iter().zip(begun.map_err(trouble)?);
        Ok(reports
            .map(|(record, begun)| report(record, begun))
            .collect())
    }

    /// One backfill.
    ///
    /// # Errors
    /// If there is none of that name, or the store fails.
    pub async fn backfill(&self, id: &str) -> Result<BackfillReport> {
        let store = &self.shared.store;
        let Some(record) = store.backfill(id.to_owned()).await.map_err(trouble)? else {
            return Err(self.no_backfill(id).await?);
        };
        let begun = store.begun_runs(vec![id.to_owned()]).await;
        let begun = begun.map_err(trouble)?.pop().unwrap_or_default();
        Ok(report(record, begun))
    }

    async fn no_backfill(&self, id: &str) -> Result<Error> {
        let all = self.shared.store.backfills(vec![]).await.map_err(trouble)?;
        let names = all.iter().map(|record| &*record.backfill.id);
        let error = Error::new(ErrorKind::NotFound, format!("there is no backfill `{id}`"));
        Ok(match flowrt_grammar::closest(id, names) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("backfill ls shows what there is"),
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

    /// Begins no more runs, and cancels those that are not over. What this does not come to, because its process dies, a
    /// scheduler does.
    ///
    /// # Errors
    /// If there is none of that name, it has ended, or the store fails.
    pub async fn cancel_backfill(&self, id: &str) -> Result<BackfillReport> {
        self.set_backfill(id, BackfillState::Cancelling).await?;
        failpoint("backfill::cancelling");
        self.cancel_backfilled(id).await?;
        self.backfill(id).await
    }

    async fn set_backfill(&self, id: &str, to: BackfillState) -> Result<BackfillReport> {
        let mut from = vec![BackfillState::Running, BackfillState::Paused];
        if to == BackfillState::Cancelling {
            from.push(to);
        }
        let set = self
            .shared
            .store
            .set_backfill(id.to_owned(), from, to, None);
        let is_set = set.await.map_err(trouble)?;
        let report = self.backfill(id).await?;
        if !is_set {
            let message = format!("the backfill `{id}` has ended already");
            return Err(Error::new(ErrorKind::Input, message));
        }
        self.shared.changed.notify_waiters();
        Ok(report)
    }

    pub(super) async fn deployed(
        &self,
        name: &str,
    ) -> Result<(DeploymentRecord, Vec<ScheduleRecord>)> {
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

    /// One that is not there is missed where it has no slots.
    async fn schedules_asked(&self, ask: &BackfillAsk) -> Result<Vec<ScheduleRecord>> {
        let Some(slug) = &ask.schedule else {
            return Ok(self.deployed(&ask.deployment).await?.1);
        };
        let store = &self.shared.store;
        let found = store.schedule(ask.deployment.clone(), slug.clone()).await;
        Ok(found.map_err(trouble)?.into_iter().collect())
    }

    /// The state of the last run of each of those slots. Only runs of their time are looked at.
    async fn last_of_each(
        &self,
        deployment: &str,
        slots: &[SlotOf],
    ) -> Result<BTreeMap<SlotOf, RunState>> {
        let times = || slots.iter().map(|(_, at)| *at);
        let Some((from, to)) = times().min().zip(times().max()) else {
            return Ok(BTreeMap::new());
        };
        let store = &self.shared.store;
        let filled = store.filled_slots(deployment.to_owned(), from, to).await;
        let mut last = BTreeMap::new();
        for (slot, state) in filled.map_err(trouble)? {
            let key = (schedule_of(&slot.schedule).to_owned(), slot.at);
            last.entry(key).or_insert(state);
        }
        Ok(last)
    }

    /// How long the last runs took that completed.
    async fn took(&self, deployment: &str) -> Result<Vec<Micros>> {
        let filter = RunFilter {
            deployment: Some(deployment.to_owned()),
            roots_only: true,
            states: vec![RunState::Completed],
            limit: HISTORY,
            ..RunFilter::default()
        };
        let completed = self.shared.store.list_runs(filter).await.map_err(trouble)?;
        let took = completed
            .iter()
            .filter_map(|run| Some(run.finished?.saturating_sub(run.started?)));
        Ok(took.collect())
    }
}

/// What is to come is the schedule's own.
fn slots_between(record: &ScheduleRecord, ask: &BackfillAsk, now: Micros) -> Result<Vec<SlotOf>> {
    let schedule = Schedule::from_json(&record.schedule)?;
    let from = moment::first(&ask.from, schedule.zone())?;
    let to = moment::last(&ask.to, schedule.zone())?;
    if to < from {
        let error = Error::new(ErrorKind::Input, "the backfill ends before it begins");
        return Err(error.hint("--from is the earlier time, --to the later"));
    }
    if from > now {
        let error = Error::new(ErrorKind::Input, "the backfill begins in the future");
        return Err(error.hint("a backfill fills slots of the past; the schedule fills the others"));
    }
    let slots = schedule.between(from.saturating_sub(1), to.min(now));
    let slots = slots.take(SLOTS_MAX + 1);
    Ok(slots.map(|at| (record.slug.clone(), at)).collect())
}

fn report(record: BackfillRecord, begun: Begun) -> BackfillReport {
    BackfillReport {
        record,
        going_on: begun.going_on,
        completed: begun.completed,
        failed: begun.failed,
    }
}
