//! Plans of small records.

use std::collections::BTreeMap;

use super::*;
use crate::error::{Error, ErrorKind};
use crate::model::payload::Digest;

fn record(seq: u64, step: &str, state: TaskState) -> StepRecord {
    let name = step.rsplit('/').next().unwrap_or(step);
    let task = name.split(['#', '[']).next().unwrap_or(name);
    let failed = Error::new(ErrorKind::Failed, format!("{step} broke")).at(step, None, 1);
    let failed = Payload::from_json(failed.to_json());
    StepRecord {
        seq,
        step: step.to_owned(),
        scope: step[..step.len() - name.len()].to_owned(),
        position: u32::try_from(seq % 1000).expect("small"),
        task: task.to_owned(),
        kind: StepKind::Task,
        digest: Digest::default(),
        fingerprint: 1,
        input: None,
        state,
        output: state.is_failure().then_some(failed),
        attempts: 1,
        started: 0,
        finished: 0,
        signal: None,
        reused_from: None,
        tolerated: false,
        label: None,
    }
}

fn recorded(state: RunState, steps: Vec<StepRecord>) -> Recorded {
    Recorded {
        state,
        error: None,
        journal: Journal {
            steps,
            ..Journal::default()
        },
        children: BTreeMap::new(),
    }
}

fn known(texts: &[(&str, u64)]) -> Known {
    let text = |(name, fingerprint): &(&str, u64)| {
        let text = Text {
            fingerprint: *fingerprint,
            place: format!("src/{name}.rs:7"),
        };
        ((StepKind::Task, (*name).to_owned()), text)
    };
    Known {
        texts: texts.iter().map(text).collect(),
        ..Known::default()
    }
}

fn node(step: &str, upstream: &[usize]) -> PlanNode {
    PlanNode {
        step: (!step.is_empty()).then(|| step.to_owned()),
        task: step.split('#').next().unwrap_or(step).to_owned(),
        upstream: upstream.to_vec(),
        ..PlanNode::default()
    }
}

fn said(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .map(|line| format!("{} {}: {}", line.action.as_str(), line.step, line.reason))
        .collect()
}

use TaskState::{Cancelled, Completed, Failed, UpstreamFailed};

#[test]
fn the_plan_of_the_design_is_told_as_it_is_drawn_there() {
    let map = PlanNode {
        is_map: true,
        ..node("fetch_page", &[])
    };
    let nodes = vec![
        node("fetch_rates", &[]),
        map,
        node("", &[1]),
        node("summarise", &[0, 2]),
        node("notify", &[3]),
        node("cleanup", &[4]),
    ];
    let mut steps = vec![record(0, "fetch_rates", Completed)];
    steps.extend((0..4).map(|item| record(item + 1, &format!("fetch_page[{item}]"), Completed)));
    steps.push(record(5, "fetch_page[4]", Failed));
    let known = Known {
        nodes: Some(nodes),
        ..known(&[("fetch_rates", 1), ("fetch_page", 1), ("summarise", 2)])
    };
    let plan = plan(
        recorded(RunState::Failed, steps),
        &known,
        How::Resume,
        &Choices::default(),
    );
    let lines: Vec<_> = plan
        .lines()
        .into_iter()
        .map(|(action, names, reason)| format!("{} {names}: {reason}", action.as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            "reuse fetch_rates: same inputs, same text",
            "reuse fetch_page[0..3]: same inputs, same text",
            "run fetch_page[4]: failed",
            "run fetch_page[5..]: never reached",
            "run summarise: after fetch_page[4]",
            "run notify: after summarise",
            "run cleanup: after notify",
        ]
    );
    assert_eq!(plan.redo, BTreeSet::from(["fetch_page[4]".to_owned()]));
    assert_eq!(plan.runs(), 5);
}

#[test]
fn a_fan_out_that_ended_has_no_other_items_and_fails_as_a_whole() {
    let map = PlanNode {
        is_map: true,
        ..node("page", &[])
    };
    let item = |seq, step, state| StepRecord {
        scope: "page[]".to_owned(),
        tolerated: true,
        ..record(seq, step, state)
    };
    let steps = vec![
        item(0, "page[0]", Failed),
        item(1, "page[2]", Failed),
        item(2, "page[3]", Completed),
    ];
    let error = steps[0].output.clone();
    let known = Known {
        nodes: Some(vec![map]),
        ..Known::default()
    };
    let of = |scopes| {
        let mut recorded = recorded(RunState::Failed, steps.clone());
        recorded.error.clone_from(&error);
        recorded.journal.scopes = scopes;
        said(&plan(recorded, &known, How::Resume, &Choices::default()))
    };
    let ended = [
        "run page[0]: failed",
        "run page[2]: failed",
        "reuse page[3]: same inputs, same text",
    ];
    assert_eq!(of(vec![("page[]".to_owned(), 3)]), ended);
    assert_eq!(
        of(Vec::new())[3..],
        ["run page[1]: never reached", "run page[4..]: never reached"]
    );
}

