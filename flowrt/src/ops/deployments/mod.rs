//! Deployments: what a deploy would change, the deploy, and what people do with what is deployed.

mod ask;
mod once;
mod plan;
mod shown;
#[cfg(test)]
mod tests;
mod wanted;

use std::collections::BTreeSet;

use flowrt_grammar::deployments::parse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use ask::{DeployAsk, DeployView};
use plan::How;
pub use plan::{DeployPlan, Difference, Fate, Planned};
use wanted::Wanted;

use super::{Engine, Start, params};
use crate::engine::trouble;
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint::failpoint;
use crate::model::deployment::{Deployment, DeploymentRecord, ScheduleRecord, Source};
use crate::model::dispatch::DEFAULT_QUEUE;
use crate::model::record::{Micros, RunRecord};
use crate::model::schedule::Schedule;
use crate::registry;
use crate::store::deployments::Change;
use crate::store::queue::WorkerRecord;

/// A file of deployments: its name for people, and what is in it.
#[derive(Debug, Clone)]
pub struct DeployFile {
    /// Its name, for messages.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// What is to be deployed: it was read and checked against the flows of this program.
#[derive(Debug, Clone)]
pub struct Checked {
    wanted: Vec<Wanted>,
    /// What a person should know of the file, with its places.
    pub notes: Vec<String>,
}

/// A deployment with its schedules, as it may be shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeploymentReport {
    /// What was written down, and since when.
    #[serde(flatten)]
    pub record: DeploymentRecord,
    /// Whether it fires: it is on, and one of its schedules is.
    pub fires: bool,
    /// Whether this program has its flow.
    pub known: bool,
    /// When it starts next by itself, if it fires.
    #[serde(with = "crate::model::rfc3339::option")]
    #[schemars(with = "Option<String>")]
    pub next: Option<Micros>,
    /// Its schedules, by slug.
    pub schedules: Vec<ScheduleRecord>,
}

impl Engine {
    /// Reads a file and checks it against the flows of this program. With no file, the deployments that the program has
    /// in it: those of `deployments!`, and those of flows with a schedule of their own, which are part of every deploy.
    ///
    /// # Errors
    /// Everything that is wrong, each with file, line and column.
    pub fn check_deployments(&self, file: Option<&DeployFile>) -> Result<Checked> {
        let flows = &self.shared.flows;
        let (mut all, mut notes, mut faults) = (Vec::<Wanted>::new(), Vec::new(), Vec::new());
        let own = registry::deployments();
        let files: Vec<(&str, &str, Source)> = match file {
            Some(file) => vec![(&file.name, &file.text, Source::File)],
            None => own
                .iter()
                .map(|own| (own.file, own.text, Source::Program))
                .collect(),
        };
        for (name, text, source) in files {
            let mut read = parse(text);
            let wanted = wanted::of_file(&mut read, flows, source);
            faults.extend(read.faults.iter().map(|fault| fault.shown(name, text)));
            notes.extend(read.notes.iter().map(|note| note.shown(name, text)));
            for wanted in wanted {
                let called = &wanted.deployment.name;
                if source == Source::Program
                    && all.iter().any(|there| there.deployment.name == *called)
                {
                    faults.push(format!(
                        "{name}: the program has two deployments `{called}`"
                    ));
                }
                all.push(wanted);
            }
        }
        if !faults.is_empty() {
            let count = faults.len();
            let message = format!(
                "{} to be put right:\n{}",
                if count == 1 {
                    "there is 1 fault".to_owned()
                } else {
                    format!("there are {count} faults")
                },
                faults.join("\n")
            );
            return Err(
                Error::new(ErrorKind::Input, message).hint("correct them; nothing was deployed")
            );
        }
        // Whoever writes a flow down in a file says all there is to say of when it runs.
        let written: BTreeSet<String> = all
            .iter()
            .flat_map(|wanted| {
                [
                    wanted.deployment.flow.clone(),
                    wanted.deployment.name.clone(),
                ]
            })
            .collect();
        let defaults = wanted::of_flows(flows);
        all.extend(
            defaults
                .into_iter()
                .filter(|default| !written.contains(&default.deployment.flow)),
        );
        Ok(Checked { wanted: all, notes })
    }

