//! The last lines of a run: one that can be read aloud, and one that says what to do next.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::command::program_name;
use super::door::Door;
use crate::error::{Error, ErrorKind};
use crate::model::record::{ASIDE, Journal, RunRecord, StepKind, StepRecord};
use crate::model::state::{RunState, TaskState};
use crate::registry::callees;

/// How many steps are named before the rest is only counted.
const NAMED: usize = 3;

/// What the last lines are made of.
pub(super) struct Ending<'a> {
    pub(super) record: &'a RunRecord,
    pub(super) journal: &'a Journal,
    /// Attempts that a task may take, by its name.
    pub(super) attempts: &'a HashMap<&'static str, u32>,
    /// How this program is called.
    pub(super) program: &'a str,
    /// The run in which it failed: this one, or one below it.
    pub(super) failed_in: &'a str,
    /// What its error alone does not say.
    pub(super) more: &'a [String],
}

/// Reads what the last lines of a run need, and makes them.
///
/// # Errors
/// If the store fails.
pub(super) async fn of(door: &Door, record: &RunRecord) -> crate::Result<Vec<String>> {
    let journal = door.journal(record.id).await?;
    let attempts = attempts_of(door);
    let failed_in = failed_in(door, record, &journal).await?;
    let digest = door.digest(record).await?;
    Ok(Ending {
        record,
        journal: &journal,
        attempts: &attempts,
        program: &program_name(),
        failed_in: &failed_in,
        more: &digest.map(|digest| digest.more()).unwrap_or_default(),
    }
    .lines())
}

fn attempts_of(door: &Door) -> HashMap<&'static str, u32> {
    let mut attempts = HashMap::new();
    for meta in door.flows() {
        for callee in callees(meta) {
            // Rules have counts of their own, so there is no one number.
            let ruled = !callee.task.retry_rules.is_empty();
            let most = if ruled { 0 } else { callee.task.retries + 1 };
            attempts.insert(callee.name, most);
        }
    }
    attempts
}

/// The name of the innermost run whose own task failed.
async fn failed_in(door: &Door, record: &RunRecord, journal: &Journal) -> crate::Result<String> {
    let mut name = record.name.clone();
    let mut run = record.id;
    let mut step = failed_child(journal).map(|step| step.step.clone());
    while let Some(called) = step {
        run = run.child(&called);
        let Ok(child) = door.run(run).await else {
            break;
        };
        name = child.record.name;
        let journal = door.journal(run).await?;
        step = failed_child(&journal).map(|step| step.step.clone());
    }
    Ok(name)
}

fn failed_child(journal: &Journal) -> Option<&StepRecord> {
    let failed = |step: &&StepRecord| {
        step.seq < ASIDE
            && step.state.is_failure()
            && step.kind != StepKind::Node
            && !step.tolerated
    };
    journal
        .steps
        .iter()
        .find(failed)
        .filter(|step| step.kind == StepKind::Flow)
}

