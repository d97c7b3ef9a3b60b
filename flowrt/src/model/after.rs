//! What is done once an outcome is known: hooks of steps, hooks of the run, and what undoes the tasks of a run that
//! failed. Such a step is recorded in a scope in parentheses, which no flow can open, so that no replay asks for it.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::ids::RunId;
use super::payload::Payload;
use super::record::{ASIDE, Journal, Micros, StepKind, StepRecord, WaitRecord};
use super::state::{RunState, TaskState};

/// Under this id the end of a run is noted that is decided, while what follows from it is under way.
pub const END: &str = "(end)";

/// What such a step is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum After {
    /// A hook of a step that failed.
    Failure,
    /// A hook of a step that succeeded.
    Success,
    /// It undoes a step.
    Rollback,
    /// A hook of the run.
    End,
}

impl After {
    const ALL: [Self; 4] = [Self::Failure, Self::Success, Self::Rollback, Self::End];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "on_failure",
            Self::Success => "on_success",
            Self::Rollback => "rollback",
            Self::End => "end",
        }
    }

    /// The scope of such steps. A round begins when the run is taken up again: what was done before it counts no more.
    pub fn scope(self, round: u32) -> String {
        let name = self.as_str();
        if round <= 1 {
            format!("({name})/")
        } else {
            format!("({name} {round})/")
        }
    }
}

/// Whether a step, or what stands in a scope, comes after an outcome, and is no part of what the flow calls.
pub fn is_after(step_or_scope: &str) -> bool {
    read(step_or_scope).is_some()
}

/// What such a step is for, and the step or hook that it is about.
pub fn read(step: &str) -> Option<(After, &str)> {
    let (scope, target) = step.strip_prefix('(')?.split_once(")/")?;
    let name = scope.split(' ').next()?;
    let kind = After::ALL.into_iter().find(|kind| kind.as_str() == name)?;
    Some((kind, target))
}

/// What of this kind is recorded in a run.
#[derive(Debug, Default)]
pub struct Afters {
    by_target: HashMap<(After, String), Called>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Called {
    /// How often in earlier rounds.
    before: u32,
    /// In this round.
    now: Option<TaskState>,
    /// The last time.
    began: Micros,
}

impl Afters {
    /// Reads it from a run's record.
    pub fn of(journal: &Journal) -> Self {
        let mut afters = Self::default();
        for step in &journal.steps {
            if let Some((kind, target)) = read(&step.step) {
                let key = (kind, target.to_owned());
                let called = afters.by_target.entry(key).or_default();
                if step.seq < ASIDE {
                    called.now = Some(step.state);
                } else {
                    called.before += 1;
                }
                called.began = called.began.max(step.started);
            }
        }
        afters
    }

    fn get(&self, kind: After, target: &str) -> Called {
        let key = (kind, target.to_owned());
        self.by_target.get(&key).copied().unwrap_or_default()
    }

    /// How it ended in this round, if it did.
    pub fn now(&self, kind: After, target: &str) -> Option<TaskState> {
        self.get(kind, target).now
    }

    /// The round in which it is called next, from 1.
    pub fn round(&self, kind: After, target: &str) -> u32 {
        self.get(kind, target).before + 1
    }

    /// How often each step was undone before this round.
    pub fn undone_before(&self) -> HashMap<String, u32> {
        self.by_target
            .iter()
            .filter(|((kind, _), called)| *kind == After::Rollback && called.before > 0)
            .map(|((_, step), called)| (step.clone(), called.before))
            .collect()
    }

    /// Whether the hook of an outcome was called: in this round, or in an earlier one about the same outcome, which has
    /// been reused since.
    pub fn is_called(&self, kind: After, outcome: &StepRecord) -> bool {
        let called = self.get(kind, &outcome.step);
        called.now.is_some() || (called.before > 0 && called.began >= outcome.finished)
    }

    /// A hook is under way.
    pub fn begins(&mut self, kind: After, target: &str) {
        let key = (kind, target.to_owned());
        let called = self.by_target.entry(key).or_default();
        called.now = Some(TaskState::Running);
    }

    /// The steps whose undoing was begun in this round, with how that ended.
    pub fn rolled_back(&self) -> impl Iterator<Item = (&str, TaskState)> {
        self.by_target
            .iter()
            .filter_map(|((kind, target), called)| {
                let state = called.now.filter(|_| *kind == After::Rollback)?;
                Some((target.as_str(), state))
            })
    }
}

/// The steps to undo, the last that ended first: what succeeded in this run and was not undone since it did. What a rerun
/// copied was done by its origin, and a child run undoes its own.
pub fn to_undo(
    journal: &Journal,
    run: RunId,
    can_be_undone: impl Fn(&StepRecord) -> bool,
) -> Vec<&StepRecord> {
    let mut seen = HashSet::new();
    let is_own = |step: &&StepRecord| {
        step.kind == StepKind::Task
            && step.state == TaskState::Completed
            && step.reused_from.is_none_or(|from| from == run)
            && !is_after(&step.step)
    };
    let (live, aside): (Vec<_>, Vec<_>) = journal.steps.iter().partition(|step| step.seq < ASIDE);
    // What was set aside ended before all that this drive has numbered.
    let latest_first = live.into_iter().rev().chain(aside.into_iter().rev());
    latest_first
        .filter(|step| seen.insert(step.step.as_str()))
        .filter(is_own)
        .filter(|step| can_be_undone(step))
        .collect()
}

/// How a run will end once all that follows from it is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// A final state.
    pub state: RunState,
    /// What it returned.
    pub output: Option<Payload>,
    /// Why it ended otherwise.
    pub error: Option<Payload>,
    /// When it was decided.
    pub at: Micros,
    /// How often its process had died in a row by then.
    pub crashes: u32,
}

impl Decided {
    /// As it is noted.
    pub fn to_wait(&self) -> WaitRecord {
        let text = |payload: &Option<Payload>| payload.as_ref().map(|payload| payload.to_string());
        WaitRecord {
            step: END.to_owned(),
            kind: "end".to_owned(),
            due: None,
            detail: json!({
                "state": self.state.as_str(),
                "output": text(&self.output),
                "error": text(&self.error),
                "at": self.at,
                "crashes": self.crashes,
            }),
        }
    }

    /// What is noted, if anything is.
    pub fn of(journal: &Journal) -> Option<Self> {
        let wait = journal.waits.iter().find(|wait| wait.step == END)?;
        let text = |name: &str| wait.detail.get(name).and_then(Value::as_str);
        let payload = |name: &str| text(name).map(Payload::from_json);
        Some(Self {
            state: RunState::parse(text("state")?)?,
            output: payload("output"),
            error: payload("error"),
            at: wait.detail.get("at")?.as_i64()?,
            crashes: u32::try_from(wait.detail.get("crashes")?.as_u64()?).ok()?,
        })
    }
}

#[cfg(test)]
mod tests;
