//! What is to be deployed: the entries of files, checked against the flows of the program, and the schedules that flows
//! have of their own.

use std::collections::HashMap;
use std::time::Duration;

use flowrt_grammar::deployments::{
    CatchupWord, Entry, File, Key, Moment, Node, Place as At, Remark, Rule, ScheduleEntry,
    WhenFullWord, map_to_json,
};
use serde_json::{Map, Value};

use super::super::params::schema::{Kind, Place};
use super::super::params::{self, secret, text};
use crate::author::meta::Meta;
use crate::author::secret::FIELD;
use crate::error::Result;
use crate::model::deployment::{Catchup, Deployment, RunLimit, RunWhenFull, Source};
use crate::model::schedule::{Schedule, Written};

/// A deployment that is to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// What was written down.
    pub deployment: Deployment,
    /// Whether it is meant to fire.
    pub active: bool,
    /// Its schedules.
    pub schedules: Vec<WantedSchedule>,
}

/// A schedule that is to be.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedSchedule {
    /// Its name.
    pub slug: String,
    /// The rule.
    pub rule: Value,
    /// See [`Rule::start`].
    pub start: Option<i64>,
    /// On top of the deployment's.
    pub parameters: Map<String, Value>,
    /// What is made up for.
    pub catchup: Catchup,
    /// Whether it is meant to fire.
    pub active: bool,
}

/// The flows of the program.
type Flows = HashMap<&'static str, &'static Meta>;

/// What a file wants; what is wrong is added to its faults.
pub(super) fn of_file(file: &mut File, flows: &Flows, source: Source) -> Vec<Wanted> {
    let entries = std::mem::take(&mut file.deployments);
    let wanted = entries
        .iter()
        .filter_map(|entry| of_entry(entry, flows, source, &mut file.faults))
        .collect();
    file.faults.sort_by_key(|fault| fault.place);
    wanted
}

/// The default deployments of flows with a schedule of their own.
pub(super) fn of_flows(flows: &Flows) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = flows
        .values()
        .filter_map(|meta| {
            let cron = meta.flow.schedule?;
            // The compiler has read both.
            let schedule = Schedule::of_cron(cron, meta.flow.timezone).ok()?;
            Some(Wanted {
                deployment: Deployment {
                    description: meta.doc.to_owned(),
                    tags: meta.flow.tags.iter().map(|&tag| tag.to_owned()).collect(),
                    ..Deployment::new(meta.name, meta.name, Source::Flow)
                },
                active: true,
                schedules: vec![WantedSchedule {
                    slug: "schedule".to_owned(),
                    rule: schedule.to_json(),
                    start: None,
                    parameters: Map::new(),
                    catchup: Catchup::None,
                    active: true,
                }],
            })
        })
        .collect();
    wanted.sort_by(|a, b| a.deployment.name.cmp(&b.deployment.name));
    wanted
}

fn of_entry(
    entry: &Entry,
    flows: &Flows,
    source: Source,
    faults: &mut Vec<Remark>,
) -> Option<Wanted> {
    let Some(meta) = flow_of(entry, flows) else {
        faults.push(unknown_flow(entry, flows));
        return None;
    };
    let schema = params::schema_of(meta);
    let root = Place::root(&schema);
    let mut given = Checked {
        meta,
        root,
        faults,
        name: entry.name.at(),
    };
    let parameters = given.values(&entry.parameters);
    let schedules: Vec<_> = entry
        .schedules
        .iter()
        .map(|schedule| WantedSchedule {
            slug: schedule.slug.clone(),
            rule: given.rule(schedule),
            start: schedule
                .rule
                .start
                .as_ref()
                .map(|moment| moment.at.as_microsecond()),
            parameters: given.values(&schedule.parameters),
            catchup: match schedule.catchup {
                CatchupWord::None => Catchup::None,
                CatchupWord::Last => Catchup::Last,
                CatchupWord::All => Catchup::All,
            },
            active: schedule.active,
        })
        .collect();
    given.check(entry, &parameters, &schedules);
    Some(Wanted {
        deployment: Deployment {
            name: entry.name.value.clone(),
            flow: meta.name.to_owned(),
            shown: entry.shown.clone().filter(|shown| *shown != meta.name),
            description: entry.description.clone(),
            tags: entry.tags.clone(),
            parameters,
            pool: entry.pool.clone(),
            queue: entry.queue.clone(),
            job_variables: object(&entry.job_variables),
            limit: entry.limit.map(|limit| RunLimit {
                count: limit.count,
                when_full: match limit.when_full {
                    WhenFullWord::Queue => RunWhenFull::Queue,
                    WhenFullWord::CancelNew => RunWhenFull::CancelNew,
                    WhenFullWord::CancelPrevious => RunWhenFull::CancelPrevious,
                    WhenFullWord::Skip => RunWhenFull::Skip,
                },
            }),
            retries: entry.retries,
            timeout: entry.timeout.map(crate::clock::micros),
            source,
        },
        active: entry.active,
        schedules,
    })
}

