//! What is read back from the record of hooks and rollbacks.

use super::*;
use crate::model::payload::Digest;

fn step(seq: u64, step: &str, finished: Micros) -> StepRecord {
    let scope = step.rfind(")/").map_or("", |end| &step[..end + 2]);
    StepRecord {
        seq,
        step: step.to_owned(),
        scope: scope.to_owned(),
        position: 0,
        task: step.trim_start_matches(scope).to_owned(),
        kind: StepKind::Task,
        digest: Digest::default(),
        fingerprint: 1,
        input: None,
        state: TaskState::Completed,
        output: None,
        attempts: 1,
        started: finished,
        finished,
        signal: None,
        reused_from: None,
        tolerated: false,
        label: None,
    }
}

fn journal(steps: Vec<StepRecord>) -> Journal {
    Journal {
        steps,
        ..Journal::default()
    }
}

#[test]
fn only_scopes_in_parentheses_of_known_kinds_come_after_an_outcome() {
    assert_eq!(
        read("(on_failure)/b1/fetch[3]"),
        Some((After::Failure, "b1/fetch[3]"))
    );
    assert_eq!(
        read("(rollback 2)/charge#2"),
        Some((After::Rollback, "charge#2"))
    );
    for other in [
        "charge",
        "(timeout)",
        "(charge)/x",
        "b1/(rollback)/x",
        "(rollback)",
    ] {
        assert_eq!(read(other), None, "{other}");
    }
    for kind in After::ALL {
        for round in [1, 2, 17] {
            assert_eq!(read(&kind.scope(round)), Some((kind, "")));
        }
    }
}

#[test]
fn each_time_a_run_is_taken_up_begins_a_round() {
    let afters = Afters::of(&journal(vec![
        step(0, "(rollback 2)/b", 5),
        step(ASIDE, "(rollback)/a", 1),
        step(ASIDE + 1, "(rollback)/b", 2),
    ]));
    assert_eq!(afters.now(After::Rollback, "a"), None);
    assert_eq!(afters.round(After::Rollback, "a"), 2);
    assert_eq!(afters.now(After::Rollback, "b"), Some(TaskState::Completed));
    assert_eq!(
        afters
            .rolled_back()
            .map(|(step, _)| step)
            .collect::<Vec<_>>(),
        ["b"]
    );
    assert_eq!(afters.undone_before().get("a"), Some(&1));
}

#[test]
fn a_hook_is_called_for_each_outcome_and_once_for_one_that_is_reused() {
    let reused = step(0, "a", 3);
    let afters = Afters::of(&journal(vec![step(ASIDE, "(on_success)/a", 4)]));
    assert!(afters.is_called(After::Success, &reused));
    assert!(!afters.is_called(After::Failure, &reused));
    let anew = step(0, "a", 9);
    assert!(!afters.is_called(After::Success, &anew));
}

#[test]
fn what_ended_last_is_undone_first_and_only_what_this_run_did() {
    let run = RunId(uuid::Uuid::from_u128(1));
    let copied = StepRecord {
        reused_from: Some(RunId(uuid::Uuid::from_u128(2))),
        ..step(2, "copied", 0)
    };
    let failed = StepRecord {
        state: TaskState::Failed,
        ..step(3, "failed", 0)
    };
    let journal = journal(vec![
        step(0, "a", 0),
        step(1, "b", 0),
        copied,
        failed,
        step(4, "(on_success)/a", 0),
        step(ASIDE, "before", 0),
        step(ASIDE + 1, "failed", 0),
    ]);
    let undone = to_undo(&journal, run, |_| true);
    let names: Vec<_> = undone.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(names, ["b", "a", "before"]);
    assert!(to_undo(&journal, run, |_| false).is_empty());
}

#[test]
fn a_decided_end_comes_back_as_it_was() {
    let decided = Decided {
        state: RunState::Failed,
        output: None,
        error: Some(Payload::from_json("{\"kind\":\"Failed\"}")),
        at: 7,
        crashes: 2,
    };
    let journal = Journal {
        waits: vec![decided.to_wait()],
        ..Journal::default()
    };
    assert_eq!(Decided::of(&journal), Some(decided));
    assert_eq!(Decided::of(&Journal::default()), None);
}
