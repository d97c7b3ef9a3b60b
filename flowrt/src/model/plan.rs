//! What a recovery, a resume or a rerun will do: which records it reuses, which steps it runs, and why.
//!
//! Pure: the record of a run, and what the program knows of its tasks and graph, give the plan.

mod blame;
mod dag;
mod fold;
mod program;
mod reason;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::after::{Afters, is_after};
use crate::model::payload::Payload;
use crate::model::record::{ASIDE, Journal, StepKind, StepRecord};
use crate::model::state::{RunState, TaskState};

pub use reason::Reason;

/// How a run is taken up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Its process died or stopped: everything recorded is replayed in order.
    Recovery,
    /// It failed, parked or was cancelled: the same run goes on with what made it fail.
    Resume,
    /// A new run that copies what it can from this one.
    Rerun,
}

/// What a person decides about a resume or a rerun.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// Results are kept although the text of their task has changed since.
    pub trust_changed: bool,
    /// Failures that the flow handled or tolerated are done again too.
    pub retry_handled: bool,
    /// This step and what comes after it are done again (reruns only).
    pub from: Option<String>,
    /// The parameters are not those of the record: what reads them may get other inputs.
    pub other_parameters: bool,
}

/// What will be done about one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Its recorded outcome is handed out again.
    Reuse,
    /// It is done, again or for the first time.
    Run,
}

impl Action {
    /// As programs read it: `reuse` or `run`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reuse => "reuse",
            Self::Run => "run",
        }
    }
}

/// One line of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    /// The step's id; that of a step of a child run begins with the child's step and a `/`.
    pub step: String,
    /// The registered name of its task or flow, or the kind of wait.
    pub task: String,
    /// What will be done.
    pub action: Action,
    /// Why.
    pub reason: Reason,
}

/// What taking a run up again will do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// A line per task, in the order of the graph, or of the record for a flow without one.
    pub steps: Vec<PlannedStep>,
    /// The flow is a program: what it calls after its recorded steps is not known before it runs.
    pub and_what_follows: bool,
    /// Full ids of recorded steps that are not reused.
    pub(crate) redo: BTreeSet<String>,
    /// Full ids of recorded steps that are reused.
    kept: BTreeSet<String>,
    /// Child runs that go on with a part of their record, by the step that calls them.
    pub(crate) children: BTreeMap<String, Plan>,
}

/// The text of a task in this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The hash of its tokens and options.
    pub fingerprint: u64,
    /// `file:line`.
    pub place: String,
}

/// A node of a DAG flow, as far as a plan needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanNode {
    /// The step's id; none for plain code and branches, which are not recorded.
    pub step: Option<String>,
    /// What it calls.
    pub task: String,
    /// The nodes it waits for: those it uses, those it comes after, and the branch whose arm it is in.
    pub upstream: Vec<usize>,
    /// Its failure does not fail the run.
    pub tolerated: bool,
    /// It stands for as many steps as it finds items.
    pub is_map: bool,
}

/// What the program knows today.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The texts of tasks and flows by registered name.
    pub texts: HashMap<(StepKind, String), Text>,
    /// The graph of the flow; none for a program.
    pub nodes: Option<Vec<PlanNode>>,
    /// The run was accepted by another build than this one.
    pub other_build: bool,
}

/// What is recorded of the run to be taken up.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// How it ended, or where its process left it.
    pub state: RunState,
    /// What it failed with: a recorded error.
    pub error: Option<Payload>,
    /// Its inside.
    pub journal: Journal,
    /// The plans of its child runs, by the step that calls them.
    pub children: BTreeMap<String, Plan>,
}

/// Makes the plan.
pub fn plan(recorded: Recorded, known: &Known, how: How, choices: &Choices) -> Plan {
    let judge = Judge::new(recorded, known, how, choices);
    match &known.nodes {
        Some(nodes) => dag::plan(judge, nodes),
        None => program::plan(judge),
    }
}

