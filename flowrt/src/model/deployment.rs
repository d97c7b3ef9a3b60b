//! Deployments: a flow with parameters and a place, and the schedules that start it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::dispatch::{DEFAULT_QUEUE, Dispatch};
use super::record::Micros;

/// What a person wrote down of a deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Deployment {
    /// Its name, unique in the store.
    pub name: String,
    /// The registered name of its flow.
    pub flow: String,
    /// What its runs are called in place of the flow's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// For people and filters; its runs have them too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Values of parameters; what is missing has the flow's default.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
    /// The pool of workers that is meant; none: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// The queue in which its runs wait for a worker; none: the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// What the processes of its runs are given: see [`Deployment::surroundings`].
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub job_variables: Map<String, Value>,
    /// How many of its runs may go on at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<RunLimit>,
    /// Attempts of a run after the first, in place of the flow's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// How long a run may take, in place of the flow's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Micros>,
    /// Where it was written down.
    pub source: Source,
}

/// Where a deployment was written down. Deploying a file looks after those of files only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// In a file that a person deployed.
    File,
    /// In a file that is part of the program.
    Program,
    /// The options `schedule` and `timezone` of its flow.
    Flow,
    /// A person made it through the program.
    Person,
}

/// What the process of a run gets besides what its worker has.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// The folder in which it stands.
    pub folder: Option<String>,
    /// Variables by name; none for one that it shall not have.
    pub variables: Vec<(String, Option<String>)>,
}

impl fmt::Debug for Surroundings {
    /// Without values: they may be what nobody else shall read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.variables.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("Surroundings")
            .field("folder", &self.folder)
            .field("variables", &names)
            .finish()
    }
}

impl Deployment {
    /// What `job_variables` say of the process in which a run lives: `env`, in which nothing takes a variable away, and
    /// `working_dir`. None if they say nothing of it.
    pub fn surroundings(&self) -> Option<Surroundings> {
        let text = |value: &Value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let env = self.job_variables.get("env").and_then(Value::as_object);
        let env = env.into_iter().flatten();
        let surroundings = Surroundings {
            folder: self.job_variables.get("working_dir").and_then(text),
            variables: env
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
        };
        (surroundings != Surroundings::default()).then_some(surroundings)
    }
}

/// How many runs of a deployment may go on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RunLimit {
    /// The most.
    pub count: u32,
    /// What becomes of one more.
    pub when_full: RunWhenFull,
}

/// What a run does that finds as many as may go on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RunWhenFull {
    /// It waits for its turn.
    #[default]
    Queue,
    /// It ends as `Cancelled`.
    CancelNew,
    /// It cancels the one that began first, and takes its place.
    CancelPrevious,
    /// It ends as `Skipped`.
    Skip,
}

/// What is made up for of the slots that passed while nobody could handle them.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Catchup {
    /// Nothing.
    #[default]
    None,
    /// The last of them.
    Last,
    /// All of them, the oldest first.
    All,
}

/// A deployment as the store has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeploymentRecord {
    /// What was written down.
    #[serde(flatten)]
    pub deployment: Deployment,
    /// Whether it is meant to fire, as it was written down.
    pub active: bool,
    /// What a person has said since: it holds in place of `active`, until that is written down otherwise.
    pub switched: Option<bool>,
    /// When it was first deployed.
    #[serde(with = "crate::model::rfc3339")]
    #[schemars(with = "String")]
    pub created: Micros,
    /// When it was last changed.
    #[serde(with = "crate::model::rfc3339")]
    #[schemars(with = "String")]
    pub changed: Micros,
}

/// A schedule of a deployment as the store has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ScheduleRecord {
    /// The name of its deployment.
    pub deployment: String,
    /// Its name, unique in the deployment.
    pub slug: String,
    /// The rule, as `model::schedule` writes it.
    pub schedule: Value,
    /// Values of parameters, on top of the deployment's.
    pub parameters: Map<String, Value>,
    /// What is made up for.
    pub catchup: Catchup,
    /// Whether it is meant to fire, as it was written down.
    pub active: bool,
    /// What a person has said since: it holds in place of `active`, until that is written down otherwise.
    pub switched: Option<bool>,
    /// Since when this rule holds: it has no slots before.
    #[serde(with = "crate::model::rfc3339")]
    #[schemars(with = "String")]
    pub since: Micros,
    /// The last slot that was handled (it has its run, or was passed over); none since `since`.
    #[serde(with = "crate::model::rfc3339::option")]
    #[schemars(with = "Option<String>")]
    pub cursor: Option<Micros>,
}

impl Deployment {
    /// One of a flow that says nothing more of its runs.
    pub fn new(name: impl Into<String>, flow: impl Into<String>, source: Source) -> Self {
        Self {
            name: name.into(),
            flow: flow.into(),
            shown: None,
            description: String::new(),
            tags: Vec::new(),
            parameters: Map::new(),
            pool: None,
            queue: None,
            job_variables: Map::new(),
            limit: None,
            retries: None,
            timeout: None,
            source,
        }
    }

    /// What its runs say of where they come from.
    pub fn dispatch(&self) -> Dispatch {
        let queue = self.queue.as_deref().unwrap_or(DEFAULT_QUEUE);
        Dispatch {
            deployment: Some(self.name.clone()),
            shown: self.shown.clone(),
            tags: self.tags.clone(),
            ..Dispatch::to_queue(queue)
        }
    }

    /// The parameters of a run: those of the deployment, of the schedule that starts it, and what is given for this run,
    /// of which the last that says one holds.
    pub fn parameters_for(
        &self,
        schedule: Option<&ScheduleRecord>,
        given: Map<String, Value>,
    ) -> Map<String, Value> {
        let mut parameters = self.parameters.clone();
        if let Some(schedule) = schedule {
            parameters.extend(schedule.parameters.clone());
        }
        parameters.extend(given);
        parameters
    }
}

impl DeploymentRecord {
    /// As it is when it was deployed at that time, meant to fire.
    pub fn new(deployment: Deployment, at: Micros) -> Self {
        Self {
            deployment,
            active: true,
            switched: None,
            created: at,
            changed: at,
        }
    }

    /// Whether its schedules may fire.
    pub fn is_on(&self) -> bool {
        self.switched.unwrap_or(self.active)
    }
}

impl ScheduleRecord {
    /// One that is meant to fire, has no parameters of its own and makes up for nothing.
    pub fn new(
        deployment: impl Into<String>,
        slug: impl Into<String>,
        schedule: Value,
        since: Micros,
    ) -> Self {
        Self {
            deployment: deployment.into(),
            slug: slug.into(),
            schedule,
            parameters: Map::new(),
            catchup: Catchup::None,
            active: true,
            switched: None,
            since,
            cursor: None,
        }
    }

    /// Whether it fires, if its deployment may.
    pub fn is_on(&self) -> bool {
        self.switched.unwrap_or(self.active)
    }

    /// Slots after this are still to be handled.
    pub fn handled(&self) -> Micros {
        self.cursor.unwrap_or(self.since).max(self.since)
    }
}
