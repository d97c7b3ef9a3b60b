//! Deployments of a memory store.

use std::collections::{BTreeMap, HashSet, VecDeque};

use super::super::Answer;
use super::super::apart::Apart;
use super::super::deployments::{
    CHANGES_MAX, Change, Changed, Deployed, Deployments, REVISIONS_KEPT,
};
use super::Memory;
use crate::model::deployment::{DeploymentRecord, ScheduleRecord};
use crate::model::record::{Micros, NewRun, RunRecord};

/// All deployments by name, with their schedules by slug.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    revision: u64,
    /// What has changed with which revision.
    changes: VecDeque<(u64, String, Option<String>)>,
    deployments: BTreeMap<String, (DeploymentRecord, BTreeMap<String, ScheduleRecord>)>,
}

impl Shelf {
    fn deployed(&self) -> Deployed {
        let all = || self.deployments.values();
        Deployed {
            revision: self.revision,
            deployments: all().map(|(record, _)| record.clone()).collect(),
            schedules: all()
                .flat_map(|(_, schedules)| schedules.values().cloned())
                .collect(),
        }
    }

    fn one(&self, name: &str) -> Option<(DeploymentRecord, Vec<ScheduleRecord>)> {
        let (record, schedules) = self.deployments.get(name)?;
        Some((record.clone(), schedules.values().cloned().collect()))
    }

    fn deploy(&mut self, seen: u64, changes: Vec<Change>) -> bool {
        if seen != self.revision {
            return false;
        }
        if changes.is_empty() {
            return true;
        }
        self.revision += 1;
        for change in changes {
            let name = match change {
                Change::Set(record, schedules) => {
                    let name = record.deployment.name.clone();
                    self.set(*record, schedules);
                    name
                }
                Change::Remove(name) => {
                    self.deployments.remove(&name);
                    name
                }
            };
            self.note(name, None);
        }
        true
    }

    fn set(&mut self, record: DeploymentRecord, schedules: Vec<ScheduleRecord>) {
        let name = record.deployment.name.clone();
        let there = self.deployments.remove(&name);
        let there = there.map(|(_, schedules)| schedules).unwrap_or_default();
        let cursor = |schedule: &ScheduleRecord| {
            let same = there.get(&schedule.slug)?;
            (same.since == schedule.since)
                .then_some(same.cursor)
                .flatten()
        };
        let schedules = schedules
            .into_iter()
            .map(|mut schedule| {
                schedule.cursor = cursor(&schedule);
                (schedule.slug.clone(), schedule)
            })
            .collect();
        self.deployments.insert(name, (record, schedules));
    }

    fn switch(&mut self, name: &str, slug: Option<&str>, on: Option<bool>, now: Micros) -> bool {
        let Some((record, schedules)) = self.deployments.get_mut(name) else {
            return false;
        };
        match slug {
            None => {
                record.switched = on;
                record.changed = now;
            }
            Some(slug) => match schedules.get_mut(slug) {
                Some(schedule) => schedule.switched = on,
                None => return false,
            },
        }
        self.revision += 1;
        self.note(name.to_owned(), slug.map(str::to_owned));
        true
    }

    fn note(&mut self, name: String, slug: Option<String>) {
        self.changes.push_back((self.revision, name, slug));
        while let Some((revision, ..)) = self.changes.front()
            && revision + REVISIONS_KEPT <= self.revision
        {
            self.changes.pop_front();
        }
    }

    fn since(&self, seen: u64) -> Option<(u64, Vec<Changed>)> {
        let from = self
            .changes
            .partition_point(|(revision, ..)| *revision <= seen);
        let new: Vec<_> = self.changes.range(from..).collect();
        let revisions: HashSet<u64> = new.iter().map(|(revision, ..)| *revision).collect();
        let is_known = self.revision.checked_sub(seen) == Some(revisions.len() as u64);
        if !is_known || new.len() > CHANGES_MAX {
            return None;
        }
        let noted: HashSet<_> = new.iter().map(|(_, name, slug)| (name, slug)).collect();
        let changes = noted.into_iter().map(|(name, slug)| match slug {
            None => Changed::Whole(name.clone(), self.one(name)),
            Some(slug) => Changed::One(name.clone(), slug.clone(), self.with_schedule(name, slug)),
        });
        Some((self.revision, changes.collect()))
    }

