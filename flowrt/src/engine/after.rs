//! What follows from the end of a run: tasks are undone, hooks are called. The end is noted first, so that a process that
//! dies in the middle leaves the rest to whoever takes the run up.

use std::sync::Arc;

use super::beside::{Beside, Job};
use super::driver::Driver;
use super::hooks::{self, Hooks, job_of, told};
use super::host::RunHost;
use crate::author::meta::{FlowOptions, Meta, Named};
use crate::author::outcome::Outcome;
use crate::error::{Error, Result};
use crate::failpoint::failpoint;
use crate::model::after::{After, Afters, Decided, to_undo};
use crate::model::payload::Payload;
use crate::model::record::{Entry, Journal, StepRecord};
use crate::model::state::RunState;
use crate::store::{Durability, Ending};

/// What follows from the end of one run.
struct Aftermath {
    host: Arc<RunHost>,
    beside: Arc<Beside>,
    flow: &'static FlowOptions,
    /// The run is a hook itself, and calls none.
    in_hook: bool,
}

impl Driver {
    fn aftermath(&self) -> Aftermath {
        Aftermath {
            host: self.host.clone(),
            beside: self.beside.clone(),
            flow: &self.meta.flow,
            in_hook: self.core.stops.in_hook,
        }
    }

    /// Notes the end of the run with its last entries, does all that follows from it, and ends the run.
    pub(super) async fn conclude(&mut self, entries: Vec<Entry>, ending: Ending) -> Result<()> {
        let aftermath = self.aftermath();
        if !aftermath.is_any(ending.state).await? {
            return self.write_last(entries, ending).await;
        }
        let decided = Decided {
            state: ending.state,
            output: ending.output,
            error: ending.error,
            at: ending.at,
            crashes: self.record.crashes,
        };
        aftermath.note(entries, &decided).await?;
        failpoint("engine::decided");
        self.follow(decided).await
    }

    /// Does what follows from a decided end and is not done yet; then the run ends.
    pub(super) async fn follow(&mut self, decided: Decided) -> Result<()> {
        self.core.stops.decided.set();
        let ending = match self.aftermath().all(&decided).await? {
            Some(error) => Ending {
                state: decided.state,
                output: decided.output,
                error,
                at: decided.at,
            },
            None => Ending {
                state: RunState::Interrupted,
                output: None,
                error: None,
                at: self.core.clock.now(),
            },
        };
        self.write_last(Vec::new(), ending).await
    }
}

impl Aftermath {
    fn hooks(&self) -> Option<&Hooks> {
        self.host.hooks.get()
    }

    async fn is_any(&self, state: RunState) -> Result<bool> {
        if !state.is_final() {
            return Ok(false);
        }
        if self.flow_hook(state).is_some() || self.hooks().is_some_and(Hooks::is_busy) {
            return Ok(true);
        }
        if !undoes(state) || hooks::tasks().is_empty() {
            return Ok(false);
        }
        let journal = self.beside.journal().await?;
        Ok(!to_undo(&journal, self.beside.record.id, can_be_undone).is_empty())
    }

    async fn note(&self, mut entries: Vec<Entry>, decided: &Decided) -> Result<()> {
        entries.push(Entry::Wait(decided.to_wait()));
        self.host.record(entries, Durability::Synced).await
    }

    /// Gives the run's error, with what went wrong here; `None` if the process goes first.
    async fn all(&self, decided: &Decided) -> Result<Option<Option<Payload>>> {
        if let Some(hooks) = self.hooks()
            && !hooks.settled().await?
        {
            return Ok(None);
        }
        let mut caller = Caller {
            beside: &self.beside,
            deaths: self.beside.record.crashes.saturating_sub(decided.crashes),
        };
        let journal = self.beside.journal().await?;
        let afters = Afters::of(&journal);
        for job in self.jobs_of_steps(&journal, &afters) {
            if !caller.call(job).await? {
                return Ok(None);
            }
        }
        if undoes(decided.state) && !self.undo_all(&mut caller, &journal, &afters).await? {
            return Ok(None);
        }
        let error = self.error_with_rollbacks(decided).await?;
        if let Some(hook) = self.flow_hook(decided.state)
            && afters.now(After::End, hook_name(decided.state)).is_none()
        {
            let job = self.job_of_run(hook(), decided.state, error.as_ref(), &afters);
            if !caller.call(job).await? {
                return Ok(None);
            }
        }
        Ok(Some(error))
    }

    /// The hooks of steps that an earlier process did not finish.
    fn jobs_of_steps(&self, journal: &Journal, afters: &Afters) -> Vec<Job> {
        if self.in_hook {
            return Vec::new();
        }
        let steps = hooks::missing(journal, afters);
        let jobs = steps
            .iter()
            .filter_map(|step| job_of(&self.beside.record, afters, step));
        jobs.collect()
    }

