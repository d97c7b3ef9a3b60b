//! Records in, reasons out.

use serde_json::json;

use super::*;
use crate::model::graph::{Edge, EdgeKind, Node, NodeKind, Trigger};
use crate::model::payload::{Digest, Payload};
use crate::model::record::{AttemptRecord, StepKind, StepRecord};
use crate::model::sample;
use crate::model::state::TaskState;

fn record(state: RunState) -> RunRecord {
    RunRecord {
        flow: "flow".to_owned(),
        started: None,
        finished: None,
        ..sample::run(state)
    }
}

fn wait(step: &str, kind: &str, due: Option<i64>, detail: serde_json::Value) -> WaitRecord {
    WaitRecord {
        step: step.to_owned(),
        kind: kind.to_owned(),
        due,
        detail,
    }
}

fn done(step: &str) -> StepRecord {
    StepRecord {
        seq: 0,
        step: step.to_owned(),
        scope: String::new(),
        position: 0,
        task: step.to_owned(),
        kind: StepKind::Task,
        digest: Digest::default(),
        fingerprint: 0,
        input: None,
        state: TaskState::Completed,
        output: None,
        attempts: 1,
        started: 0,
        finished: 0,
        signal: None,
        reused_from: None,
        tolerated: false,
        label: None,
    }
}

fn chain(names: &[&str]) -> Graph {
    let node = |id: &&str| Node {
        id: (*id).to_owned(),
        label: (*id).to_owned(),
        kind: NodeKind::Task,
        rule: Trigger::AllSuccess,
        tolerated: false,
        over: None,
        items: None,
        arm: None,
        state: None,
        location: None,
    };
    let edge = |to: usize| Edge {
        from: to - 1,
        to,
        kind: EdgeKind::Data,
    };
    Graph {
        flow: "flow".to_owned(),
        is_dag: true,
        nodes: names.iter().map(node).collect(),
        edges: (1..names.len()).map(edge).collect(),
    }
}

fn told(reasons: &[Reason]) -> Vec<(Option<&str>, &Why)> {
    reasons
        .iter()
        .map(|reason| (reason.step.as_deref(), &reason.why))
        .collect()
}

const LIVING: Driver = Driver::Living(Some(4711));

#[test]
fn each_wait_is_named() {
    let mut journal = Journal::default();
    let schema = json!({ "type": "boolean" });
    journal.waits = vec![
        wait(
            "receive",
            "signal",
            Some(9),
            json!({ "name": "approve", "schema": schema }),
        ),
        wait("sleep", "sleep", Some(5), json!(null)),
        wait("fetch", "retry", Some(7), json!(null)),
        wait("api", "limit", None, json!(null)),
    ];
    for attempt in [1, 2] {
        journal.attempts.push(AttemptRecord {
            step: "fetch".to_owned(),
            attempt,
            started: 0,
            finished: 0,
            error: Payload::from_json(format!("error {attempt}")),
            next: Some(7),
        });
    }
    let reasons = reasons_of(
        &record(RunState::Running),
        &journal,
        &[],
        Vec::new(),
        &LIVING,
        None,
    );
    let signal = Why::Signal {
        signal: "approve".to_owned(),
        until: Some(9),
        schema,
    };
    let retry = Why::Retry {
        attempt: 3,
        due: Some(7),
        error: "error 2".to_owned(),
    };
    let other = Why::Other {
        kind: "limit".to_owned(),
        until: None,
    };
    assert_eq!(
        told(&reasons),
        [
            (Some("receive"), &signal),
            (Some("sleep"), &Why::Time { until: Some(5) }),
            (Some("fetch"), &retry),
            (Some("api"), &other),
        ]
    );
}

#[test]
fn a_node_waits_for_those_before_it_that_have_not_ended() {
    let mut journal = Journal::default();
    journal.steps.push(done("a"));
    let graph = chain(&["a", "b", "c"]);
    let reasons = reasons_of(
        &record(RunState::Running),
        &journal,
        &[],
        Vec::new(),
        &LIVING,
        Some(&graph),
    );
    let on = vec!["b".to_owned()];
    assert_eq!(
        told(&reasons),
        [
            (None, &Why::UnderWay { pid: Some(4711) }),
            (Some("c"), &Why::Dependency { on }),
        ]
    );
}

#[test]
fn a_child_is_named_with_where_it_stands() {
    let mut child = record(RunState::Waiting);
    child.parent = Some((RunId(uuid::Uuid::from_u128(1)), "sub".to_owned()));
    child.name = "bold-heron".to_owned();
    let reasons = reasons_of(
        &record(RunState::Running),
        &Journal::default(),
        &[child],
        Vec::new(),
        &LIVING,
        None,
    );
    let why = Why::Child {
        child: RunId(uuid::Uuid::from_u128(1)),
        child_name: "bold-heron".to_owned(),
        state: RunState::Waiting,
    };
    assert_eq!(told(&reasons), [(Some("sub"), &why)]);
}

