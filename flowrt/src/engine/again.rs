//! Taking a run up again: its plan, with those of its child runs, and what must be so before it is driven.
//!
//! Children are prepared before their parent is touched: a crash in between leaves a parent that can be resumed as
//! before, and children that have lost nothing but what is to be done again.

use std::collections::{BTreeMap, HashMap};

use futures_util::future::BoxFuture;

use super::limits::let_in::note_again;
use super::retry::FLOW;
use super::successor::last_of_chain;
use super::{Shared, build, patiently, trouble};
use crate::author::dag::step_names;
use crate::author::meta::{Kind, Meta, StaticGraph, What};
use crate::error::{Error, ErrorKind, Result};
use crate::model::after::is_after;
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::plan::{self, Choices, How, Known, Plan, PlanNode, Recorded, Text};
use crate::model::record::{Journal, RunRecord, StepKind};
use crate::model::state::RunState;
use crate::registry;
use crate::store::{Ending, Reopening, RunFilter};

/// The texts of everything that this program has.
type Texts = HashMap<(StepKind, String), Text>;

/// Makes the plan for a run and its child runs.
pub(crate) async fn plan_of(
    shared: &Shared,
    record: &RunRecord,
    how: How,
    choices: &Choices,
) -> Result<Plan> {
    let texts = texts(shared)?;
    plan_within(shared, record, how, choices.clone(), &texts).await
}

fn plan_within<'a>(
    shared: &'a Shared,
    record: &'a RunRecord,
    how: How,
    choices: Choices,
    texts: &'a Texts,
) -> BoxFuture<'a, Result<Plan>> {
    Box::pin(async move {
        let journal = patiently(|| shared.store.journal(record.id))
            .await
            .map_err(trouble)?;
        let mut children = BTreeMap::new();
        for child in children_of(shared, record.id).await? {
            let Some((_, step)) = &child.parent else {
                continue;
            };
            // The run of a hook goes on with the hook, which a plan does not list.
            // Of a run that went on in another, that one counts.
            if is_after(step) || child.continued_as().is_some() {
                continue;
            }
            let how = how_within(how, child.state);
            let is_done = matches!(child.state, RunState::Completed | RunState::Skipped);
            if is_done && how == How::Recovery {
                continue;
            }
            let inside = |from: &String| {
                Some(
                    from.strip_prefix(step.as_str())?
                        .strip_prefix('/')?
                        .to_owned(),
                )
            };
            let inner = Choices {
                from: choices.from.as_ref().and_then(inside),
                ..choices.clone()
            };
            let plan = plan_within(shared, &child, how, inner, texts).await?;
            children.insert(step.clone(), plan);
        }
        let meta = shared.flows.get(record.flow.as_str());
        let known = Known {
            texts: texts.clone(),
            nodes: meta.and_then(|meta| meta.graph).map(plan_nodes),
            other_build: !record.build.is_empty() && record.build != build::build(),
        };
        let recorded = Recorded {
            state: record.state,
            error: record.error.clone().or_else(|| error_of_attempt(&journal)),
            journal,
            children,
        };
        Ok(plan::plan(recorded, &known, how, &choices))
    })
}

/// What the last attempt of a flow failed with that will be tried again.
fn error_of_attempt(journal: &Journal) -> Option<Payload> {
    let of_flow = journal.attempts.iter().filter(|at| at.step == FLOW);
    let last = of_flow.max_by_key(|attempt| attempt.attempt)?;
    Some(last.error.clone())
}

/// A child whose process died goes on by its own record; the choices of its parent's resume are not about it.
fn how_within(parent: How, child: RunState) -> How {
    let has_ended = child.is_final() || child == RunState::Parked;
    match parent {
        How::Resume if !has_ended => How::Recovery,
        how => how,
    }
}

async fn children_of(shared: &Shared, run: RunId) -> Result<Vec<RunRecord>> {
    let filter = RunFilter {
        parent: Some(run),
        ..RunFilter::default()
    };
    patiently(|| shared.store.list_runs(filter.clone()))
        .await
        .map_err(trouble)
}

fn texts(shared: &Shared) -> Result<Texts> {
    let tasks = registry::tasks()?;
    let all = tasks.values().chain(shared.flows.values());
    Ok(all.map(|meta| text_of(meta)).collect())
}

fn text_of(meta: &'static Meta) -> ((StepKind, String), Text) {
    let kind = if meta.kind == Kind::Task {
        StepKind::Task
    } else {
        StepKind::Flow
    };
    let text = Text {
        fingerprint: meta.fingerprint,
        place: format!("{}:{}", meta.file, meta.line),
    };
    ((kind, meta.name.to_owned()), text)
}