    /// What a deploy would change. `prune`: deployments of this program's flows that nobody writes down any more go, too.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn plan_deploy(&self, checked: &Checked, prune: bool) -> Result<DeployPlan> {
        self.planned(checked, prune, false).await
    }

    /// Changes what the plan says, all or nothing; it is on the disk when this returns. `false`, and nothing is changed, if
    /// somebody else has changed a deployment since the plan was made.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn deploy(&self, plan: &DeployPlan) -> Result<bool> {
        if plan.is_empty() {
            return Ok(true);
        }
        failpoint("ops::before_deploy");
        let store = &self.shared.store;
        let done = store.deploy(plan.seen, plan.changes.clone()).await;
        let done = done.map_err(trouble)?;
        failpoint("ops::after_deploy");
        self.shared.changed.notify_waiters();
        Ok(done)
    }

    /// Deploys what the program has in it, as it does when it begins to serve. What a person deployed from a file holds.
    ///
    /// # Errors
    /// If something is wrong with it, or the store fails.
    pub async fn deploy_own(&self) -> Result<DeployPlan> {
        let checked = self.check_deployments(None)?;
        loop {
            let plan = self.planned(&checked, false, true).await?;
            if self.deploy(&plan).await? {
                return Ok(plan);
            }
        }
    }

    async fn planned(&self, checked: &Checked, prune: bool, own: bool) -> Result<DeployPlan> {
        let there = self.shared.store.deployed().await.map_err(trouble)?;
        let flows = self.shared.flows.keys().copied().collect();
        let now = self.shared.clock.now();
        let how = How { prune, own, now };
        Ok(plan::plan(checked.wanted.clone(), &there, &flows, how))
    }

    /// All deployments, by name.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn deployments(&self) -> Result<Vec<DeploymentReport>> {
        let there = self.shared.store.deployed().await.map_err(trouble)?;
        let mut schedules = there.schedules.into_iter().peekable();
        let reports = there.deployments.into_iter().map(|record| {
            let mut own = Vec::new();
            while let Some(next) =
                schedules.next_if(|next| next.deployment == record.deployment.name)
            {
                own.push(next);
            }
            self.report(record, own)
        });
        Ok(reports.collect())
    }

    /// One deployment.
    ///
    /// # Errors
    /// If there is none of that name, or the store fails.
    pub async fn deployment(&self, name: &str) -> Result<DeploymentReport> {
        let found = self.shared.store.deployment(name.to_owned()).await;
        match found.map_err(trouble)? {
            Some((record, schedules)) => Ok(self.report(record, schedules)),
            None => Err(self.no_deployment(name).await?),
        }
    }

    fn report(
        &self,
        mut record: DeploymentRecord,
        schedules: Vec<ScheduleRecord>,
    ) -> DeploymentReport {
        record.deployment = shown::deployment(record.deployment);
        let now = self.shared.clock.now();
        let on = || {
            schedules
                .iter()
                .filter(|schedule| record.is_on() && schedule.is_on())
        };
        DeploymentReport {
            next: on().filter_map(|schedule| next(schedule, now)).min(),
            fires: on().next().is_some(),
            known: self.shared.flows.contains_key(&*record.deployment.flow),
            record,
            schedules,
        }
    }

    async fn no_deployment(&self, name: &str) -> Result<Error> {
        let all = self.deployments().await?;
        let names: Vec<&str> = all
            .iter()
            .map(|report| &*report.record.deployment.name)
            .collect();
        let message = format!("there is no deployment `{name}`");
        let error = Error::new(ErrorKind::NotFound, message);
        Ok(match flowrt_grammar::closest(name, names.iter().copied()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None if names.is_empty() => {
                error.hint("nothing is deployed; write flowrt.yaml, then: deploy")
            }
            None => error.hint(format!("there are {}", names.join(", "))),
        })
    }

    /// Lets the schedules of a deployment fire, or not; that holds until what is written down of it changes. Runs that go
    /// on are left alone. What passes while they do not fire is never made up for.
    ///
    /// # Errors
    /// If there is none of that name, or the store fails.
    pub async fn switch_deployment(&self, name: &str, on: bool) -> Result<DeploymentReport> {
        let report = self.deployment(name).await?;
        let switched = Some(on).filter(|on| *on != report.record.active);
        let now = self.shared.clock.now();
        if on && !report.record.is_on() {
            for schedule in report.schedules.iter().filter(|schedule| schedule.is_on()) {
                self.forget_missed(schedule, now).await?;
            }
        }
        let store = &self.shared.store;
        let there = store.switch(name.to_owned(), None, switched, now).await;
        if !there.map_err(trouble)? {
            return Err(self.no_deployment(name).await?);
        }
        self.shared.changed.notify_waiters();
        self.deployment(name).await
    }

    /// Takes a deployment and its schedules away; its runs stay. Returns what it was.
    ///
    /// # Errors
    /// If there is none of that name, or the store fails.
    pub async fn delete_deployment(&self, name: &str) -> Result<DeploymentReport> {
        loop {
            let seen = self.shared.store.deployments_revision().await;
            let seen = seen.map_err(trouble)?;
            let report = self.deployment(name).await?;
            let removal = vec![Change::Remove(name.to_owned())];
            let removed = self.shared.store.deploy(seen, removal).await;
            if removed.map_err(trouble)? {
                self.shared.changed.notify_waiters();
                return Ok(report);
            }
        }
    }

    /// Puts a run of a deployment into its queue; a worker takes it. `given` are parameters for this run, in place of the
    /// deployment's. When this returns, the run is on the disk.
    ///
    /// # Errors
    /// If there is none of that name, this program does not have its flow, or a parameter does not fit.
    pub async fn run_deployment(
        &self,
        name: &str,
        given: Map<String, Value>,
        start: Start,
    ) -> Result<RunRecord> {
        let once = self.run_deployment_once(name, given, start).await?;
        Ok(once.record)
    }

    /// How many workers are there to take a run: alive, on its queue, with its flow.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn workers_for(&self, run: &RunRecord) -> Result<usize> {
        let queue = run.dispatch.queue.as_deref().unwrap_or(DEFAULT_QUEUE);
        let workers = self.shared.store.workers().await.map_err(trouble)?;
        let takes = |worker: &&WorkerRecord| {
            !worker.draining
                && worker.queues.iter().any(|name| name == queue)
                && worker.flows.contains(&run.flow)
        };
        Ok(workers.iter().filter(takes).count())
    }

    /// The JSON Schema of a deployment's parameters, with its values as defaults.
    ///
    /// # Errors
    /// If there is none of that name, or this program does not have its flow.
    pub async fn deployment_schema(&self, name: &str) -> Result<Value> {
        let report = self.deployment(name).await?;
        let flow = &*report.record.deployment.flow;
        let meta = self.shared.flows.get(flow);
        let meta = meta.ok_or_else(|| registry::unknown(flow, &self.shared.flows))?;
        let mut schema = params::schema_of(meta);
        for (name, value) in &report.record.deployment.parameters {
            if let Some(Value::Object(place)) = schema.pointer_mut(&format!("/properties/{name}")) {
                place.insert("default".to_owned(), value.clone());
            }
            if let Some(Value::Array(required)) = schema.get_mut("required") {
                required.retain(|needed| needed != name);
            }
        }
        Ok(schema)
    }
}

/// The next slot from now on.
fn next(schedule: &ScheduleRecord, now: Micros) -> Option<Micros> {
    let rule = Schedule::from_json(&schedule.schedule).ok()?;
    rule.next_after(now.max(schedule.handled()))
}

/// What a start of a deployment's run says of where it comes from.
fn start_of(deployment: &Deployment, start: Start) -> Start {
    Start {
        dispatch: deployment.dispatch(),
        ..start
    }
}
