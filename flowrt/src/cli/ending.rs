//! The last lines of a run: one that can be read aloud, and one that says what to do next.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::command::program_name;
use super::door::Door;
use crate::error::{Error, ErrorKind};
use crate::model::number::{counted, grouped};
use crate::model::record::RunRecord;
use crate::model::state::RunState;
use crate::ops::{Few, Recap};
use crate::registry::callees;

/// What the last lines are made of.
pub(super) struct Ending<'a> {
    pub(super) record: &'a RunRecord,
    pub(super) recap: &'a Recap,
    /// Attempts that a task may take, by its name.
    pub(super) attempts: &'a HashMap<&'static str, u32>,
    /// How this program is called.
    pub(super) program: &'a str,
    /// What its error alone does not say.
    pub(super) more: &'a [String],
}

/// Reads what the last lines of a run need, and makes them.
///
/// # Errors
/// If the store fails.
pub(super) async fn of(door: &Door, record: &RunRecord) -> crate::Result<Vec<String>> {
    let recap = door.recap(record).await?;
    let attempts = attempts_of(door);
    let digest = door.digest(record).await?;
    Ok(Ending {
        record,
        recap: &recap,
        attempts: &attempts,
        program: &program_name(),
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

    fn tasks(&self) -> String {
        let recap = self.recap;
        let mut words = counted(recap.tasks, "task");
        for (count, what) in [
            (recap.retried, "retried"),
            (recap.cached, "cached"),
            (recap.skipped, "skipped"),
            (recap.failed, "failed and tolerated"),
        ] {
            if count > 0 {
                words.push_str(&format!(", {} {what}", grouped(count)));
            }
        }
        words
    }

    fn kept(&self) -> String {
        format!("{} kept", counted(self.recap.kept, "task"))
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
        if self.recap.unstarted.count > 0 {
            facts.push(format!(
                "{} not started",
                grouped(self.recap.unstarted.count)
            ));
        }
        let location = error.as_ref().and_then(Error::location);
        let location = location.map_or_else(String::new, |location| format!("{location} · "));
        lines.push(format!("  {location}{}", facts.join(", ")));
        lines.extend(self.more.iter().map(|line| format!("  {line}")));
        lines.extend(self.hints(error.as_ref()));
        lines
    }

    /// ` at fetch_page[4] (attempt 4 of 4)`.
    fn at(&self, error: Option<&Error>) -> String {
        let Some((error, task)) = error.and_then(|error| Some((error, error.task()?))) else {
            return String::new();
        };
        let failed_in = &self.recap.failed_in;
        let inside = match *failed_in == self.record.name {
            true => String::new(),
            false => format!(" of {failed_in}"),
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

    fn hints(&self, error: Option<&Error>) -> Vec<String> {
        let Recap {
            redone, unstarted, ..
        } = self.recap;
        let mut what = String::new();
        if redone.count > 0 {
            what = format!("redoes {}", named(redone));
        }
        if redone.count > 0 && unstarted.count > 0 {
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
                self.program, self.recap.failed_in
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

fn named(steps: &Few) -> String {
    let mut words = steps.first.join(", ");
    let more = steps.count.saturating_sub(steps.first.len() as u64);
    if more > 0 {
        let and = if words.is_empty() { "" } else { " and " };
        let what = if words.is_empty() { "steps" } else { "more" };
        words.push_str(&format!("{and}{} {what}", grouped(more)));
    }
    words
}