impl Plan {
    /// How many steps will run that are known now.
    pub fn runs(&self) -> usize {
        self.steps
            .iter()
            .filter(|step| step.action == Action::Run)
            .count()
    }

    /// The plan as people read it: a line per group of steps, their names in the first column.
    pub fn lines(&self) -> Vec<(Action, String, String)> {
        fold::lines(&self.steps)
    }

    /// The first step whose task's text has changed.
    fn changed(&self) -> Option<&PlannedStep> {
        self.steps
            .iter()
            .find(|step| step.reason.changed().is_some() && step.action == Action::Run)
    }

    fn add(&mut self, step: &StepRecord, action: Action, reason: Reason) {
        let ids = match action {
            Action::Run => &mut self.redo,
            Action::Reuse => &mut self.kept,
        };
        ids.insert(step.step.clone());
        if step.kind != StepKind::Now {
            self.line(step.step.clone(), step.task.clone(), action, reason);
        }
    }

    fn line(&mut self, step: String, task: String, action: Action, reason: Reason) {
        self.steps.push(PlannedStep {
            step,
            task,
            action,
            reason,
        });
    }

    /// The same run from its beginning, since its caller is done again: nothing in it is reused.
    fn anew(mut self, caller: &str) -> Self {
        for line in &mut self.steps {
            line.action = Action::Run;
            line.reason = Reason::After {
                step: caller.to_owned(),
                text_changed: line.reason.changed().map(str::to_owned),
            };
        }
        self.redo.append(&mut self.kept);
        self.children = std::mem::take(&mut self.children)
            .into_iter()
            .map(|(step, child)| (step, child.anew(caller)))
            .collect();
        self
    }

    /// The child run of that step goes on with what its plan keeps.
    fn enter(&mut self, step: &str, child: Plan) {
        for line in &child.steps {
            self.steps.push(PlannedStep {
                step: format!("{step}/{}", line.step),
                ..line.clone()
            });
        }
        self.children.insert(step.to_owned(), child);
    }
}

/// Judges recorded steps one by one.
struct Judge<'a> {
    /// By id; a record of the last drive hides those that an earlier one left aside.
    steps: Vec<StepRecord>,
    blamed: BTreeSet<String>,
    state: RunState,
    /// How many calls the ended scopes made.
    ends: BTreeMap<String, u32>,
    children: BTreeMap<String, Plan>,
    /// Steps that were undone since they succeeded, with how that ended.
    undone: BTreeMap<String, TaskState>,
    known: &'a Known,
    how: How,
    choices: &'a Choices,
}

impl<'a> Judge<'a> {
    fn new(recorded: Recorded, known: &'a Known, how: How, choices: &'a Choices) -> Self {
        let mut seen = BTreeSet::new();
        let undone = Afters::of(&recorded.journal)
            .rolled_back()
            .map(|(step, state)| (step.to_owned(), state))
            .collect();
        let (mut steps, aside): (Vec<_>, Vec<_>) = recorded
            .journal
            .steps
            .into_iter()
            .filter(|step| !is_after(&step.step))
            .partition(|step| step.seq < ASIDE);
        seen.extend(steps.iter().map(|step| step.step.clone()));
        // Later drives have higher numbers aside, and know better.
        for step in aside.into_iter().rev() {
            if seen.insert(step.step.clone()) {
                steps.push(step);
            }
        }
        steps.sort_by_key(|step| step.seq);
        let blamed = recorded
            .error
            .map_or_else(BTreeSet::new, |error| blame::blamed(&steps, &error));
        Self {
            steps,
            state: recorded.state,
            ends: recorded.journal.scopes.into_iter().collect(),
            blamed,
            children: recorded.children,
            undone,
            known,
            how,
            choices,
        }
    }