    async fn undo_all(
        &self,
        caller: &mut Caller<'_>,
        journal: &Journal,
        afters: &Afters,
    ) -> Result<bool> {
        for step in to_undo(journal, self.beside.record.id, can_be_undone) {
            if afters.now(After::Rollback, &step.step).is_some() {
                continue;
            }
            let Some(undo) = undo_of(step) else { continue };
            let job = Job {
                scope: After::Rollback.scope(afters.round(After::Rollback, &step.step)),
                name: step.step.clone(),
                meta: undo(),
                input: inputs_and_output(step),
            };
            if !caller.call(job).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The run's error, to which rollbacks that failed are added: what they should have undone may still be there.
    async fn error_with_rollbacks(&self, decided: &Decided) -> Result<Option<Payload>> {
        if !undoes(decided.state) || hooks::tasks().is_empty() {
            return Ok(decided.error.clone());
        }
        let journal = self.beside.journal().await?;
        let afters = Afters::of(&journal);
        let mut failed: Vec<&str> = afters
            .rolled_back()
            .filter(|(_, state)| !state.is_success())
            .map(|(step, _)| step)
            .collect();
        failed.sort_unstable();
        let Some(error) = decided.error.as_ref().filter(|_| !failed.is_empty()) else {
            return Ok(decided.error.clone());
        };
        let mut error = Error::from_json(error);
        for step in failed {
            let why = journal.steps.iter().rev().find(|record| {
                record.step
                    == format!(
                        "{}{step}",
                        After::Rollback.scope(afters.round(After::Rollback, step))
                    )
            });
            let why = why.and_then(|record| record.output.as_ref());
            let why = why.map_or_else(String::new, |why| format!(": {}", Error::from_json(why)));
            error = error.also(format!("`{step}` could not be rolled back{why}"));
        }
        Ok(Some(Payload::from_json(error.to_json())))
    }

    fn flow_hook(&self, state: RunState) -> Option<Named> {
        if self.in_hook {
            return None;
        }
        hook_of(self.flow, state)
    }

    fn job_of_run(
        &self,
        meta: &'static Meta,
        state: RunState,
        error: Option<&Payload>,
        afters: &Afters,
    ) -> Job {
        let outcome = Outcome {
            run: self.beside.record.id,
            run_name: self.beside.record.name.clone(),
            flow: self.beside.record.flow.clone(),
            step: None,
            state: state.as_str().to_owned(),
            error: error.map(|error| Error::from_json(error)),
            attempts: self.beside.record.attempt,
        };
        let name = hook_name(state);
        Job {
            scope: After::End.scope(afters.round(After::End, name)),
            name: name.to_owned(),
            meta,
            input: told(meta, &outcome),
        }
    }
}

/// Makes one call after the other.
struct Caller<'a> {
    beside: &'a Beside,
    /// How often the process has died in a row since the end was decided: at what is called first now.
    deaths: u32,
}

impl Caller<'_> {
    /// `false` if the process goes.
    async fn call(&mut self, job: Job) -> Result<bool> {
        let deaths = std::mem::take(&mut self.deaths);
        if deaths > self.beside.shared.settings.crashes_max() {
            return self.beside.give_up(job, deaths).await.map(|_| true);
        }
        if self.beside.interrupt.is_set() {
            return Ok(false);
        }
        Ok(self.beside.call(job).await?.is_some())
    }
}

/// Whether something may have to be done once a run of that flow is cancelled.
pub(crate) fn may_follow_a_cancel(meta: &Meta) -> bool {
    meta.flow.on_cancel.is_some() || !hooks::tasks().is_empty()
}

/// Whether a run that ends so leaves nothing half done: its tasks are undone.
const fn undoes(state: RunState) -> bool {
    matches!(
        state,
        RunState::Failed | RunState::TimedOut | RunState::Crashed | RunState::Cancelled
    )
}

fn can_be_undone(step: &StepRecord) -> bool {
    undo_of(step).is_some()
}

fn undo_of(step: &StepRecord) -> Option<Named> {
    hooks::tasks().get(step.task.as_str())?.task.rollback
}

/// The hook for that end. A run that killed its process has failed, too.
fn hook_of(flow: &FlowOptions, state: RunState) -> Option<Named> {
    match state {
        RunState::Completed => flow.on_success,
        RunState::Failed | RunState::TimedOut => flow.on_failure,
        RunState::Crashed => flow.on_crash.or(flow.on_failure),
        RunState::Cancelled => flow.on_cancel,
        _ => None,
    }
}

const fn hook_name(state: RunState) -> &'static str {
    match state {
        RunState::Completed => "on_success",
        RunState::Crashed => "on_crash",
        RunState::Cancelled => "on_cancel",
        _ => "on_failure",
    }
}

/// What a rollback is given: the inputs of the task it undoes, then its output. Put together as text: numbers would lose
/// digits in a tree.
fn inputs_and_output(step: &StepRecord) -> Payload {
    // No inputs are recorded as `null`.
    let inputs = step.input.as_deref().unwrap_or("null").trim();
    let inside = inputs
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let inside = inside.unwrap_or("").trim();
    let output = step.output.as_deref().unwrap_or("null");
    let comma = if inside.is_empty() { "" } else { "," };
    Payload::from_json(format!("[{inside}{comma}{output}]"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::StepKind;
    use crate::model::state::TaskState;

    #[test]
    fn a_rollback_gets_the_inputs_and_the_output_digit_by_digit() {
        let given = |input: &str, output: &str| {
            let step = StepRecord {
                seq: 0,
                step: "x".to_owned(),
                scope: String::new(),
                position: 0,
                task: "x".to_owned(),
                kind: StepKind::Task,
                digest: crate::model::payload::Digest::default(),
                fingerprint: 0,
                input: Some(Payload::from_json(input)),
                state: TaskState::Completed,
                output: Some(Payload::from_json(output)),
                attempts: 1,
                started: 0,
                finished: 0,
                signal: None,
                reused_from: None,
                tolerated: false,
                label: None,
            };
            inputs_and_output(&step).to_string()
        };
        assert_eq!(given("null", "null"), "[null]");
        assert_eq!(given("[[1],[2]]", "[3]"), "[[1],[2],[3]]");
        assert_eq!(
            given("[1.10]", "18446744073709551616"),
            "[1.10,18446744073709551616]"
        );
    }
}
