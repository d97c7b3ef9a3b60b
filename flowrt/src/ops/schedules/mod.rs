//! Schedules: what fires when, pausing, and the scheduler itself.

mod backfill;
mod backfilling;
mod begin;
mod fire;
pub mod moment;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[cfg(feature = "deployments")]
use super::DeploymentReport;
use super::Engine;
use crate::engine::trouble;
use crate::error::{Error, ErrorKind, Result};
use crate::model::deployment::{Catchup, DeploymentRecord, ScheduleRecord};
use crate::model::record::Micros;
use crate::model::schedule::Schedule;
pub use crate::model::schedule::Written;
use crate::scheduler;
pub use backfill::{BackfillAsk, BackfillPlan, BackfillReport};

/// A schedule, as it may be shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ScheduleReport {
    /// Its deployment.
    pub deployment: String,
    /// Its name, unique in the deployment.
    pub slug: String,
    /// The flow that it starts.
    pub flow: String,
    /// The rule for people: `0 10 * * * (Asia/Tokyo)`.
    pub rule: String,
    /// The rule as it was written.
    pub schedule: Value,
    /// Values of parameters, on top of the deployment's.
    pub parameters: Map<String, Value>,
    /// What is made up for of what was missed.
    pub catchup: Catchup,
    /// Whether it fires: it is on, and so is its deployment.
    pub fires: bool,
    /// The last slot that was handled.
    #[serde(with = "crate::model::rfc3339::option")]
    #[schemars(with = "Option<String>")]
    pub last: Option<Micros>,
    /// The next slot, even if it does not fire now; none: there is no more.
    #[serde(with = "crate::model::rfc3339::option")]
    #[schemars(with = "Option<String>")]
    pub next: Option<Micros>,
}

/// A slot that will come.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Upcoming {
    /// The time that the rule gives: the run's logical time.
    #[serde(with = "crate::model::rfc3339")]
    #[schemars(with = "String")]
    pub slot: Micros,
    /// When the run may begin: later than the slot by its share of the jitter.
    #[serde(with = "crate::model::rfc3339")]
    #[schemars(with = "String")]
    pub begin: Micros,
    /// The deployment.
    pub deployment: String,
    /// The schedule.
    pub slug: String,
    /// The flow that is started.
    pub flow: String,
}

/// A schedule of the store that was read.
struct Read {
    deployment: DeploymentRecord,
    record: ScheduleRecord,
    schedule: Schedule,
}