/// The flow by its registered name or its function's, with `-` as good as `_`, and of the path as much as was written.
fn flow_of(entry: &Entry, flows: &Flows) -> Option<&'static Meta> {
    let name = entry.flow_name();
    let snake = name.replace('-', "_");
    let by_name = flows.get(name).or_else(|| flows.get(snake.as_str()));
    let path = entry
        .flow
        .value
        .rsplit_once("::")
        .map(|(path, _)| path.trim_start_matches("crate::"));
    let fits = |meta: &&Meta| {
        path.is_none_or(|path| {
            path == "crate" || format!("::{}", meta.module).ends_with(&format!("::{path}"))
        })
    };
    by_name.copied().filter(fits).or_else(|| {
        let mut found = flows
            .values()
            .copied()
            .filter(|meta| meta.function == snake && fits(meta));
        found.next().filter(|_| found.next().is_none())
    })
}

fn unknown_flow(entry: &Entry, flows: &Flows) -> Remark {
    let name = entry.flow_name();
    let error = crate::registry::unknown(name, flows);
    Remark {
        place: entry.flow.place,
        width: entry.flow.width,
        message: error.message().to_owned(),
        hint: error.try_this().map(str::to_owned),
    }
}

/// Parameters as they are checked against one flow.
struct Checked<'a> {
    meta: &'static Meta,
    root: Place<'a>,
    faults: &'a mut Vec<Remark>,
    name: (At, usize),
}