    /// Why a recorded step would run again by itself, whatever runs before it; none if its record may be reused.
    fn own_reason(&self, step: &StepRecord, tolerated: bool) -> Option<Reason> {
        if self.how == How::Recovery {
            return None;
        }
        if let Some(state) = self.undone.get(&step.step) {
            return Some(Reason::RolledBack {
                failed: !state.is_success(),
            });
        }
        if self.is_asked_for(step) {
            return Some(Reason::Asked);
        }
        if step.state == TaskState::Cancelled {
            return Some(Reason::Cancelled);
        }
        if step.state.is_failure()
            && (self.choices.retry_handled || !self.was_handled(step, tolerated))
        {
            return Some(Reason::Failed);
        }
        self.changed_place(step)
            .filter(|_| !self.choices.trust_changed)
            .map(Reason::TextChanged)
    }

    /// A person named the step, or one in its child run.
    fn is_asked_for(&self, step: &StepRecord) -> bool {
        self.is_named(&step.step) || self.has_named_inside(&step.step)
    }

    fn is_named(&self, step: &str) -> bool {
        self.choices.from.as_deref() == Some(step)
    }

    fn has_named_inside(&self, step: &str) -> bool {
        let inside = |from: &str| from.strip_prefix(step)?.strip_prefix('/').map(str::len);
        self.choices.from.as_deref().and_then(inside).is_some() && self.children.contains_key(step)
    }

    /// The program has no task or flow of that name any more.
    fn is_gone(&self, step: &StepRecord) -> bool {
        let texts = &self.known.texts;
        matches!(step.kind, StepKind::Task | StepKind::Flow)
            && !texts.is_empty()
            && !texts.contains_key(&(step.kind, step.task.clone()))
    }

    /// The flow went on after this failure, and it is not the one that the run ended with.
    fn was_handled(&self, step: &StepRecord, tolerated: bool) -> bool {
        if matches!(self.state, RunState::Completed | RunState::Skipped) {
            return true;
        }
        (tolerated || step.tolerated) && !self.blamed.contains(&step.step)
    }

    /// Where the text is of the task that a node calls now instead of the recorded one.
    fn other_task(&self, step: &StepRecord, node: &PlanNode) -> Option<String> {
        let is_call = matches!(step.kind, StepKind::Task | StepKind::Flow);
        if !is_call || node.task.is_empty() || node.task == step.task {
            return None;
        }
        [StepKind::Task, StepKind::Flow]
            .into_iter()
            .find_map(|kind| self.known.texts.get(&(kind, node.task.clone())))
            .map(|text| text.place.clone())
    }

    /// Where the text is that the step's record no longer fits.
    fn changed_place(&self, step: &StepRecord) -> Option<String> {
        let text = self.known.texts.get(&(step.kind, step.task.clone()));
        // A fingerprint of 0 is that of a step without a text.
        if let Some(text) = text
            && step.fingerprint != 0
            && step.fingerprint != text.fingerprint
        {
            return Some(text.place.clone());
        }
        if !step.state.is_success() {
            return None;
        }
        let child = self.children.get(&step.step)?;
        child.changed()?.reason.changed().map(str::to_owned)
    }

    /// Why a record is reused.
    fn kept_reason(&self, step: &StepRecord) -> Reason {
        if self.how == How::Recovery {
            Reason::Recorded
        } else if step.state.is_failure() {
            Reason::Handled
        } else {
            Reason::Same {
                text_changed: self.changed_place(step),
                other_build: self.known.other_build && step.fingerprint != 0,
                if_inputs_are: self.choices.other_parameters,
            }
        }
    }

    /// Lists a recorded step, and goes into its child run where that goes on.
    fn list(&mut self, plan: &mut Plan, step: &StepRecord, reason: Option<Reason>) {
        match reason {
            None => plan.add(step, Action::Reuse, self.kept_reason(step)),
            Some(reason) => {
                let is_anew = matches!(reason, Reason::Asked | Reason::After { .. })
                    && !self.has_named_inside(&step.step);
                plan.add(step, Action::Run, reason);
                if let Some(child) = self.children.remove(&step.step) {
                    let child = if is_anew {
                        child.anew(&step.step)
                    } else {
                        child
                    };
                    plan.enter(&step.step, child);
                }
            }
        }
    }
}
