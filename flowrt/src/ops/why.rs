//! Why is this not running? Answered from the record of a run, its processes and its graph.

mod left;
mod queue;
mod read;
#[cfg(test)]
mod tests;
pub mod words;

use std::collections::HashSet;

use serde::Serialize;

use crate::engine::park::doubt_of;
use crate::error::Error;
use crate::model::graph::Graph;
use crate::model::ids::RunId;
use crate::model::limit::Rule;
use crate::model::record::{ASIDE, Journal, Micros, RunRecord, WaitRecord};
use crate::model::state::RunState;

/// Why a run, or one step of it, does not go on now.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Reason {
    /// The run.
    pub run: RunId,
    /// Its name.
    pub name: String,
    /// The step's full id; none if it is about the run as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The reason.
    #[serde(flatten)]
    pub why: Why,
}

/// What a run or step waits for.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Why {
    /// It has ended; nothing will happen any more.
    Ended {
        /// How.
        state: RunState,
    },
    /// It was accepted, and no process has taken it yet.
    NotTaken,
    /// It is left to workers, and its time has not come.
    Scheduled {
        /// When it is due, in microseconds since the Unix epoch.
        due: Micros,
    },
    /// It is due, and no worker listens on its queue.
    NoWorker {
        /// The queue.
        queue: String,
    },
    /// It is due, and no worker on its queue knows its flow.
    UnknownFlow {
        /// The flow.
        flow: String,
        /// The queue.
        queue: String,
    },
    /// It has begun under another build than that of some workers, and is left to those of its own.
    OtherBuild {
        /// Its build.
        build: String,
    },
    /// It is due, and workers that would take it have no room, or are about to.
    Queued {
        /// The queue.
        queue: String,
        /// How many workers would take it.
        workers: usize,
    },
    /// Its process is gone without having ended it.
    Dead {
        /// The number that process had, if it is still known.
        pid: Option<u32>,
    },
    /// Its process stopped in order.
    Interrupted,
    /// The code does not fit the record, or a task left it to a person what becomes of an attempt whose process died.
    Parked {
        /// What does not fit, or is not known.
        error: String,
        /// It is the second: the attempt is made again only if that is said.
        in_doubt: bool,
    },
    /// Cancel was asked for; running bodies have their grace.
    Cancelling {
        /// When it was asked for, in microseconds since the Unix epoch.
        asked: Micros,
    },
    /// It sleeps.
    Time {
        /// Until when, in microseconds since the Unix epoch.
        until: Option<Micros>,
    },
    /// It asks again and again until the answer will do.
    Poll {
        /// When it asks next, in microseconds since the Unix epoch.
        due: Option<Micros>,
    },
    /// It waits for a signal.
    Signal {
        /// The signal's name.
        signal: String,
        /// When it gives up, in microseconds since the Unix epoch.
        until: Option<Micros>,
        /// The JSON Schema of the value.
        schema: serde_json::Value,
    },
    /// An attempt failed, and the next one has a time.
    Retry {
        /// The number of the next attempt.
        attempt: u32,
        /// When it begins, in microseconds since the Unix epoch.
        due: Option<Micros>,
        /// What the last one failed of.
        error: String,
    },
    /// A step waits for its turn under a limit.
    Limit {
        /// The limit's name.
        limit: String,
        /// The value of `limit_key`; empty without one.
        key: String,
        /// What it allows, if this program knows it.
        rule: Option<Rule>,
        /// Some of those that run under it now.
        holders: Vec<Holder>,
        /// How many there are.
        held: usize,
        /// How many start before it.
        ahead: usize,
        /// When it will start, in microseconds since the Unix epoch; `None` if that depends on something being given back.
        start: Option<Micros>,
        /// How many further steps of the run wait there.
        more: usize,
    },
    /// The run waits until its flow has room for one more.
    MaxRuns {
        /// The flow.
        flow: String,
        /// How many of its runs may go on at once, if this program has the flow.
        most: Option<u32>,
        /// Some of those that go on now.
        holders: Vec<Holder>,
        /// How many there are.
        held: usize,
        /// How many begin before it.
        ahead: usize,
    },
    /// A cached task waits for the result of an equal call, which is computed now.
    Cache {
        /// That call, if it is known.
        holder: Option<Holder>,
    },
    /// A task waits for a resource that could not be made.
    Resource {
        /// When it is asked for again, in microseconds since the Unix epoch.
        due: Option<Micros>,
        /// Why it could not be made.
        error: String,
    },
    /// It waits for a child run.
    Child {
        /// The child run.
        child: RunId,
        /// Its name.
        child_name: String,
        /// Where that stands.
        state: RunState,
    },
    /// It waits for other nodes of the graph.
    Dependency {
        /// Those that have not ended.
        on: Vec<String>,
    },
    /// Another reason that a version of the engine has recorded.
    Other {
        /// The kind of wait.
        kind: String,
        /// When it ends by itself, in microseconds since the Unix epoch.
        until: Option<Micros>,
    },
    /// More of its steps, or runs below it, wait than are told one by one.
    More {
        /// How many steps more are recorded as waiting.
        steps: u64,
        /// There are runs below it of which nothing is told.
        runs: bool,
    },
    /// It does not wait: a living process drives it.
    UnderWay {
        /// The number of that process.
        pid: Option<u32>,
    },
}

/// A step, or a run as a whole, that has what others wait for.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Holder {
    /// The run.
    pub run: RunId,
    /// Its name.
    pub name: String,
    /// The step's full id; empty for a run as a whole.
    pub step: String,
}