#[test]
fn changed_text_is_done_again_with_what_waits_for_it_unless_it_is_trusted() {
    let nodes = vec![node("load", &[]), node("other", &[]), node("sum", &[0])];
    let steps = || {
        vec![
            record(0, "load", Completed),
            record(1, "other", Completed),
            record(2, "sum", Completed),
        ]
    };
    let known = Known {
        nodes: Some(nodes),
        ..known(&[("load", 2), ("other", 1), ("sum", 3)])
    };
    let with = |trust_changed| {
        let choices = Choices {
            trust_changed,
            ..Choices::default()
        };
        plan(
            recorded(RunState::Cancelled, steps()),
            &known,
            How::Resume,
            &choices,
        )
    };
    assert_eq!(
        said(&with(false)),
        [
            "run load: text changed since (src/load.rs:7)",
            "reuse other: same inputs, same text",
            "run sum: after load; text changed since (src/sum.rs:7)",
        ]
    );
    assert_eq!(
        said(&with(true)),
        [
            "reuse load: same inputs, trusted although its text changed since (src/load.rs:7)",
            "reuse other: same inputs, same text",
            "reuse sum: same inputs, trusted although its text changed since (src/sum.rs:7)",
        ]
    );
    assert!(with(true).redo.is_empty());
}

#[test]
fn a_node_that_was_not_run_is_not_a_record_to_keep() {
    let nodes = vec![node("bad", &[]), node("next", &[0]), node("arm", &[])];
    let note = |seq, step, state| StepRecord {
        kind: StepKind::Node,
        ..record(seq, step, state)
    };
    let steps = vec![
        record(0, "bad", Failed),
        note(1, "next", UpstreamFailed),
        note(2, "arm", TaskState::Skipped),
        record(3, "gone", Completed),
    ];
    let known = Known {
        nodes: Some(nodes),
        ..Known::default()
    };
    let plan = plan(
        recorded(RunState::Failed, steps),
        &known,
        How::Resume,
        &Choices::default(),
    );
    assert_eq!(said(&plan), ["run bad: failed", "run next: after bad"]);
    let all = ["arm", "bad", "gone", "next"].map(str::to_owned);
    assert_eq!(plan.redo, BTreeSet::from(all));
}

#[test]
fn a_program_redoes_only_the_failure_that_ended_it() {
    let handled = StepRecord {
        tolerated: true,
        ..record(0, "try", Failed)
    };
    let steps = vec![
        handled,
        record(1, "work", Completed),
        record(2, "last", Failed),
    ];
    let with = |retry_handled| {
        let choices = Choices {
            retry_handled,
            ..Choices::default()
        };
        plan(
            recorded(RunState::Failed, steps.clone()),
            &Known::default(),
            How::Resume,
            &choices,
        )
    };
    assert!(with(false).and_what_follows);
    assert_eq!(
        said(&with(false)),
        [
            "reuse try: failed, and the flow went on",
            "reuse work: same inputs, same text",
            "run last: failed",
        ]
    );
    assert_eq!(said(&with(true))[0], "run try: failed");
}

#[test]
fn a_failure_is_done_again_although_the_flow_cleaned_up_after_it() {
    let bad = StepRecord {
        tolerated: true,
        ..record(0, "work", Failed)
    };
    let same = bad.output.clone();
    let wrapped = Error::new(ErrorKind::Failed, "the batch is off: work broke").to_json();
    let other = Error::new(ErrorKind::Failed, "not approved").to_json();
    let reasons = |error: Option<Payload>| {
        let recorded = Recorded {
            error,
            ..recorded(
                RunState::Failed,
                vec![bad.clone(), record(1, "cleanup", Completed)],
            )
        };
        let plan = plan(
            recorded,
            &Known::default(),
            How::Resume,
            &Choices::default(),
        );
        plan.steps[0].reason.clone()
    };
    assert_eq!(reasons(same), Reason::Failed);
    assert_eq!(reasons(Some(Payload::from_json(wrapped))), Reason::Failed);
    assert_eq!(reasons(Some(Payload::from_json(other))), Reason::Handled);
}

#[test]
fn a_recovery_keeps_everything_and_never_looks_at_text() {
    let nodes = vec![node("one", &[]), node("two", &[0]), node("three", &[1])];
    let known = Known {
        nodes: Some(nodes),
        ..known(&[("one", 9)])
    };
    let steps = vec![record(0, "one", Completed), record(1, "two", Failed)];
    let plan = plan(
        recorded(RunState::Running, steps),
        &known,
        How::Recovery,
        &Choices::default(),
    );
    assert_eq!(
        said(&plan),
        [
            "reuse one: recorded",
            "reuse two: recorded",
            "run three: never reached",
        ]
    );
    assert!(plan.redo.is_empty());
}

