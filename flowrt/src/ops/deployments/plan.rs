//! What a deploy would change. Pure: what is wanted and what is there come from outside.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::shown;
use super::wanted::{Wanted, WantedSchedule};
use crate::model::deployment::{Catchup, Deployment, DeploymentRecord, ScheduleRecord, Source};
use crate::model::record::Micros;
use crate::store::deployments::{Change, Deployed};

/// What a deploy changes, or would change.
#[derive(Debug, Clone, PartialEq)]
pub struct DeployPlan {
    /// A line a deployment, by name.
    pub deployments: Vec<Planned>,
    pub(super) seen: u64,
    pub(super) changes: Vec<Change>,
}

/// What becomes of a deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Planned {
    /// Its name.
    pub name: String,
    /// Its flow.
    pub flow: String,
    /// What becomes of it.
    pub fate: Fate,
    /// What is written down otherwise than before.
    pub differences: Vec<Difference>,
    /// A person has paused or resumed it by hand, and that stays.
    pub switched: Option<bool>,
}

/// What becomes of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is new.
    Created,
    /// It is there, and is written down otherwise.
    Changed,
    /// It is there as it was written down.
    Unchanged,
    /// Nobody writes it down any more; it stays unless that is asked for.
    Gone,
    /// It is taken away.
    Removed,
    /// A person deployed it from a file, and that holds.
    Kept,
}

/// One thing that is written down otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Difference {
    /// What, such as `parameters.arg`.
    pub what: String,
    /// As it was; null if it was not there.
    pub old: Value,
    /// As it becomes; null if it goes.
    pub new: Value,
}

/// How to deploy.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    /// Take away what nobody writes down any more.
    pub prune: bool,
    /// The program does it when it starts: what a person deployed from a file holds.
    pub own: bool,
    pub now: Micros,
}

impl DeployPlan {
    /// What was there when it was made: it changes with each deploy.
    pub fn revision(&self) -> u64 {
        self.seen
    }

    /// Whether there is anything to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many of them have that fate.
    pub fn count(&self, fate: Fate) -> usize {
        let of_it = self
            .deployments
            .iter()
            .filter(|planned| planned.fate == fate);
        of_it.count()
    }
}

/// The plan. `flows` are the names that this program knows: what belongs to others is left alone.
pub(super) fn plan(
    wanted: Vec<Wanted>,
    there: &Deployed,
    flows: &BTreeSet<&str>,
    how: How,
) -> DeployPlan {
    let records: BTreeMap<&str, &DeploymentRecord> = there
        .deployments
        .iter()
        .map(|record| (&*record.deployment.name, record))
        .collect();
    let mut plan = DeployPlan {
        deployments: Vec::new(),
        seen: there.revision,
        changes: Vec::new(),
    };
    let wanted: Vec<Wanted> = wanted
        .into_iter()
        .filter(|wanted| !is_replaced(wanted, there, how))
        .collect();
    let names: BTreeSet<String> = wanted
        .iter()
        .map(|wanted| wanted.deployment.name.clone())
        .collect();
    for wanted in wanted {
        let record = records.get(&*wanted.deployment.name).copied();
        let schedules: Vec<&ScheduleRecord> = there
            .schedules
            .iter()
            .filter(|schedule| schedule.deployment == wanted.deployment.name)
            .collect();
        set(wanted, record, &schedules, how, &mut plan);
    }
    for record in &there.deployments {
        let Deployment {
            name, flow, source, ..
        } = &record.deployment;
        if names.contains(name) || !flows.contains(&**flow) {
            continue;
        }
        let is_removed = match source {
            // What the program itself no longer says holds no longer.
            Source::Flow => true,
            Source::Program => how.own || how.prune,
            Source::File if how.own => continue,
            Source::File => how.prune,
            Source::Person => continue,
        };
        if is_removed {
            plan.changes.push(Change::Remove(name.clone()));
        }
        plan.deployments.push(Planned {
            name: name.clone(),
            flow: flow.clone(),
            fate: if is_removed {
                Fate::Removed
            } else {
                Fate::Gone
            },
            differences: Vec::new(),
            switched: record.switched,
        });
    }
    plan.deployments.sort_by(|a, b| a.name.cmp(&b.name));
    plan
}

/// A flow's own schedule is only what holds as long as nobody writes the flow down elsewhere.
fn is_replaced(wanted: &Wanted, there: &Deployed, how: How) -> bool {
    wanted.deployment.source == Source::Flow
        && there.deployments.iter().any(|record| {
            let stays = match record.deployment.source {
                Source::Flow | Source::Person => false,
                Source::Program => !how.own && !how.prune,
                Source::File => !how.prune,
            };
            stays && record.deployment.flow == wanted.deployment.flow
        })
}

