//! Deployments in the store of a process that dies.

use super::Dying;
use crate::model::deployment::{DeploymentRecord, ScheduleRecord};
use crate::model::record::{Micros, NewRun, RunRecord};
use crate::store::Answer;
use crate::store::deployments::{Change, Changed, Deployed, Deployments};

impl Deployments for Dying {
    fn deployed(&self) -> Answer<'_, Deployed> {
        self.read(self.runs.deployed())
    }
    fn deployment(
        &self,
        name: String,
    ) -> Answer<'_, Option<(DeploymentRecord, Vec<ScheduleRecord>)>> {
        self.read(self.runs.deployment(name))
    }
    fn deployed_since(&self, seen: u64) -> Answer<'_, Option<(u64, Vec<Changed>)>> {
        self.read(self.runs.deployed_since(seen))
    }
    fn schedule(&self, deployment: String, slug: String) -> Answer<'_, Option<ScheduleRecord>> {
        self.read(self.runs.schedule(deployment, slug))
    }
    fn deployment_alone(&self, name: String) -> Answer<'_, Option<DeploymentRecord>> {
        self.read(self.runs.deployment_alone(name))
    }
    fn deployments_revision(&self) -> Answer<'_, u64> {
        self.read(self.runs.deployments_revision())
    }
    fn deploy(&self, seen: u64, changes: Vec<Change>) -> Answer<'_, bool> {
        self.write(0, self.runs.deploy(seen, changes))
    }
    fn switch(
        &self,
        deployment: String,
        slug: Option<String>,
        on: Option<bool>,
        now: Micros,
    ) -> Answer<'_, bool> {
        self.write(0, self.runs.switch(deployment, slug, on, now))
    }
    fn pass_slot(
        &self,
        seen: Option<u64>,
        deployment: String,
        slug: String,
        since: Micros,
        slot: Micros,
    ) -> Answer<'_, bool> {
        self.write(0, self.runs.pass_slot(seen, deployment, slug, since, slot))
    }
    fn fill_slot(&self, seen: u64, since: Micros, run: NewRun) -> Answer<'_, Option<RunRecord>> {
        self.write(0, self.runs.fill_slot(seen, since, run))
    }
}
