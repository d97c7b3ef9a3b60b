//! The plan of a DAG flow: what waits for a node that runs again, runs again too.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, How, Judge, Plan, PlanNode, Reason};
use crate::model::record::{StepKind, StepRecord};
use crate::model::state::TaskState;

/// In the order of the graph, which is that of the source: a node's upstream is listed before it.
pub(super) fn plan(mut judge: Judge<'_>, nodes: &[PlanNode]) -> Plan {
    let mut plan = Plan::default();
    let mut recorded = by_node(std::mem::take(&mut judge.steps), nodes, &mut plan);
    // For each node that runs or may give another value: the step that is to blame.
    let mut redone: Vec<Option<String>> = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let cause = node
            .upstream
            .iter()
            .filter(|upstream| **upstream < index)
            .find_map(|upstream| redone[*upstream].clone());
        let blamed = match &node.step {
            // Plain code gives what its inputs give, so it hands the blame on.
            None => cause,
            Some(name) => {
                let steps = recorded.remove(&index).unwrap_or_default();
                list_node(&mut judge, &mut plan, node, name, steps, cause)
            }
        };
        redone.push(blamed);
    }
    plan
}

/// The records of each node. What belongs to none is of a node that the graph no longer has.
fn by_node(
    steps: Vec<StepRecord>,
    nodes: &[PlanNode],
    plan: &mut Plan,
) -> BTreeMap<usize, Vec<StepRecord>> {
    let mut found: BTreeMap<usize, Vec<StepRecord>> = BTreeMap::new();
    for step in steps {
        match node_of(&step.step, nodes) {
            Some(node) => found.entry(node).or_default().push(step),
            None => {
                plan.redo.insert(step.step);
            }
        }
    }
    for steps in found.values_mut() {
        steps.sort_by_key(|step| step.position);
    }
    found
}

/// The node that a step belongs to: the step itself, an item of a fan-out, or a call of a race.
fn node_of(step: &str, nodes: &[PlanNode]) -> Option<usize> {
    let is_its = |name: &str| {
        step.strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '/']))
    };
    nodes
        .iter()
        .enumerate()
        .filter_map(|(index, node)| Some((index, node.step.as_deref()?)))
        .filter(|(_, name)| is_its(name))
        .max_by_key(|(_, name)| name.len())
        .map(|(index, _)| index)
}

/// Lists a node's steps; the one that is to blame for what comes after it.
fn list_node(
    judge: &mut Judge<'_>,
    plan: &mut Plan,
    node: &PlanNode,
    name: &str,
    steps: Vec<StepRecord>,
    cause: Option<String>,
) -> Option<String> {
    let (notes, steps): (Vec<_>, Vec<_>) = steps
        .into_iter()
        .partition(|step| step.kind == StepKind::Node);
    plan.redo.extend(notes.iter().map(|note| note.step.clone()));
    if steps.is_empty() {
        let was_skipped = notes.iter().any(|note| note.state == TaskState::Skipped);
        return list_unrecorded(judge, plan, node, name, was_skipped, cause);
    }
    let asked = judge.is_named(name);
    let mut blamed = None;
    let rest = unbegun_items(judge, node, name, &steps);
    for step in steps {
        let other = judge.other_task(&step, node).map(Reason::TextChanged);
        let own = other.or_else(|| judge.own_reason(&step, node.tolerated));
        let reason = match (&cause, own) {
            _ if judge.how == How::Recovery => None,
            (_, Some(Reason::Asked)) => Some(Reason::Asked),
            _ if asked => Some(Reason::Asked),
            (Some(cause), _) => Some(Reason::After {
                step: cause.clone(),
                text_changed: judge.changed_place(&step),
            }),
            (None, own) => own,
        };
        if reason.is_some() {
            blamed.get_or_insert_with(|| step.step.clone());
        }
        judge.list(plan, &step, reason);
    }
    for item in rest {
        blamed.get_or_insert_with(|| item.clone());
        plan.line(item, node.task.clone(), Action::Run, Reason::NeverReached);
    }
    if judge.how == How::Recovery {
        return None;
    }
    blamed
}

/// Items of a fan-out that did not end before the run did; `pages[7..]` for those whose number nobody knows.
fn unbegun_items(
    judge: &Judge<'_>,
    node: &PlanNode,
    name: &str,
    steps: &[StepRecord],
) -> Vec<String> {
    if !node.is_map || judge.ends.contains_key(&format!("{name}[]")) {
        return Vec::new();
    }
    let index = |step: &StepRecord| {
        let item = step.step.strip_prefix(name)?.strip_prefix('[')?;
        item.strip_suffix(']')?.parse::<u64>().ok()
    };
    let Some(known) = steps.iter().map(index).collect::<Option<BTreeSet<u64>>>() else {
        // Items with keys: which are left is known to the flow alone.
        return vec![format!("{name}[..]")];
    };
    let end = known.last().map_or(0, |last| last + 1);
    (0..end)
        .filter(|item| !known.contains(item))
        .map(|item| format!("{name}[{item}]"))
        .chain(std::iter::once(format!("{name}[{end}..]")))
        .collect()
}

fn list_unrecorded(
    judge: &mut Judge<'_>,
    plan: &mut Plan,
    node: &PlanNode,
    name: &str,
    was_skipped: bool,
    cause: Option<String>,
) -> Option<String> {
    // What was skipped is skipped again unless something before it changes, and nobody can tell that before.
    let is_empty = node.is_map && judge.ends.contains_key(&format!("{name}[]"));
    if was_skipped || (is_empty && cause.is_none()) {
        return cause;
    }
    let is_asked = judge.is_named(name);
    let reason = match cause {
        _ if is_asked => Reason::Asked,
        Some(step) => Reason::After {
            step,
            text_changed: None,
        },
        None if judge.children.contains_key(name) => Reason::Unfinished,
        None => Reason::NeverReached,
    };
    plan.line(name.to_owned(), node.task.clone(), Action::Run, reason);
    if let Some(child) = judge.children.remove(name) {
        plan.enter(name, child);
    }
    (judge.how != How::Recovery).then(|| name.to_owned())
}
