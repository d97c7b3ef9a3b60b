//! The few lines that explain why a run did not complete: its first cause, equal causes as one, what was said before.

mod lines;
mod sameness;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::after::is_after;
use super::outline::Outline;
use super::record::{ASIDE, Journal, LogLine, Micros, RunRecord, StepKind, StepRecord};
use super::state::RunState;
use crate::error::{Error, ErrorKind};

/// How many causes are told before the rest is only counted.
const CAUSES: usize = 5;

/// How many steps of a cause are named.
const STEPS: usize = 3;

/// How many lines of the log are told.
const WARNINGS: usize = 3;

/// Why a run did not complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ErrorDigest {
    /// The causes, the one that came first in time first; failures with equal causes are one. Never empty.
    pub causes: Vec<Cause>,
    /// How many more causes there are.
    pub more_causes: u64,
    /// How many steps failed, items of fan-outs included.
    pub failed: u64,
    /// The fan-outs in which items failed, in the order of their names.
    pub fan_outs: Vec<FanOut>,
    /// The last warnings and errors that the attempt which failed first had logged, oldest first.
    pub warnings: Vec<Warning>,
}

/// Something that made steps fail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cause {
    /// Equal for equal causes of one flow, whatever the numbers in their words: 16 hexadecimal digits.
    pub fingerprint: String,
    /// The innermost cause in words.
    pub root: String,
    /// What failed because of it, nearest first: the other messages of the error.
    pub led_to: Vec<String>,
    /// Its kind.
    pub kind: ErrorKind,
    /// The step that failed first by it; empty for the flow itself.
    pub step: String,
    /// The name of the run below this one in which that step is, if it is not this one.
    pub run: Option<String>,
    /// `file:line`, where known.
    pub location: Option<String>,
    /// How many attempts that step took; 0 if unknown.
    pub attempts: u32,
    /// When it failed, in microseconds since the Unix epoch.
    pub at: Micros,
    /// What to try, if somebody knew.
    pub hint: Option<String>,
    /// How many steps failed by it; of very many failures only the first are looked at.
    pub count: u64,
    /// The first of those steps.
    pub steps: Vec<String>,
    /// Attempts of the first step that failed by something else: the attempt's number and its message.
    pub earlier: Vec<(u32, String)>,
}

/// A fan-out in which items failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FanOut {
    /// Its step, such as `fetch_page`.
    pub step: String,
    /// How many items failed.
    pub failed: u64,
    /// How many items ended.
    pub ended: u64,
}

/// A line of the log from before a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Warning {
    /// `WARN` or `ERROR`.
    pub level: String,
    /// What it says.
    pub message: String,
    /// When, in microseconds since the Unix epoch.
    pub time: Micros,
}

/// Why a run did not complete; none if it completed, was skipped or cancelled, or goes on.
///
/// The lines of the log are not known here: see [`ErrorDigest::tell`].
pub fn digest(record: &RunRecord, journal: &Journal) -> Option<ErrorDigest> {
    let own = Error::from_json(record.error.as_deref()?);
    if !is_explained(record.state) {
        return None;
    }
    let mut failures: Vec<&StepRecord> = journal
        .steps
        .iter()
        .filter(|step| counts(step) && step.state.is_failure() && !step.tolerated)
        .filter(|step| !is_after(&step.scope))
        // That an upstream failed explains nothing.
        .filter(|step| !matches!(step.kind, StepKind::Node | StepKind::Map))
        .collect();
    failures.sort_by_key(|step| (step.finished, step.seq));
    let mut groups = Groups::default();
    for step in &failures {
        groups.add(&record.flow, step, journal);
    }
    // What the flow itself made of it is a cause of its own only if no step explains it.
    let mut causes = groups.causes;
    if causes.is_empty() || !explains(&causes, &own) {
        causes.insert(0, of_run(record, &own));
    }
    let more_causes = causes.len().saturating_sub(CAUSES) as u64;
    causes.truncate(CAUSES);
    Some(ErrorDigest {
        causes,
        more_causes,
        failed: failures.len() as u64,
        fan_outs: fan_outs(journal, &failures),
        warnings: Vec::new(),
    })
}

const fn is_explained(state: RunState) -> bool {
    matches!(
        state,
        RunState::Failed | RunState::TimedOut | RunState::Crashed | RunState::Parked
    )
}

fn counts(step: &StepRecord) -> bool {
    step.seq < ASIDE
}

/// The run's error is that of a step, or quotes it.
fn explains(causes: &[Cause], own: &Error) -> bool {
    let words = || std::iter::once(own.message()).chain(own.chain());
    own.task().is_some()
        || causes
            .iter()
            .any(|cause| words().any(|text| text.contains(&cause.root)))
}

fn of_run(record: &RunRecord, error: &Error) -> Cause {
    let step = error.task().unwrap_or_default();
    let attempts = error.attempts();
    cause(
        &record.flow,
        error,
        (step, &record.flow),
        record.finished.unwrap_or(0),
        attempts,
    )
}

fn cause(
    flow: &str,
    error: &Error,
    (step, task): (&str, &str),
    at: Micros,
    attempts: u32,
) -> Cause {
    let mut words: Vec<String> = std::iter::once(error.message())
        .chain(error.chain())
        .map(str::to_owned)
        .collect();
    let root = words.pop().expect("an error has a message");
    words.reverse();
    Cause {
        fingerprint: sameness::fingerprint(flow, task, error),
        root,
        led_to: words,
        kind: error.kind(),
        step: step.to_owned(),
        run: None,
        location: error.location().map(str::to_owned),
        attempts,
        at,
        hint: error.try_this().map(str::to_owned),
        count: 1,
        steps: vec![step.to_owned()],
        earlier: Vec::new(),
    }
}