fn plan_nodes(graph: &'static StaticGraph) -> Vec<PlanNode> {
    let names = step_names(graph);
    graph
        .nodes
        .iter()
        .zip(names)
        .map(|(node, name)| {
            let task = match node.what {
                What::Call(meta) | What::Map(meta) => meta.name,
                What::Wait(kind) => kind,
                What::Branch | What::Glue => "",
            };
            let mut upstream: Vec<usize> = node.needs.iter().chain(node.after).copied().collect();
            // A branch has the value of the arm that was taken.
            let arms = upstream.clone().into_iter().flat_map(|branch| {
                let in_arm = move |index: &usize| is_within(graph, *index, branch);
                (0..graph.nodes.len()).filter(in_arm)
            });
            upstream.extend(arms.collect::<Vec<_>>());
            upstream.extend(node.arm.map(|(branch, _)| branch));
            PlanNode {
                step: name.map(|name| name.to_string()),
                task: task.to_owned(),
                upstream,
                tolerated: node.tolerated,
                is_map: matches!(node.what, What::Map(_)),
            }
        })
        .collect()
}

/// Whether a node is in an arm of that branch, or in an arm of a branch inside it.
fn is_within(graph: &StaticGraph, node: usize, branch: usize) -> bool {
    let mut outer = graph.nodes[node].arm;
    while let Some((around, _)) = outer {
        if around == branch {
            return true;
        }
        outer = graph.nodes[around].arm;
    }
    false
}

/// Leaves the child runs that a resumed run will call again with what their plans keep, and without an owner.
pub(crate) fn prepare_children<'a>(
    shared: &'a Shared,
    run: RunId,
    plan: &'a Plan,
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        for (step, plan) in &plan.children {
            let id = run.child(step);
            let Some(child) = patiently(|| shared.store.run(id)).await.map_err(trouble)? else {
                continue;
            };
            let child = last_of_chain(shared, child).await?;
            prepare_children(shared, child.id, plan).await?;
            if child.state.is_final() || child.state == RunState::Parked {
                let changes = Reopening {
                    completed: true,
                    ..changes_of(plan)
                };
                let opened = reopen(shared, &child, changes).await?;
                release(shared, &opened).await?;
            }
        }
        Ok(())
    })
}

/// What a plan changes of a run that is reopened. The attempts of the flow itself are counted from the first again.
pub(crate) fn changes_of(plan: &Plan) -> Reopening {
    let steps = plan.redo.iter().cloned();
    Reopening {
        redo: steps.chain([FLOW.to_owned()]).collect(),
        ..Reopening::default()
    }
}

/// Takes a run that nobody drives, as it is.
pub(crate) async fn claim(shared: &Shared, record: &RunRecord) -> Result<RunRecord> {
    let now = shared.clock.now();
    let after_crash = super::may_have_crashed(record);
    let claimed = patiently(|| {
        shared
            .store
            .claim(record.id, record.epoch, after_crash, now)
    })
    .await
    .map_err(trouble)?;
    claimed.ok_or_else(|| taken(record))
}

/// Takes a run that ended, with that changed.
pub(crate) async fn reopen(
    shared: &Shared,
    record: &RunRecord,
    changes: Reopening,
) -> Result<RunRecord> {
    let now = shared.clock.now();
    let reopened = patiently(|| {
        shared
            .store
            .reopen(record.id, record.epoch, changes.clone(), now)
    })
    .await
    .map_err(trouble)?;
    let reopened = reopened.ok_or_else(|| taken(record))?;
    note_again(shared, &reopened).await?;
    Ok(reopened)
}

/// Lets go of a run that this process claimed: whoever calls it next goes on with it.
pub(crate) async fn release(shared: &Shared, record: &RunRecord) -> Result<()> {
    let ending = Ending {
        state: RunState::Interrupted,
        output: None,
        error: None,
        at: shared.clock.now(),
    };
    patiently(|| {
        shared
            .store
            .finish(record.id, record.epoch, Vec::new(), ending.clone())
    })
    .await
    .map_err(trouble)
}

/// The run as it is now.
pub(crate) async fn found(shared: &Shared, record: &RunRecord) -> Result<RunRecord> {
    let found = patiently(|| shared.store.run(record.id)).await;
    found.map_err(trouble)?.ok_or_else(|| {
        let message = format!("the run {} was deleted", record.name);
        Error::new(ErrorKind::NotFound, message)
    })
}

/// Somebody else was faster.
fn taken(record: &RunRecord) -> Error {
    Error::new(
        ErrorKind::LeaseLost,
        format!("another process has taken the run {}", record.name),
    )
}

/// What is done again where nobody decides: the failures that made the run, or an attempt of its flow, fail. Prepares the
/// children that will be called again. What a person has trusted before stays trusted.
pub(crate) async fn redo_of(shared: &Shared, record: &RunRecord) -> Result<Reopening> {
    let choices = Choices {
        trust_changed: true,
        ..Choices::default()
    };
    let plan = plan_of(shared, record, How::Resume, &choices).await?;
    prepare_children(shared, record.id, &plan).await?;
    Ok(changes_of(&plan))
}

/// The run of a child call goes on with other inputs than it had: what in it does not depend on them is reused.
pub(crate) async fn with_other_input(
    shared: &Shared,
    record: RunRecord,
    input: Payload,
) -> Result<RunRecord> {
    let record = if record.state.is_final() || record.state.needs_person() {
        record
    } else {
        let claimed = claim(shared, &record).await?;
        release(shared, &claimed).await?;
        claimed
    };
    let changes = Reopening {
        input: Some(input),
        completed: true,
        ..redo_of(shared, &record).await?
    };
    reopen(shared, &record, changes).await
}
