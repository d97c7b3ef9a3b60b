//! One plain line an event, where there is no terminal. A fan-out of thousands does not flood: from its 10th step on,
//! only failures and round counts are told.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::moment::Moment;
use super::standing::waiting;
use super::view::first_line;
use crate::model::event::{Event, What};
use crate::model::ids::RunId;
use crate::model::number::grouped;
use crate::model::record::{LogLine, StepKind};
use crate::model::state::{RunState, TaskState};

/// So many steps of one name are told one by one.
const TOLD: u64 = 10;

/// What was told before, so that it is known what may be left out.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    /// Names of the child runs that are under way; the run itself needs none.
    runs: HashMap<RunId, String>,
    root: Option<RunId>,
    told: HashMap<(RunId, String), Told>,
    /// Failures: whether one is tolerated is recorded later, and no other failure.
    failed: HashSet<(RunId, Arc<str>)>,
}

#[derive(Debug, Default)]
struct Told {
    started: u64,
    ended: u64,
}

impl Plain {
    /// The line for an event, if it gets one.
    pub(crate) fn line(&mut self, event: &Event, moment: &Moment) -> Option<String> {
        if let (What::RunStarted { name, flow, .. }, None) = (&event.what, self.root) {
            self.root = Some(event.run);
            return Some(format!("{flow} · {name}"));
        }
        let (state, text) = self.words(event, moment)?;
        let of = match self.runs.get(&event.run) {
            Some(name) => format!("{name} "),
            None => String::new(),
        };
        Some(format!(
            "{}  {state:<9}  {of}{text}",
            moment.clock(event.at)
        ))
    }

    fn words(&mut self, event: &Event, moment: &Moment) -> Option<(String, String)> {
        match &event.what {
            What::RunStarted {
                name,
                flow,
                parent,
                continues,
            } => {
                if continues.is_some() && *continues == self.root {
                    self.root = Some(event.run);
                }
                self.failed.retain(|(run, _)| *run != event.run);
                let running = "running".to_owned();
                if parent.is_none() || self.root == Some(event.run) {
                    return Some((running, format!("{flow} · {name}")));
                }
                self.runs.insert(event.run, name.clone());
                Some((running, flow.clone()))
            }
            What::RunEnded { state, .. } => {
                self.told.retain(|(run, _), _| *run != event.run);
                self.failed.retain(|(run, _)| *run != event.run);
                // The end of the run itself has lines of its own.
                let name = self.runs.remove(&event.run)?;
                Some((run_word(*state), format!("{name} ended")))
            }
            What::Started {
                step,
                attempt,
                label,
                ..
            } => {
                let told = self.told(event.run, step);
                told.started += u64::from(*attempt == 1);
                let again = of_attempt(*attempt);
                (told.started <= TOLD).then(|| {
                    (
                        "running".to_owned(),
                        format!("{}{again}", labelled(step, label.as_deref())),
                    )
                })
            }
            What::Retrying {
                step,
                attempt,
                due,
                error,
            } => {
                let due = due.filter(|due| *due > event.at);
                let due = due.map_or_else(String::new, |due| {
                    format!(", next at {}", moment.clock(due))
                });
                let error = first_line(error);
                let who = if step.is_empty() { "the flow" } else { step };
                let text = format!("{who} (attempt {attempt} failed{due}): {error}");
                Some(("retrying".to_owned(), text))
            }
            What::Waiting {
                step,
                kind,
                name,
                until,
            } => {
                let told = self.told(event.run, step);
                let text = format!("{step} {}", waiting(kind, name.as_deref(), *until, moment));
                (told.started <= TOLD).then(|| ("waiting".to_owned(), text))
            }
            What::Ended { .. } => self.ended(event),
            What::Log(line) => Some((line.level.to_lowercase(), log_words(line))),
            _ => None,
        }
    }

    fn ended(&mut self, event: &Event) -> Option<(String, String)> {
        let What::Ended {
            step,
            kind,
            state,
            took,
            kept,
            error,
            label,
            ..
        } = &event.what
        else {
            return None;
        };
        if matches!(kind, StepKind::Now | StepKind::Map | StepKind::Race) {
            return None;
        }
        if state.is_failure() && !self.failed.insert((event.run, step.clone())) {
            return None;
        }
        let told = self.told(event.run, step);
        told.ended += 1;
        let ended = told.ended;
        if ended > TOLD && !state.is_failure() {
            let text = || format!("{} × {}", name_of(step), grouped(ended));
            return is_round(ended).then(|| ("completed".to_owned(), text()));
        }
        let took = flowrt_grammar::format_duration(*took);
        let step = labelled(step, label.as_deref());
        let why = error
            .as_ref()
            .map_or_else(String::new, |error| format!(": {}", first_line(error)));
        let text = match (kept, state) {
            (true, _) => format!("{step} kept{why}"),
            (_, TaskState::Skipped | TaskState::UpstreamFailed | TaskState::Cached) => {
                format!("{step}{why}")
            }
            _ => format!("{step} {took}{why}"),
        };
        Some((task_word(*state), text))
    }

    fn told(&mut self, run: RunId, step: &str) -> &mut Told {
        self.told
            .entry((run, name_of(step).to_owned()))
            .or_default()
    }
}

/// An item of a fan-out with what people know it by: `fetch[3] (Austria)`.
fn labelled(step: &str, label: Option<&str>) -> String {
    match label {
        Some(label) => format!("{step} ({label})"),
        None => step.to_owned(),
    }
}

/// What a log line says, after the name of its step.
pub(crate) fn log_words(line: &LogLine) -> String {
    if line.step.is_empty() {
        line.message.clone()
    } else {
        format!(
            "{}{}: {}",
            line.step,
            of_attempt(line.attempt),
            line.message
        )
    }
}

fn of_attempt(attempt: u32) -> String {
    if attempt > 1 {
        format!(" (attempt {attempt})")
    } else {
        String::new()
    }
}

/// The name that steps of a fan-out or of a loop share.
fn name_of(step: &str) -> &str {
    let start = step.rfind('/').map_or(0, |slash| slash + 1);
    let end = step[start..]
        .find(['[', '#'])
        .map_or(step.len(), |end| start + end);
    &step[..end]
}

/// 20, 50, 100, 200, 500, 1,000 and so on.
fn is_round(number: u64) -> bool {
    let mut rest = number;
    while rest >= 10 && rest.is_multiple_of(10) {
        rest /= 10;
    }
    matches!(rest, 1 | 2 | 5)
}

fn task_word(state: TaskState) -> String {
    match state {
        TaskState::TimedOut => "timed out".to_owned(),
        TaskState::UpstreamFailed => "not run".to_owned(),
        state => state.as_str().to_lowercase(),
    }
}

fn run_word(state: RunState) -> String {
    match state {
        RunState::TimedOut => "timed out".to_owned(),
        state => state.as_str().to_lowercase(),
    }
}