#[test]
fn the_run_as_a_whole_comes_first() {
    let journal = Journal {
        waits: vec![wait("sleep", "sleep", Some(5), json!(null))],
        ..Journal::default()
    };
    let first = |record: &RunRecord, driver: &Driver| {
        let reasons = reasons_of(record, &journal, &[], Vec::new(), driver, None);
        (reasons[0].why.clone(), reasons.len())
    };
    let gone = Driver::Gone(Some(7));
    assert_eq!(
        first(&record(RunState::Running), &gone),
        (Why::Dead { pid: Some(7) }, 2)
    );
    assert_eq!(
        first(&record(RunState::Pending), &Driver::Nobody),
        (Why::NotTaken, 2)
    );
    assert_eq!(
        first(&record(RunState::Interrupted), &Driver::Nobody),
        (Why::Interrupted, 2)
    );
    let ended = Why::Ended {
        state: RunState::TimedOut,
    };
    assert_eq!(
        first(&record(RunState::TimedOut), &Driver::Nobody),
        (ended, 1)
    );
    let mut parked = record(RunState::Parked);
    parked.error = Some(Payload::from_json("the code changed".to_owned()));
    let error = "the code changed".to_owned();
    let in_doubt = false;
    assert_eq!(
        first(&parked, &Driver::Nobody),
        (Why::Parked { error, in_doubt }, 1)
    );
    let mut cancelled = record(RunState::Running);
    cancelled.cancel_requested = Some(3);
    assert_eq!(
        first(&cancelled, &LIVING),
        (Why::Cancelling { asked: 3 }, 2)
    );
}

mod left {
    use super::super::left::tell;
    use super::*;
    use crate::model::dispatch::Dispatch;
    use crate::model::ids::ProcessId;
    use crate::store::queue::WorkerRecord;

    fn queued(due: Option<i64>) -> RunRecord {
        RunRecord {
            dispatch: Dispatch::to_queue("q"),
            due,
            build: "b1".to_owned(),
            ..record(RunState::Pending)
        }
    }

    fn worker(queue: &str, flow: &str, build: &str) -> WorkerRecord {
        WorkerRecord {
            process: ProcessId(uuid::Uuid::from_u128(1)),
            pid: 1,
            host: String::new(),
            build: build.to_owned(),
            queues: vec![queue.to_owned()],
            flows: vec![flow.to_owned()],
            concurrency: 1,
            launcher: "inline".to_owned(),
            started: 0,
            draining: false,
            beat: 0,
        }
    }

    fn told(record: &RunRecord, workers: &[WorkerRecord]) -> Option<Why> {
        let mut reasons = vec![Reason {
            run: record.id,
            name: record.name.clone(),
            step: None,
            why: Why::NotTaken,
        }];
        tell(&mut reasons, record, workers, 10);
        reasons.pop().map(|reason| reason.why)
    }

    #[test]
    fn each_hold_of_the_queue_is_told() {
        let queue = || "q".to_owned();
        let mine = worker("q", "flow", "b1");
        assert_eq!(
            told(&queued(Some(11)), &[]),
            Some(Why::Scheduled { due: 11 })
        );
        let due = queued(Some(10));
        let elsewhere = worker("other", "flow", "b1");
        let none = Some(Why::NoWorker { queue: queue() });
        assert_eq!(told(&due, &[]), none);
        assert_eq!(told(&due, &[elsewhere]), none);
        let unknown = Why::UnknownFlow {
            flow: "flow".to_owned(),
            queue: queue(),
        };
        assert_eq!(told(&due, &[worker("q", "x", "b1")]), Some(unknown));
        let full = Why::Queued {
            queue: queue(),
            workers: 1,
        };
        assert_eq!(told(&due, std::slice::from_ref(&mine)), Some(full));
        let begun = RunRecord {
            started: Some(1),
            ..due
        };
        let build = Some(Why::OtherBuild {
            build: "b1".to_owned(),
        });
        assert_eq!(told(&begun, &[mine, worker("q", "flow", "b2")]), build);
    }

    #[test]
    fn a_run_that_rests_tells_its_waits_only() {
        for due in [None, Some(99)] {
            let rests = RunRecord {
                state: RunState::Waiting,
                ..queued(due)
            };
            assert_eq!(told(&rests, &[]), None);
        }
        let driven_here = record(RunState::Pending);
        assert_eq!(told(&driven_here, &[]), Some(Why::NotTaken));
    }
}