impl Engine {
    /// All schedules, by deployment and name.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn schedules(&self) -> Result<Vec<ScheduleReport>> {
        let now = self.shared.clock.now();
        let read = self.read_schedules().await?;
        Ok(read.into_iter().map(|read| read.report(now)).collect())
    }

    /// The schedules of one deployment, by name.
    ///
    /// # Errors
    /// If there is no such deployment, or the store fails.
    #[cfg(feature = "deployments")]
    pub async fn schedules_of(&self, deployment: &str) -> Result<Vec<ScheduleReport>> {
        let now = self.shared.clock.now();
        let DeploymentReport {
            record, schedules, ..
        } = self.deployment(deployment).await?;
        let read = schedules
            .into_iter()
            .map(|schedule| Read::new(record.clone(), schedule));
        read.map(|read| Ok(read?.report(now))).collect()
    }

    /// The next slot of each schedule that fires, the soonest first.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn next_of_each(&self, count: usize) -> Result<Vec<Upcoming>> {
        let now = self.shared.clock.now();
        let all = self.read_schedules().await?;
        let firing = all.iter().filter(|read| read.fires());
        let next = |read: &Read| Some(read.upcoming(read.next(now)?));
        let mut found: Vec<Upcoming> = firing.filter_map(next).collect();
        found.sort_unstable();
        found.truncate(count);
        Ok(found)
    }

    /// The next slots of all schedules that fire, or of those of one deployment, the soonest first.
    ///
    /// # Errors
    /// If there is no such deployment, or the store fails.
    pub async fn upcoming(&self, deployment: Option<&str>, count: usize) -> Result<Vec<Upcoming>> {
        let now = self.shared.clock.now();
        let mut all = self.read_schedules().await?;
        if let Some(name) = deployment {
            all.retain(|read| read.record.deployment == name);
            if all.is_empty() {
                return Err(self.no_schedule(name, None).await?);
            }
        }
        let mut found: Vec<Upcoming> = Vec::new();
        for read in all.iter().filter(|read| read.fires()) {
            // What is later than all that were found already cannot be among the first.
            let last = (found.len() >= count).then(|| found.last().map(|last| last.slot));
            let to = last.flatten().unwrap_or(Micros::MAX);
            let slots = read.schedule.between(now.max(read.record.handled()), to);
            found.extend(slots.take(count).map(|slot| read.upcoming(slot)));
            found.sort_unstable();
            found.truncate(count);
        }
        Ok(found)
    }

    /// The first slots after a time of a schedule that is not deployed.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn preview(written: Written, after: Micros, count: usize) -> Result<Vec<Micros>> {
        let schedule = Schedule::new(written)?;
        Ok(schedule.between(after, Micros::MAX).take(count).collect())
    }

    /// Lets a schedule fire, or not; all of its deployment, if none is named. That holds until what is written down of it
    /// changes. What passes while it does not fire is never made up for.
    ///
    /// # Errors
    /// If there is no such deployment or schedule, or the store fails.
    pub async fn switch_schedule(
        &self,
        deployment: &str,
        slug: Option<&str>,
        on: bool,
    ) -> Result<Vec<ScheduleReport>> {
        let chosen = |read: &Read| {
            read.record.deployment == deployment && slug.is_none_or(|slug| read.record.slug == slug)
        };
        let now = self.shared.clock.now();
        let mut read = self.read_schedules().await?;
        read.retain(chosen);
        if read.is_empty() {
            return Err(self.no_schedule(deployment, slug).await?);
        }
        for Read { record, .. } in &read {
            if on && !record.is_on() {
                self.forget_missed(record, now).await?;
            }
            let (name, slug) = (record.deployment.clone(), record.slug.clone());
            let switched = Some(on).filter(|on| *on != record.active);
            let switch = self.shared.store.switch(name, Some(slug), switched, now);
            switch.await.map_err(trouble)?;
        }
        self.shared.changed.notify_waiters();
        let mut read = self.read_schedules().await?;
        read.retain(chosen);
        Ok(read.into_iter().map(|read| read.report(now)).collect())
    }

    /// The slots of a schedule until now are handled: nobody wanted them.
    pub(super) async fn forget_missed(&self, record: &ScheduleRecord, now: Micros) -> Result<()> {
        let (name, slug) = (record.deployment.clone(), record.slug.clone());
        let passed = self
            .shared
            .store
            .pass_slot(None, name, slug, record.since, now);
        passed.await.map(|_| ()).map_err(trouble)
    }

    async fn read_schedules(&self) -> Result<Vec<Read>> {
        let there = self.shared.store.deployed().await.map_err(trouble)?;
        let mut read = Vec::with_capacity(there.schedules.len());
        let mut deployments = there.deployments.into_iter().peekable();
        for record in there.schedules {
            // Both are in the order of their deployments.
            while let Some(next) = deployments.peek()
                && next.deployment.name < record.deployment
            {
                deployments.next();
            }
            let Some(deployment) = deployments.peek() else {
                break;
            };
            read.push(Read::new(deployment.clone(), record)?);
        }
        Ok(read)
    }

    async fn no_schedule(&self, deployment: &str, slug: Option<&str>) -> Result<Error> {
        let all = self.read_schedules().await?;
        let own: Vec<&str> = all
            .iter()
            .filter(|read| read.record.deployment == deployment)
            .map(|read| &*read.record.slug)
            .collect();
        let (message, known) = match (slug, own.is_empty()) {
            (Some(slug), false) => (
                format!("the deployment `{deployment}` has no schedule `{slug}`"),
                own,
            ),
            _ => {
                let message = format!("there is no deployment `{deployment}` with a schedule");
                let mut known: Vec<_> = all.iter().map(|read| &*read.record.deployment).collect();
                // They come by name, each with all its schedules.
                known.dedup();
                (message, known)
            }
        };
        let wanted = slug
            .filter(|_| message.contains("has no"))
            .unwrap_or(deployment);
        let error = Error::new(ErrorKind::NotFound, message);
        Ok(
            match flowrt_grammar::closest(wanted, known.iter().copied()) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None if known.is_empty() => error.hint("schedules ls shows what there is"),
                None => error.hint(format!("there are {}", known.join(", "))),
            },
        )
    }
}

impl Read {
    fn new(deployment: DeploymentRecord, record: ScheduleRecord) -> Result<Self> {
        Ok(Self {
            deployment,
            schedule: Schedule::from_json(&record.schedule)?,
            record,
        })
    }

    fn next(&self, now: Micros) -> Option<Micros> {
        self.schedule.next_after(now.max(self.record.handled()))
    }

    fn fires(&self) -> bool {
        self.record.is_on() && self.deployment.is_on()
    }

    fn upcoming(&self, slot: Micros) -> Upcoming {
        Upcoming {
            slot,
            begin: scheduler::begin(&self.schedule, &self.record, slot),
            deployment: self.record.deployment.clone(),
            slug: self.record.slug.clone(),
            flow: self.deployment.deployment.flow.clone(),
        }
    }

    fn report(self, now: Micros) -> ScheduleReport {
        ScheduleReport {
            flow: self.deployment.deployment.flow.clone(),
            rule: self.schedule.to_string(),
            fires: self.fires(),
            next: self.next(now),
            deployment: self.record.deployment,
            slug: self.record.slug,
            schedule: self.record.schedule,
            parameters: self.record.parameters,
            catchup: self.record.catchup,
            last: self.record.cursor,
        }
    }
}