#[test]
fn from_a_step_on_everything_runs() {
    let choices = Choices {
        from: Some("b".to_owned()),
        ..Choices::default()
    };
    let steps = || {
        vec![
            record(0, "a", Completed),
            record(1, "b", Completed),
            record(2, "c", Completed),
        ]
    };
    let of = |nodes| {
        let known = Known {
            nodes,
            ..Known::default()
        };
        said(&plan(
            recorded(RunState::Completed, steps()),
            &known,
            How::Rerun,
            &choices,
        ))
    };
    assert_eq!(
        of(None),
        [
            "reuse a: same inputs, same text",
            "run b: asked for",
            "run c: after b",
        ]
    );
    let apart = vec![node("a", &[]), node("b", &[0]), node("c", &[0])];
    assert_eq!(
        of(Some(apart))[2],
        "reuse c: same inputs, same text",
        "a node beside it stays"
    );
}

#[test]
fn what_an_earlier_drive_left_aside_counts_unless_a_later_one_knows_better() {
    let steps = vec![
        record(0, "a", Completed),
        record(ASIDE, "a", Failed),
        record(ASIDE + 1, "b", Completed),
        record(ASIDE + 2, "c", Cancelled),
    ];
    let plan = plan(
        recorded(RunState::Failed, steps),
        &Known::default(),
        How::Resume,
        &Choices::default(),
    );
    assert_eq!(
        said(&plan),
        [
            "reuse a: same inputs, same text",
            "reuse b: same inputs, same text",
            "run c: cancelled",
        ]
    );
}

#[test]
fn a_failed_child_is_entered_and_a_changed_one_is_done_again() {
    let child = |steps: Vec<StepRecord>, state, known: &Known| {
        plan(
            recorded(state, steps),
            known,
            How::Resume,
            &Choices::default(),
        )
    };
    let mut known = known(&[("deep", 2), ("fine", 1), ("bad", 1)]);
    for flow in ["left", "right"] {
        let text = known.texts[&(StepKind::Task, "fine".to_owned())].clone();
        known.texts.insert((StepKind::Flow, flow.to_owned()), text);
    }
    let failed = child(
        vec![record(0, "fine", Completed), record(1, "bad", Failed)],
        RunState::Failed,
        &known,
    );
    let changed = child(
        vec![record(0, "deep", Completed)],
        RunState::Completed,
        &known,
    );
    let flow = |seq, step, state| StepRecord {
        kind: StepKind::Flow,
        ..record(seq, step, state)
    };
    let recorded = Recorded {
        children: BTreeMap::from([("left".to_owned(), changed), ("right".to_owned(), failed)]),
        ..recorded(
            RunState::Failed,
            vec![flow(0, "left", Completed), flow(1, "right", Failed)],
        )
    };
    let plan = plan(recorded, &known, How::Resume, &Choices::default());
    assert_eq!(
        said(&plan),
        [
            "run left: text changed since (src/deep.rs:7)",
            "run left/deep: text changed since (src/deep.rs:7)",
            "run right: failed",
            "reuse right/fine: same inputs, same text",
            "run right/bad: failed",
        ]
    );
    assert_eq!(
        plan.children["right"].redo,
        BTreeSet::from(["bad".to_owned()])
    );
}

#[test]
fn calls_items_and_keys_that_follow_each_other_share_a_line() {
    let ids = [
        "tick", "tick#2", "tick#3", "page[eu]", "page[us]", "page[jp]", "last", "tick#9",
    ];
    let steps = ids.map(|id| PlannedStep {
        step: id.to_owned(),
        task: String::new(),
        action: Action::Reuse,
        reason: Reason::Recorded,
    });
    let plan = Plan {
        steps: steps.to_vec(),
        ..Plan::default()
    };
    let names: Vec<_> = plan
        .lines()
        .into_iter()
        .map(|(_, names, _)| names)
        .collect();
    assert_eq!(
        names,
        ["tick#1..3", "page[eu and 2 more]", "last", "tick#9"]
    );
}

#[test]
fn a_node_that_calls_another_task_now_runs_and_a_call_that_is_gone_is_forgotten() {
    let renamed = PlanNode {
        task: "new".to_owned(),
        ..node("load", &[])
    };
    let program = known(&[("new", 1), ("other", 1)]);
    let steps = || vec![record(0, "load", Completed), record(1, "other", Completed)];
    let of = |known: &Known| {
        plan(
            recorded(RunState::Parked, steps()),
            known,
            How::Resume,
            &Choices::default(),
        )
    };
    let dag = Known {
        nodes: Some(vec![renamed]),
        ..program.clone()
    };
    assert_eq!(
        said(&of(&dag)),
        ["run load: text changed since (src/new.rs:7)"]
    );
    assert_eq!(said(&of(&program)), ["reuse other: same inputs, same text"]);
    assert!(of(&program).redo.is_empty());
}
