//! The last lines as golden text.

use super::*;
use crate::model::outline::{Line, Outline};
use crate::model::payload::{Digest, Payload};
use crate::model::record::{StepKind, StepRecord};
use crate::model::sample;
use crate::model::state::TaskState;

fn record(state: RunState, error: Option<&str>) -> RunRecord {
    RunRecord {
        flow: "offers_report".to_owned(),
        finished: Some(3_100_000),
        error: error.map(|error| Payload::from_json(error.to_owned())),
        ..sample::run(state)
    }
}

fn step(step: &str, kind: StepKind, state: TaskState, attempts: u32) -> StepRecord {
    StepRecord {
        seq: 0,
        step: step.to_owned(),
        scope: String::new(),
        position: 0,
        task: step.to_owned(),
        kind,
        digest: Digest::default(),
        fingerprint: 0,
        input: None,
        state,
        output: None,
        attempts,
        started: 0,
        finished: 0,
        signal: None,
        reused_from: None,
        tolerated: false,
        label: None,
    }
}

fn lines(record: &RunRecord, steps: Vec<StepRecord>, failed_in: &str) -> String {
    let mut counted = Outline::default();
    for step in &steps {
        counted.add(Line {
            place: 0,
            step: &step.step,
            scope: &step.scope,
            kind: step.kind,
            state: step.state,
            started: step.started,
            finished: step.finished,
            is_reused: false,
            attempts: step.attempts,
        });
    }
    let failed = steps
        .into_iter()
        .filter(|step| step.state.is_failure() && !step.tolerated);
    let failed: Vec<StepRecord> = failed.collect();
    let recap = Recap::of(&counted, &failed, failed.len() as u64, failed_in.to_owned());
    let attempts = HashMap::from([("fetch_page", 4)]);
    let ending = Ending {
        record,
        recap: &recap,
        attempts: &attempts,
        program: "myflows",
        more: &[],
    };
    ending.lines().join("\n")
}

#[test]
fn a_success_is_told_in_one_line() {
    let steps = vec![
        step("a", StepKind::Task, TaskState::Completed, 3),
        step("b", StepKind::Task, TaskState::Cached, 0),
        step("sleep", StepKind::Sleep, TaskState::Completed, 1),
        step("c", StepKind::Flow, TaskState::Completed, 1),
        step("d", StepKind::Node, TaskState::Skipped, 0),
    ];
    let record = record(RunState::Completed, None);
    assert_eq!(
        lines(&record, steps, "calm-otter"),
        "Completed in 3.1 s · 3 tasks, 1 retried, 1 cached, 1 skipped"
    );
}

#[test]
fn a_failure_says_where_why_and_what_to_do() {
    let error = r#"{"kind":"Failed","message":"the offers API answered 503 Service Unavailable",
        "chain":["upstream connect error"],"task":"fetch_page[4]","location":"src/flows/offers.rs:12","attempts":4}"#;
    let record = record(RunState::Failed, Some(error));
    let mut steps: Vec<_> = (0..4)
        .map(|item| {
            step(
                &format!("fetch_page[{item}]"),
                StepKind::Task,
                TaskState::Completed,
                1,
            )
        })
        .collect();
    steps.push(step("fetch_page[4]", StepKind::Task, TaskState::Failed, 4));
    steps.push(step(
        "summarise",
        StepKind::Node,
        TaskState::UpstreamFailed,
        0,
    ));
    steps.push(step("notify", StepKind::Node, TaskState::UpstreamFailed, 0));
    assert_eq!(
        lines(&record, steps, "calm-otter"),
        "\
Failed in 3.1 s at fetch_page[4] (attempt 4 of 4)
  the offers API answered 503 Service Unavailable
    caused by: upstream connect error
  src/flows/offers.rs:12 · 4 tasks kept, 2 not started
try:  myflows runs resume calm-otter          (redoes fetch_page[4], then summarise, notify)
      myflows runs logs calm-otter --task fetch_page[4]"
    );
}

#[test]
fn a_failure_of_a_child_run_leads_to_its_log() {
    let error = r#"{"kind":"Failed","message":"no","task":"load","attempts":1}"#;
    let record = record(RunState::Failed, Some(error));
    let steps = vec![step("sub", StepKind::Flow, TaskState::Failed, 1)];
    assert_eq!(
        lines(&record, steps, "bold-heron"),
        "\
Failed in 3.1 s at load of bold-heron
  no
  0 tasks kept
try:  myflows runs resume calm-otter          (redoes sub)
      myflows runs logs bold-heron --task load"
    );
}

#[test]
fn what_a_person_stopped_names_the_way_on() {
    let steps = || vec![step("a", StepKind::Task, TaskState::Completed, 1)];
    for (state, verb) in [
        (RunState::Cancelled, "Cancelled"),
        (RunState::Interrupted, "Interrupted"),
    ] {
        assert_eq!(
            lines(&record(state, None), steps(), "calm-otter"),
            format!(
                "{verb} after 3.1 s · 1 task kept\ntry:  myflows runs resume calm-otter          (goes on from there)"
            )
        );
    }
    let parked = record(RunState::Parked, Some("the code changed"));
    assert_eq!(
        lines(&parked, steps(), "calm-otter"),
        "Parked after 3.1 s\n  the code changed\n  1 task kept\ntry:  myflows runs resume calm-otter"
    );
    let error = r#"{"kind":"Crashed","message":"the process went","task":"pay","hint":"look"}"#;
    let in_doubt = record(RunState::Parked, Some(error));
    assert_eq!(
        lines(&in_doubt, steps(), "calm-otter"),
        "\
Parked after 3.1 s at pay
  the process went
  1 task kept
try:  myflows runs resume calm-otter --retry-crashed          (does pay again)
      myflows runs cancel calm-otter          (gives it up)
      myflows runs logs calm-otter --task pay
      look"
    );
    assert_eq!(
        lines(&record(RunState::Running, None), steps(), "calm-otter"),
        "calm-otter is running\ntry:  myflows runs why calm-otter"
    );
}