/// Failures by what caused them.
#[derive(Default)]
struct Groups {
    causes: Vec<Cause>,
    by_fingerprint: HashMap<String, usize>,
}

impl Groups {
    fn add(&mut self, flow: &str, step: &StepRecord, journal: &Journal) {
        let text = step.output.as_deref().unwrap_or("it left no error");
        let error = Error::from_json(text);
        let fingerprint = sameness::fingerprint(flow, &step.task, &error);
        if let Some(place) = self.by_fingerprint.get(&fingerprint) {
            let known = &mut self.causes[*place];
            known.count += 1;
            if known.steps.len() < STEPS {
                known.steps.push(step.step.clone());
            }
            return;
        }
        let names = (step.step.as_str(), step.task.as_str());
        let mut cause = cause(flow, &error, names, step.finished, step.attempts);
        cause.earlier = earlier(flow, step, journal, &fingerprint);
        self.by_fingerprint.insert(fingerprint, self.causes.len());
        self.causes.push(cause);
    }
}

/// Attempts that failed by something else, each cause once.
fn earlier(flow: &str, step: &StepRecord, journal: &Journal, last: &str) -> Vec<(u32, String)> {
    let mut known = vec![last.to_owned()];
    let mut told = Vec::new();
    for attempt in journal
        .attempts
        .iter()
        .filter(|attempt| attempt.step == step.step)
    {
        let error = Error::from_json(&attempt.error);
        let fingerprint = sameness::fingerprint(flow, &step.task, &error);
        if !known.contains(&fingerprint) {
            told.push((attempt.attempt, error.message().to_owned()));
            known.push(fingerprint);
        }
    }
    told
}

/// `fetch_page` for the scope `fetch_page[]`.
fn fan_out(step: &StepRecord) -> Option<&str> {
    step.scope.strip_suffix("[]")
}

fn fan_outs(journal: &Journal, failures: &[&StepRecord]) -> Vec<FanOut> {
    let mut failed: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for name in failures.iter().filter_map(|step| fan_out(step)) {
        *failed.entry(name).or_default() += 1;
    }
    let mut ended: HashMap<&str, u64> = HashMap::new();
    for name in journal
        .steps
        .iter()
        .filter(|step| counts(step))
        .filter_map(fan_out)
    {
        *ended.entry(name).or_default() += 1;
    }
    failed
        .into_iter()
        .map(|(step, failed)| FanOut {
            step: step.to_owned(),
            failed,
            ended: ended.get(step).copied().unwrap_or(failed),
        })
        .collect()
}

impl ErrorDigest {
    /// The cause that came first.
    pub fn first(&self) -> &Cause {
        &self.causes[0]
    }

    /// The first cause was inside a child run: what that run's own digest says of it takes its place.
    #[must_use]
    pub fn seen_in(mut self, run: &str, child: Self) -> Self {
        let outer = &self.causes[0];
        let mut inner = child
            .causes
            .into_iter()
            .next()
            .expect("a digest has a cause");
        inner.fingerprint.clone_from(&outer.fingerprint);
        inner.count = outer.count;
        inner.steps.clone_from(&outer.steps);
        inner.run = inner.run.or_else(|| Some(run.to_owned()));
        self.causes[0] = inner;
        self.warnings = child.warnings;
        self
    }

    /// Says of each cause by what else the first step that failed by it had failed before; `journal` holds that step and
    /// its attempts.
    pub fn recall(&mut self, flow: &str, journal: &Journal) {
        for cause in &mut self.causes {
            let step = journal.steps.iter().find(|step| step.step == cause.step);
            if let Some(step) = step {
                cause.earlier = earlier(flow, step, journal, &cause.fingerprint);
            }
        }
    }

    /// Says how many items of each fan-out have ended, and failed, where only some of the failures were read.
    pub fn count(&mut self, outline: &Outline, all: Option<u64>) {
        for fan in &mut self.fan_outs {
            let scope = format!("{}[]", fan.step);
            fan.ended = outline.items(&scope).unwrap_or(fan.failed);
            let kind = outline.kinds().iter().find(|kind| kind.name == scope);
            if let (Some(kind), Some(_)) = (kind, all) {
                let failed = kind.states.iter().filter(|(state, _)| state.is_failure());
                fan.failed = failed.map(|(_, count)| count).sum();
            }
        }
        self.failed = all.unwrap_or(self.failed);
    }

    /// Adds the last warnings of the attempt that failed first; `lines` are those of its step and of its attempts.
    pub fn tell(&mut self, lines: &[LogLine]) {
        let at = self.first().at;
        let last = lines.iter().map(|line| line.attempt).max().unwrap_or(0);
        let grave = lines
            .iter()
            .rev()
            .filter(|line| matches!(line.level.as_str(), "WARN" | "ERROR"))
            .filter(|line| line.attempt == last && (at == 0 || line.time <= at));
        self.warnings = grave
            .take(WARNINGS)
            .map(|line| Warning {
                level: line.level.clone(),
                message: line.message.clone(),
                time: line.time,
            })
            .collect();
        self.warnings.reverse();
    }
}