fn set(
    wanted: Wanted,
    record: Option<&DeploymentRecord>,
    there: &[&ScheduleRecord],
    how: How,
    plan: &mut DeployPlan,
) {
    let differences = record.map_or_else(Vec::new, |record| {
        differences(
            &said(
                &record.deployment,
                record.active,
                there.iter().map(|one| said_of(one)),
            ),
            &said(
                &wanted.deployment,
                wanted.active,
                wanted
                    .schedules
                    .iter()
                    .map(|one| (one.slug.clone(), one.said())),
            ),
        )
    });
    let is_persons = record
        .is_some_and(|record| matches!(record.deployment.source, Source::File | Source::Person));
    let fate = match record {
        None => Fate::Created,
        Some(_) if how.own && is_persons => Fate::Kept,
        Some(record)
            if differences.is_empty() && record.deployment.source == wanted.deployment.source =>
        {
            Fate::Unchanged
        }
        Some(_) if differences.is_empty() => Fate::Unchanged,
        Some(_) => Fate::Changed,
    };
    let switched = record
        .filter(|record| record.active == wanted.active)
        .and_then(|record| record.switched);
    plan.deployments.push(Planned {
        name: wanted.deployment.name.clone(),
        flow: wanted.deployment.flow.clone(),
        fate,
        differences: differences.into_iter().map(shown::difference).collect(),
        switched,
    });
    let same_source =
        record.is_some_and(|record| record.deployment.source == wanted.deployment.source);
    if fate == Fate::Kept || fate == Fate::Unchanged && same_source {
        return;
    }
    let is_on = switched.unwrap_or(wanted.active);
    let schedules = wanted
        .schedules
        .into_iter()
        .map(|schedule| {
            let before = there.iter().find(|there| there.slug == schedule.slug);
            let was_on = record.is_some_and(DeploymentRecord::is_on);
            let begins = is_on && !was_on;
            scheduled(
                &wanted.deployment.name,
                schedule,
                before.copied(),
                begins,
                how.now,
            )
        })
        .collect();
    let record = DeploymentRecord {
        active: wanted.active,
        switched,
        created: record.map_or(how.now, |record| record.created),
        changed: how.now,
        deployment: wanted.deployment,
    };
    plan.changes.push(Change::Set(Box::new(record), schedules));
}

/// A rule that stays goes on where it was; a new one has no slots before now, unless it is to make up for all since its
/// start. What passed while it did not fire is over.
fn scheduled(
    deployment: &str,
    wanted: WantedSchedule,
    before: Option<&ScheduleRecord>,
    begins: bool,
    now: Micros,
) -> ScheduleRecord {
    let switched = before
        .filter(|before| before.active == wanted.active)
        .and_then(|before| before.switched);
    let is_on = switched.unwrap_or(wanted.active);
    let since = match before {
        Some(before) if is_on && (begins || !before.is_on()) => before.since.max(now),
        Some(before) if before.schedule == wanted.rule => before.since,
        None if wanted.catchup == Catchup::All => {
            wanted.start.map_or(now, |start| now.min(start - 1))
        }
        _ => now,
    };
    ScheduleRecord {
        deployment: deployment.to_owned(),
        slug: wanted.slug,
        schedule: wanted.rule,
        parameters: wanted.parameters,
        catchup: wanted.catchup,
        active: wanted.active,
        switched,
        since,
        cursor: None,
    }
}

impl WantedSchedule {
    fn said(&self) -> Value {
        schedule_said(&self.rule, &self.parameters, self.catchup, self.active)
    }
}

fn said_of(schedule: &ScheduleRecord) -> (String, Value) {
    let said = schedule_said(
        &schedule.schedule,
        &schedule.parameters,
        schedule.catchup,
        schedule.active,
    );
    (schedule.slug.clone(), said)
}

fn schedule_said(
    rule: &Value,
    parameters: &Map<String, Value>,
    catchup: Catchup,
    active: bool,
) -> Value {
    let mut said = rule.as_object().cloned().unwrap_or_default();
    if !parameters.is_empty() {
        said.insert("parameters".to_owned(), json!(parameters));
    }
    if catchup != Catchup::None {
        said.insert("catchup".to_owned(), json!(catchup));
    }
    said.insert("active".to_owned(), json!(active));
    Value::Object(said)
}

/// All that was written down, as it is compared.
fn said(
    deployment: &Deployment,
    active: bool,
    schedules: impl Iterator<Item = (String, Value)>,
) -> Map<String, Value> {
    let mut said = match json!(deployment) {
        Value::Object(said) => said,
        _ => Map::new(),
    };
    said.remove("source");
    said.insert("active".to_owned(), json!(active));
    let schedules: Map<_, _> = schedules.collect();
    if !schedules.is_empty() {
        said.insert("schedules".to_owned(), Value::Object(schedules));
    }
    said
}

/// What differs, as deep as objects go.
fn differences(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<Difference> {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut found = Vec::new();
    for key in keys {
        match (old.get(key), new.get(key)) {
            (old, new) if old == new => {}
            (Some(Value::Object(old)), Some(Value::Object(new))) => {
                let below = differences(old, new).into_iter();
                found.extend(below.map(|below| Difference {
                    what: format!("{key}.{}", below.what),
                    ..below
                }));
            }
            (old, new) => found.push(Difference {
                what: key.clone(),
                old: old.cloned().unwrap_or_default(),
                new: new.cloned().unwrap_or_default(),
            }),
        }
    }
    found
}