/// Who drives a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Driver {
    /// Nobody.
    Nobody,
    /// A process that lives.
    Living(Option<u32>),
    /// A process that is gone.
    Gone(Option<u32>),
}

/// The reasons of one run: that of the run as a whole first, then those of its steps.
pub fn reasons_of(
    record: &RunRecord,
    journal: &Journal,
    unfinished: &[RunRecord],
    queued: Vec<(Option<String>, Why)>,
    driver: &Driver,
    graph: Option<&Graph>,
) -> Vec<Reason> {
    let reason = |step: Option<&str>, why| Reason {
        run: record.id,
        name: record.name.clone(),
        step: step.map(str::to_owned),
        why,
    };
    let mut reasons: Vec<Reason> = of_run(record, driver)
        .into_iter()
        .map(|why| reason(None, why))
        .collect();
    if record.state.is_final() || record.state == RunState::Parked {
        return reasons;
    }
    let mut told = HashSet::new();
    let queued: Vec<Reason> = queued
        .into_iter()
        .map(|(step, why)| reason(step.as_deref(), why))
        .collect();
    told.extend(queued.iter().filter_map(|reason| reason.step.as_deref()));
    reasons.extend(queued.iter().cloned());
    for wait in &journal.waits {
        let Some(why) = of_wait(wait, journal) else {
            continue;
        };
        told.insert(wait.step.as_str());
        // A wait of no step is the flow's own.
        let step = (!wait.step.is_empty()).then_some(wait.step.as_str());
        reasons.push(reason(step, why));
    }
    for child in unfinished {
        let step = child.parent.as_ref().map(|(_, step)| step.as_str());
        told.extend(step);
        let why = Why::Child {
            child: child.id,
            child_name: child.name.clone(),
            state: child.state,
        };
        reasons.push(reason(step, why));
    }
    for (step, on) in graph
        .map(|graph| blocked(graph, journal))
        .unwrap_or_default()
    {
        if !told.contains(step) {
            reasons.push(reason(Some(step), Why::Dependency { on }));
        }
    }
    let waits = reasons
        .iter()
        .any(|reason| !matches!(reason.why, Why::Dependency { .. }));
    if let (Driver::Living(pid), false) = (driver, waits) {
        reasons.insert(0, reason(None, Why::UnderWay { pid: *pid }));
    }
    reasons
}

fn of_run(record: &RunRecord, driver: &Driver) -> Option<Why> {
    match (record.state, driver) {
        (RunState::Parked, _) => Some(Why::Parked {
            error: record.error.as_ref().map_or_else(String::new, |error| {
                Error::from_json(error).message().to_owned()
            }),
            in_doubt: doubt_of(record).is_some(),
        }),
        (RunState::Interrupted, _) => Some(Why::Interrupted),
        (state, _) if state.is_final() => Some(Why::Ended { state }),
        (_, Driver::Gone(pid)) => Some(Why::Dead { pid: *pid }),
        (_, Driver::Nobody) => Some(Why::NotTaken),
        (_, Driver::Living(_)) => record
            .cancel_requested
            .map(|asked| Why::Cancelling { asked }),
    }
}

/// What a recorded wait waits for; nothing for what the engine only notes.
fn of_wait(wait: &WaitRecord, journal: &Journal) -> Option<Why> {
    Some(match wait.kind.as_str() {
        // Told by the child itself, by the deadline of the run, by the body that runs; a note that it was let in.
        "child" | "timeout" | "attempt" | "entered" => return None,
        "sleep" => Why::Time { until: wait.due },
        "poll" => Why::Poll { due: wait.due },
        "signal" => Why::Signal {
            signal: wait.detail["name"].as_str().unwrap_or_default().to_owned(),
            until: wait.due,
            schema: wait.detail["schema"].clone(),
        },
        "retry" => {
            let failed = journal
                .attempts
                .iter()
                .filter(|attempt| attempt.step == wait.step);
            let last = failed.max_by_key(|attempt| attempt.attempt);
            Why::Retry {
                attempt: last.map_or(1, |last| last.attempt + 1),
                due: wait.due,
                error: last.map_or_else(String::new, |last| {
                    Error::from_json(&last.error).message().to_owned()
                }),
            }
        }
        "cache" => Why::Cache {
            holder: queue::noted(&wait.detail),
        },
        "resource" => Why::Resource {
            due: wait.due,
            error: wait.detail["error"].as_str().unwrap_or_default().to_owned(),
        },
        kind => Why::Other {
            kind: kind.to_owned(),
            until: wait.due,
        },
    })
}

/// Nodes of a DAG that wait for others, and for which.
fn blocked<'a>(graph: &'a Graph, journal: &Journal) -> Vec<(&'a str, Vec<String>)> {
    // A fan-out is over when its scope is: `fetch[]`.
    let fans = journal.scopes.iter();
    let fans = fans.filter_map(|(scope, _)| scope.strip_suffix("[]"));
    let recorded: HashSet<&str> = journal
        .steps
        .iter()
        .filter(|step| step.seq < ASIDE)
        .map(|step| step.step.as_str())
        .chain(fans)
        .collect();
    let ended = |index: usize| recorded.contains(graph.nodes[index].id.as_str());
    let mut all = Vec::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        let open = graph
            .edges
            .iter()
            .filter(|edge| edge.to == index && !ended(edge.from))
            .map(|edge| graph.nodes[edge.from].id.clone());
        let on: Vec<String> = open.collect();
        if !ended(index) && !on.is_empty() {
            all.push((node.id.as_str(), on));
        }
    }
    all
}