    fn with_schedule(&self, name: &str, slug: &str) -> Option<(DeploymentRecord, ScheduleRecord)> {
        let (record, schedules) = self.deployments.get(name)?;
        Some((record.clone(), schedules.get(slug)?.clone()))
    }

    fn fires(&self, name: &str, slug: &str) -> bool {
        self.deployments
            .get(name)
            .is_some_and(|(record, schedules)| {
                record.is_on() && schedules.get(slug).is_some_and(ScheduleRecord::is_on)
            })
    }

    fn pass_slot(&mut self, name: &str, slug: &str, since: Micros, slot: Micros) -> bool {
        let schedule = self
            .deployments
            .get_mut(name)
            .and_then(|(_, schedules)| schedules.get_mut(slug));
        match schedule {
            Some(schedule)
                if schedule.since == since && schedule.cursor.is_none_or(|there| there < slot) =>
            {
                schedule.cursor = Some(slot);
                true
            }
            _ => false,
        }
    }
}

impl Deployments for Memory {
    fn deployed(&self) -> Answer<'_, Deployed> {
        self.answer(|runs| Ok(runs.shelf.deployed()))
    }

    fn deployment(
        &self,
        name: String,
    ) -> Answer<'_, Option<(DeploymentRecord, Vec<ScheduleRecord>)>> {
        self.answer(move |runs| Ok(runs.shelf.one(&name)))
    }

    fn deployed_since(&self, seen: u64) -> Answer<'_, Option<(u64, Vec<Changed>)>> {
        self.answer(move |runs| Ok(runs.shelf.since(seen)))
    }

    fn schedule(&self, deployment: String, slug: String) -> Answer<'_, Option<ScheduleRecord>> {
        self.answer(move |runs| {
            let found = runs.shelf.with_schedule(&deployment, &slug);
            Ok(found.map(|(_, schedule)| schedule))
        })
    }

    fn deployment_alone(&self, name: String) -> Answer<'_, Option<DeploymentRecord>> {
        self.answer(move |runs| Ok(runs.shelf.one(&name).map(|(record, _)| record)))
    }

    fn deployments_revision(&self) -> Answer<'_, u64> {
        self.answer(|runs| Ok(runs.shelf.revision))
    }

    fn deploy(&self, seen: u64, changes: Vec<Change>) -> Answer<'_, bool> {
        self.answer(move |runs| Ok(runs.shelf.deploy(seen, changes)))
    }

    fn switch(
        &self,
        deployment: String,
        slug: Option<String>,
        on: Option<bool>,
        now: Micros,
    ) -> Answer<'_, bool> {
        self.answer(move |runs| Ok(runs.shelf.switch(&deployment, slug.as_deref(), on, now)))
    }

    fn pass_slot(
        &self,
        seen: Option<u64>,
        deployment: String,
        slug: String,
        since: Micros,
        slot: Micros,
    ) -> Answer<'_, bool> {
        self.answer(move |runs| {
            let shelf = &mut runs.shelf;
            let is_seen = seen.is_none_or(|seen| seen == shelf.revision);
            Ok(is_seen && shelf.pass_slot(&deployment, &slug, since, slot))
        })
    }

    fn fill_slot(
        &self,
        seen: u64,
        since: Micros,
        mut run: NewRun,
    ) -> Answer<'_, Option<RunRecord>> {
        self.answer(move |runs| {
            self.limit.check_run(&run)?;
            let Some((deployment, slot)) = run.dispatch.filled() else {
                return Ok(None);
            };
            let (slug, at) = (&slot.schedule, slot.at);
            let shelf = &mut runs.shelf;
            if seen != shelf.revision
                || !shelf.fires(deployment, slug)
                || !shelf.pass_slot(deployment, slug, since, at)
            {
                return Ok(None);
            }
            let mut apart = Apart::default();
            apart.take_run(&mut run);
            let record = runs.create(run)?;
            runs.kept.hold(record.id, apart);
            Ok(Some(record))
        })
    }
}