impl Checked<'_> {
    /// Values as the flow takes them: what a file can only say in words is read.
    fn values(&mut self, fields: &[(Key, Node)]) -> Map<String, Value> {
        let mut values = object(fields);
        for (key, node) in fields {
            let Some(place) = self.root.child(&key.text) else {
                continue;
            };
            if let Some(value) = values.get_mut(&key.text) {
                self.read(place, node, value);
            }
        }
        values
    }

    /// Lengths of time and references to secrets are texts in a file.
    fn read(&mut self, place: Place<'_>, node: &Node, value: &mut Value) {
        let inner = place.inner();
        let said = match (inner.kind(), &*value) {
            (Kind::Duration, Value::String(said)) => text::read(place, &[said]),
            (Kind::Secret, Value::String(said)) => {
                secret::typed(&[said]).map_err(|_| SECRET.to_owned())
            }
            (Kind::Secret, Value::Object(fields)) if fields.contains_key(FIELD) => return,
            (Kind::Secret, Value::Null) => return,
            (Kind::Secret, _) => Err(SECRET.to_owned()),
            (_, Value::Object(_) | Value::Array(_)) => return self.read_below(inner, node, value),
            _ => return,
        };
        match said {
            Ok(read) => *value = read,
            Err(message) => {
                // Neither the fault nor anything else repeats what may be a secret.
                *value = Value::Null;
                self.fault(node.at(), message);
            }
        }
    }

    fn read_below(&mut self, place: Place<'_>, node: &Node, value: &mut Value) {
        let below: Vec<(String, &mut Value)> = match value {
            Value::Object(fields) => fields
                .iter_mut()
                .map(|(name, value)| (name.clone(), value))
                .collect(),
            Value::Array(items) => items
                .iter_mut()
                .enumerate()
                .map(|(index, value)| (format!("[{index}]"), value))
                .collect(),
            _ => return,
        };
        for (step, value) in below {
            if let Some(child) = place.child(step.trim_matches(['[', ']'])) {
                self.read(child, node.along(&step), value);
            }
        }
    }

    fn rule(&mut self, schedule: &ScheduleEntry) -> Value {
        match schedule_of(&schedule.rule) {
            Ok(schedule) => schedule.to_json(),
            Err(error) => {
                let place = schedule.rule.place.unwrap_or(schedule.place);
                self.fault((place, 1), error.message().to_owned());
                Value::Null
            }
        }
    }

    /// Every fault of what a run would get: by hand what is missing may be given, by a schedule it may not.
    fn check(
        &mut self,
        entry: &Entry,
        parameters: &Map<String, Value>,
        schedules: &[WantedSchedule],
    ) {
        let places = |path: &str, own: &[(Key, Node)]| self::at(path, own, &entry.parameters);
        let mut found = Vec::new();
        for fault in params::faults(self.meta, parameters) {
            let is_missing = !parameters.contains_key(top(&fault.path));
            if !is_missing {
                found.push((places(&fault.path, &[]), fault));
            }
        }
        for (schedule, wanted) in entry.schedules.iter().zip(schedules) {
            let mut all = parameters.clone();
            all.extend(wanted.parameters.clone());
            for fault in params::faults(self.meta, &all) {
                let is_own = wanted.parameters.contains_key(top(&fault.path));
                let is_missing = !all.contains_key(top(&fault.path));
                if is_own || is_missing {
                    found.push((places(&fault.path, &schedule.parameters), fault));
                }
            }
        }
        for (at, fault) in found {
            let message = match at {
                Some(_) => format!("`{}` {}", fault.path, fault.message),
                None => format!(
                    "`{}` of `{}` {}; a schedule starts it, and nobody is there to give one",
                    fault.path, self.meta.name, fault.message
                ),
            };
            self.fault(at.unwrap_or(self.name), message);
        }
    }

    fn fault(&mut self, (place, width): (At, usize), message: String) {
        let fault = Remark {
            place,
            width,
            message,
            hint: None,
        };
        // A parameter that is wrong for three schedules is wrong once.
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

const SECRET: &str = "this parameter is a secret, and a file is no place for its value; write @NAME (after `secrets set NAME`), env:NAME or file:PATH";

/// Where the value at a path stands: among the schedule's parameters, or the deployment's.
fn at(path: &str, own: &[(Key, Node)], shared: &[(Key, Node)]) -> Option<(At, usize)> {
    let name = top(path);
    let (key, node) = own.iter().chain(shared).find(|(key, _)| key.text == name)?;
    let rest = &path[name.len()..];
    let below = node.along(rest);
    // An unknown parameter is pointed at by its name.
    Some(if rest.is_empty() && below.is_null() {
        key.at()
    } else {
        below.at()
    })
}

fn top(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

fn object(fields: &[(Key, Node)]) -> Map<String, Value> {
    serde_json::from_str(&map_to_json(fields)).unwrap_or_default()
}

/// The rule as the store keeps it.
fn schedule_of(rule: &Rule) -> Result<Schedule> {
    let moment = |moment: &Option<Moment>| moment.as_ref().map(|moment| moment.at.as_microsecond());
    Schedule::new(Written {
        cron: rule.cron.clone(),
        day_or: rule.day_or,
        interval: rule.interval.map(length),
        rrule: rule.rrule.clone(),
        timezone: rule.timezone.clone(),
        anchor: moment(&rule.anchor),
        start: moment(&rule.start),
        end: moment(&rule.end),
        jitter: rule.jitter.map(length),
    })
}

/// For people where that says all of it.
fn length(length: Duration) -> String {
    let text = flowrt_grammar::format_duration(length);
    match flowrt_grammar::parse_duration(&text) {
        Ok(read) if read == length => text,
        _ => format!("{}us", length.as_micros()),
    }
}
