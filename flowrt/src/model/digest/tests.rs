//! What is told of runs that failed.

use super::*;
use crate::model::ids::RunId;
use crate::model::payload::{Digest, Payload};
use crate::model::sample;
use crate::model::state::TaskState;

fn run(state: RunState, error: Option<&Error>) -> RunRecord {
    RunRecord {
        error: error.map(|error| Payload::from_json(error.to_json())),
        ..sample::run(state)
    }
}

fn item(index: u64, error: Option<Error>) -> StepRecord {
    StepRecord {
        seq: index,
        step: format!("fetch[{index}]"),
        scope: "fetch[]".to_owned(),
        position: 0,
        task: "fetch".to_owned(),
        kind: StepKind::Task,
        digest: Digest::default(),
        fingerprint: 0,
        input: None,
        state: if error.is_some() {
            TaskState::Failed
        } else {
            TaskState::Completed
        },
        output: error.map(|error| Payload::from_json(error.to_json())),
        attempts: 1,
        started: 0,
        finished: 1_000_000 + i64::try_from(index).expect("small"),
        signal: None,
        reused_from: None,
        tolerated: false,
        label: None,
    }
}

fn line(attempt: u32, time: Micros, level: &str, message: &str) -> LogLine {
    LogLine {
        run: RunId(uuid::Uuid::from_u128(1)),
        step: "fetch[0]".to_owned(),
        attempt,
        time,
        level: level.to_owned(),
        target: String::new(),
        message: message.to_owned(),
    }
}

fn journal(steps: Vec<StepRecord>) -> Journal {
    Journal {
        steps,
        ..Journal::default()
    }
}

#[test]
fn equal_causes_of_a_fan_out_are_one() {
    let error = |index: u64| match index % 100 {
        0..3 => {
            Some(Error::from(format!("offer {index} has no price")).within("it cannot be read"))
        }
        3 => Some(Error::from("the API answered 503")),
        4 => Some(Error::fatal("the API answered 503")),
        _ => None,
    };
    let steps = (0..2000).map(|index| item(index, error(index))).collect();
    let own = error(3).expect("fails").at("fetch[3]", None, 1);
    let told = digest(&run(RunState::Failed, Some(&own)), &journal(steps)).expect("failed");
    assert_eq!(
        (told.failed, told.causes.len(), told.causes[0].count),
        (100, 3, 60)
    );
    assert_eq!(
        told.lines().join("\n"),
        "fetch[0]: offer 0 has no price\n  so it cannot be read
  100 of 2,000 items of fetch failed, 3 causes
  60 × offer 0 has no price (fetch[0], fetch[1], fetch[2], …)
  20 × the API answered 503 (fetch[3], fetch[103], fetch[203], …)
  20 × the API answered 503 (fetch[4], fetch[104], fetch[204], …)"
    );
}

#[test]
fn the_first_cause_is_the_one_that_came_first_and_what_was_tolerated_is_none() {
    let mut late = item(0, Some(Error::from("late")));
    late.finished = 8_000_000;
    let mut tolerated = item(1, Some(Error::from("no matter")));
    tolerated.tolerated = true;
    let early = item(2, Some(Error::from("early")));
    let mut unrun = item(3, Some(Error::from("its upstream")));
    unrun.kind = StepKind::Node;
    let steps = vec![late, tolerated, early, unrun];
    let own = Error::from("late").at("fetch[0]", None, 1);
    let told = digest(&run(RunState::Failed, Some(&own)), &journal(steps)).expect("failed");
    let roots: Vec<_> = told
        .causes
        .iter()
        .map(|cause| cause.root.as_str())
        .collect();
    assert_eq!(roots, ["early", "late"]);
}

#[test]
fn what_the_flow_itself_says_comes_first_unless_a_step_explains_it() {
    let steps = || vec![item(0, Some(Error::from("no bread")))];
    let told = |own: &str| {
        let told = digest(
            &run(RunState::Failed, Some(&Error::from(own))),
            &journal(steps()),
        );
        told.expect("failed").first().root.clone()
    };
    assert_eq!(told("dinner is off: no bread"), "no bread");
    assert_eq!(told("the guests left"), "the guests left");
    let alone = digest(
        &run(RunState::TimedOut, Some(&Error::from("slow"))),
        &Journal::default(),
    );
    assert_eq!(alone.expect("failed").lines(), ["slow"]);
}

#[test]
fn only_failures_have_one() {
    let error = Error::from("stopped");
    for state in [
        RunState::Completed,
        RunState::Cancelled,
        RunState::Interrupted,
        RunState::Running,
    ] {
        assert!(
            digest(&run(state, Some(&error)), &Journal::default()).is_none(),
            "{state}"
        );
    }
    assert!(digest(&run(RunState::Failed, None), &Journal::default()).is_none());
    assert!(digest(&run(RunState::Parked, Some(&error)), &Journal::default()).is_some());
}

#[test]
fn the_last_warnings_of_the_last_attempt_are_told() {
    let mut step = item(0, Some(Error::from("gone").at("fetch[0]", None, 2)));
    step.attempts = 2;
    let mut journal = journal(vec![step]);
    journal.attempts.push(crate::model::record::AttemptRecord {
        step: "fetch[0]".to_owned(),
        attempt: 1,
        started: 0,
        finished: 1,
        error: Payload::from_json(Error::from("slow").to_json()),
        next: None,
    });
    let own = Error::from("gone").at("fetch[0]", None, 2);
    let mut told = digest(&run(RunState::Failed, Some(&own)), &journal).expect("failed");
    told.tell(&[
        line(1, 10, "WARN", "of the first attempt"),
        line(2, 400_000, "WARN", "one"),
        line(2, 500_000, "ERROR", "two\nlines"),
        line(2, 600_000, "INFO", "no warning"),
        line(2, 700_000, "WARN", "three"),
        line(2, 800_000, "WARN", "four"),
        line(2, 9_000_000, "WARN", "after it"),
    ]);
    assert_eq!(
        told.more(),
        [
            "1 of 1 items of fetch failed, 1 cause",
            "attempt 1 had failed otherwise: slow",
            "500 ms before: ERROR two lines",
            "300 ms before: WARN three",
            "200 ms before: WARN four",
        ]
    );
}

#[test]
fn a_cause_below_takes_the_place_of_what_was_seen_of_it() {
    let own = Error::from("no").at("sub", None, 1);
    let outer = digest(
        &run(RunState::Failed, Some(&own)),
        &journal(vec![item(0, Some(own.clone()))]),
    );
    let inner = digest(
        &run(RunState::Failed, Some(&own)),
        &journal(vec![item(7, Some(Error::from("deep")))]),
    );
    let outer = outer.expect("failed");
    let print = outer.first().fingerprint.clone();
    let told = outer.seen_in("bold-heron", inner.expect("failed"));
    assert_eq!(told.lines()[0], "fetch[7] of bold-heron: deep");
    assert_eq!(told.first().fingerprint, print);
    let back: ErrorDigest =
        serde_json::from_value(serde_json::to_value(&told).expect("writes")).expect("reads");
    assert_eq!(back, told);
}