impl Ending<'_> {
    pub(super) fn lines(&self) -> Vec<String> {
        let took = self.took();
        let tasks = self.tasks();
        match self.record.state {
            RunState::Completed => vec![format!("Completed in {took} · {tasks}")],
            RunState::Skipped => vec![format!(
                "Skipped after {took} · its value depends on a node that was skipped"
            )],
            RunState::Cancelled => {
                let first = format!("Cancelled after {took} · {}", self.kept());
                vec![first, self.try_resume("goes on from there")]
            }
            RunState::Interrupted => {
                let first = format!("Interrupted after {took} · {}", self.kept());
                vec![first, self.try_resume("goes on from there")]
            }
            RunState::Parked => self.stopped("Parked after"),
            RunState::TimedOut => self.stopped("Timed out after"),
            RunState::Crashed => self.stopped("Crashed after"),
            RunState::Failed => self.stopped("Failed in"),
            state => vec![
                format!("{} is {}", self.record.name, state.as_str().to_lowercase()),
                format!("try:  {} runs why {}", self.program, self.record.name),
            ],
        }
    }

    fn took(&self) -> String {
        let (from, to) = (self.record.started, self.record.finished);
        let micros = from.zip(to).map_or(0, |(from, to)| to.saturating_sub(from));
        let took = std::time::Duration::from_micros(u64::try_from(micros).unwrap_or(0));
        flowrt_grammar::format_duration(took)
    }

    fn steps(&self) -> impl Iterator<Item = &StepRecord> {
        let current = |step: &&StepRecord| step.seq < ASIDE;
        self.journal.steps.iter().filter(current)
    }

    fn done(&self) -> impl Iterator<Item = &StepRecord> {
        self.steps()
            .filter(|step| matches!(step.kind, StepKind::Task | StepKind::Flow))
    }

    fn tasks(&self) -> String {
        let retried = self.done().filter(|step| step.attempts > 1).count();
        let cached = self
            .done()
            .filter(|step| step.state == TaskState::Cached)
            .count();
        let skipped = self
            .steps()
            .filter(|step| step.state == TaskState::Skipped)
            .count();
        let tolerated = self.done().filter(|step| step.state.is_failure()).count();
        let mut words = counted(self.done().count(), "task");
        for (count, what) in [
            (retried, "retried"),
            (cached, "cached"),
            (skipped, "skipped"),
            (tolerated, "failed and tolerated"),
        ] {
            if count > 0 {
                words.push_str(&format!(", {count} {what}"));
            }
        }
        words
    }

    fn kept(&self) -> String {
        let kept = self.done().filter(|step| step.state.is_success()).count();
        format!("{} kept", counted(kept, "task"))
    }

    fn unstarted(&self) -> Vec<&str> {
        self.steps()
            .filter(|step| step.kind == StepKind::Node && step.state == TaskState::UpstreamFailed)
            .map(|step| step.step.as_str())
            .collect()
    }

    fn stopped(&self, verb: &str) -> Vec<String> {
        let error = self
            .record
            .error
            .as_ref()
            .map(|error| Error::from_json(error));
        let mut lines = vec![format!("{verb} {}{}", self.took(), self.at(error.as_ref()))];
        if let Some(error) = &error {
            lines.extend(error.message().lines().map(|line| format!("  {line}")));
            lines.extend(error.chain().map(|cause| format!("    caused by: {cause}")));
        }
        let mut facts = vec![self.kept()];
        let unstarted = self.unstarted();
        if !unstarted.is_empty() {
            facts.push(format!("{} not started", unstarted.len()));
        }
        let location = error.as_ref().and_then(Error::location);
        let location = location.map_or_else(String::new, |location| format!("{location} · "));
        lines.push(format!("  {location}{}", facts.join(", ")));
        lines.extend(self.more.iter().map(|line| format!("  {line}")));
        lines.extend(self.hints(error.as_ref(), &unstarted));
        lines
    }

    /// ` at fetch_page[4] (attempt 4 of 4)`.
    fn at(&self, error: Option<&Error>) -> String {
        let Some((error, task)) = error.and_then(|error| Some((error, error.task()?))) else {
            return String::new();
        };
        let inside = if self.failed_in == self.record.name {
            String::new()
        } else {
            format!(" of {}", self.failed_in)
        };
        let name = task.rsplit('/').next().unwrap_or(task);
        let name = name.split(['[', '#']).next().unwrap_or(name);
        let most = self.attempts.get(name).copied().unwrap_or(0);
        let attempts = match error.attempts() {
            0 => String::new(),
            made if most > 1 && most >= made => format!(" (attempt {made} of {most})"),
            1 => String::new(),
            made => format!(" (attempt {made})"),
        };
        format!(" at {task}{inside}{attempts}")
    }

    fn hints(&self, error: Option<&Error>, unstarted: &[&str]) -> Vec<String> {
        let failed: Vec<&str> = self
            .done()
            .filter(|step| step.state.is_failure() && !step.tolerated)
            .map(|step| step.step.as_str())
            .collect();
        let mut what = String::new();
        if !failed.is_empty() {
            what = format!("redoes {}", named(&failed));
        }
        if !failed.is_empty() && !unstarted.is_empty() {
            what.push_str(&format!(", then {}", named(unstarted)));
        }
        let in_doubt = self.record.state == RunState::Parked
            && error.is_some_and(|error| error.kind() == ErrorKind::Crashed);
        let mut lines = match error.and_then(Error::task).filter(|_| in_doubt) {
            None => vec![self.try_resume(&what)],
            Some(task) => vec![
                self.try_verb(
                    "resume",
                    &format!("{} --retry-crashed", self.record.name),
                    &format!("does {task} again"),
                ),
                format!(
                    "      {} runs cancel {}          (gives it up)",
                    self.program, self.record.name
                ),
            ],
        };
        if let Some(task) = error.and_then(Error::task) {
            lines.push(format!(
                "      {} runs logs {} --task {task}",
                self.program, self.failed_in
            ));
        }
        if let Some(hint) = error.and_then(Error::try_this) {
            lines.push(format!("      {hint}"));
        }
        lines
    }

    fn try_resume(&self, what: &str) -> String {
        self.try_verb("resume", &self.record.name, what)
    }

    fn try_verb(&self, verb: &str, arguments: &str, what: &str) -> String {
        let command = format!("try:  {} runs {verb} {arguments}", self.program);
        if what.is_empty() {
            command
        } else {
            format!("{command}          ({what})")
        }
    }
}

pub(super) fn counted(count: usize, what: &str) -> String {
    let many = if count == 1 { "" } else { "s" };
    format!("{} {what}{many}", super::live::grouped(count as u64))
}

fn named(steps: &[&str]) -> String {
    if steps.len() <= NAMED {
        return steps.join(", ");
    }
    format!(
        "{} and {} more",
        steps[..NAMED].join(", "),
        steps.len() - NAMED
    )
}
