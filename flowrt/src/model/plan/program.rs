//! The plan of a program flow: its recorded steps, and what follows.

use super::{Action, How, Judge, Plan, Reason};
use crate::model::record::{StepKind, StepRecord};

/// In the order of the record. A step after one that runs is reused where its inputs come out the same; only what comes
/// after the step that a person named runs in any case.
pub(super) fn plan(mut judge: Judge<'_>) -> Plan {
    let mut plan = Plan {
        and_what_follows: true,
        ..Plan::default()
    };
    let steps = std::mem::take(&mut judge.steps);
    let mut asked: Option<&StepRecord> = None;
    for step in &steps {
        if step.kind == StepKind::Node {
            plan.redo.insert(step.step.clone());
            continue;
        }
        // What the program cannot call any more is neither reused nor done again. Its record does no harm.
        if judge.how != How::Recovery && judge.is_gone(step) {
            plan.kept.insert(step.step.clone());
            continue;
        }
        let mut reason = judge.own_reason(step, false);
        if let Some(asked) = asked {
            reason = Some(Reason::After {
                step: asked.step.clone(),
                text_changed: judge.changed_place(step),
            });
        } else if judge.is_asked_for(step) {
            asked = Some(step);
        }
        judge.list(&mut plan, step, reason);
    }
    enter_unrecorded(&mut judge, &mut plan);
    plan
}

/// Child runs whose end is not recorded here: the process died while they ran.
fn enter_unrecorded(judge: &mut Judge<'_>, plan: &mut Plan) {
    for (step, child) in std::mem::take(&mut judge.children) {
        if plan.redo.contains(&step) || plan.kept.contains(&step) {
            continue;
        }
        plan.line(step.clone(), String::new(), Action::Run, Reason::Unfinished);
        plan.enter(&step, child);
    }
}
