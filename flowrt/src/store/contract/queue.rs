//! Runs that are left to workers.

use uuid::Uuid;

use super::super::queue::{Others, Rest, Wanted, WorkerRecord};
use super::super::sample::{ending, new_run, payload, run_id, wait};
use super::super::{Durability, Error, RunFilter, Store};
use crate::model::dispatch::{Dispatch, Slot};
use crate::model::ids::ProcessId;
use crate::model::record::{Entry, Micros, NewRun, RunRecord};
use crate::model::state::RunState;

fn left(number: u64, due: Option<Micros>) -> NewRun {
    NewRun {
        dispatch: Dispatch::to_queue("default"),
        due,
        ..new_run(number, "calm")
    }
}

fn wanted(at_most: usize) -> Wanted {
    Wanted {
        flows: vec!["offers".into(), "other".into()],
        queues: vec!["default".into()],
        at_most,
        ..Wanted::default()
    }
}

async fn record(store: &dyn Store, number: u64) -> RunRecord {
    store.run(run_id(number)).await.unwrap().unwrap()
}

/// Which runs are taken then, and when the next is due.
async fn take(store: &dyn Store, at_most: usize, now: Micros) -> (Vec<u64>, Option<Micros>) {
    let taken = store.take_due(wanted(at_most), now).await.unwrap();
    for run in &taken.runs {
        assert_eq!((run.state, run.due), (RunState::Running, None));
        assert_eq!(run.owner, Some(store.process()));
    }
    let numbers = taken.runs.iter().map(|run| run.id.0.as_u64_pair().1);
    (
        numbers
            .map(|low| {
                (1..9)
                    .find(|n| run_id(*n).0.as_u64_pair().1 == low)
                    .unwrap()
            })
            .collect(),
        taken.next,
    )
}

pub(super) async fn what_is_due_is_taken_once(store: &dyn Store) {
    let later = store.create_run(left(1, Some(50))).await.unwrap();
    assert_eq!((later.state, later.due), (RunState::Scheduled, Some(50)));
    let first = store.create_run(left(2, None)).await.unwrap();
    assert_eq!((first.state, first.due), (RunState::Pending, Some(1)));
    store.create_run(left(3, Some(1))).await.unwrap();
    let own = store.create_run(new_run(4, "calm")).await.unwrap();
    assert_eq!((own.state, own.due), (RunState::Pending, None));
    assert_eq!(record(store, 1).await, later);
    assert_eq!(take(store, 0, 9).await, (vec![], Some(1)));
    assert_eq!(take(store, 1, 9).await, (vec![2], Some(1)));
    assert_eq!(take(store, 9, 9).await, (vec![3], Some(50)));
    assert_eq!(take(store, 9, 49).await, (vec![], Some(50)));
    assert_eq!(take(store, 9, 50).await, (vec![1], None));
    assert_eq!(take(store, 9, 99).await, (vec![], None));
    assert_eq!(record(store, 1).await.crashes, 0);
}

pub(super) async fn a_slot_has_one_run(store: &dyn Store) {
    let of_slot = |number, deployment: &str, schedule: &str, at| NewRun {
        dispatch: Dispatch {
            deployment: Some(deployment.into()),
            slot: Some(Slot {
                schedule: schedule.into(),
                at,
            }),
            tags: vec!["a".into(), "b \"c\"".into()],
            shown: Some("a name for people".into()),
            ..Dispatch::to_queue("default")
        },
        ..new_run(number, "calm")
    };
    let first = store.create_run(of_slot(1, "d", "s", 7)).await.unwrap();
    assert_eq!(record(store, 1).await, first);
    assert_eq!(first.flow_shown(), "a name for people");
    let found = RunFilter {
        text: Some("FOR people".into()),
        ..RunFilter::default()
    };
    let found = store.list_runs(found).await.unwrap();
    assert_eq!(found, std::slice::from_ref(&first));
    let again = store.create_run(of_slot(2, "d", "s", 7)).await.unwrap();
    assert_eq!(again, first);
    for (number, deployment, schedule, at) in [(3, "e", "s", 7), (4, "d", "t", 7), (5, "d", "s", 8)]
    {
        let other = store
            .create_run(of_slot(number, deployment, schedule, at))
            .await;
        assert_eq!(other.unwrap().id, run_id(number));
    }
    let filter = RunFilter {
        deployment: Some("d".into()),
        ..RunFilter::default()
    };
    let found = store.list_runs(filter).await.unwrap();
    let ids: Vec<_> = found.iter().map(|run| run.id).collect();
    assert_eq!(ids, [5, 4, 1].map(run_id));
}

pub(super) async fn only_what_is_wanted_is_taken(store: &dyn Store) {
    let mut strange = left(1, None);
    strange.flow = "strange".into();
    store.create_run(strange).await.unwrap();
    let mut elsewhere = left(2, None);
    elsewhere.dispatch = Dispatch::to_queue("elsewhere");
    store.create_run(elsewhere).await.unwrap();
    assert_eq!(take(store, 9, 9).await, (vec![], None));
    store.create_run(left(3, None)).await.unwrap();
    let others = || Others {
        build: "b1".into(),
        queues: vec!["default".into()],
        flows: vec!["offers".into()],
    };
    let not_mine = || Wanted {
        left_to: vec![others()],
        ..wanted(9)
    };
    // It has not begun: any build may begin it.
    let taken = store.take_due(not_mine(), 9).await.unwrap();
    assert_eq!(taken.runs.len(), 1);
    let stopped = ending(RunState::Interrupted);
    store.finish(run_id(3), 1, vec![], stopped).await.unwrap();
    assert!(
        store
            .take_due(not_mine(), 99)
            .await
            .unwrap()
            .runs
            .is_empty()
    );
    // Others of its build that do not know its flow, or do not listen on its queue, will never take it.
    for strangers in [
        Others {
            flows: vec!["strange".into()],
            ..others()
        },
        Others {
            queues: vec!["elsewhere".into()],
            ..others()
        },
        Others {
            build: "b2".into(),
            ..others()
        },
    ] {
        let wanted = Wanted {
            left_to: vec![strangers],
            ..wanted(0)
        };
        let next = store.take_due(wanted, 99).await.unwrap().next;
        assert_eq!(next, Some(99));
    }
    assert_eq!(take(store, 9, 99).await, (vec![3], None));
}

/// A run is of the build that begins it, whichever accepted it.
pub(super) async fn a_run_is_of_the_build_that_begins_it(store: &dyn Store) {
    let mut accepted = left(1, None);
    accepted.build = "b0".into();
    store.create_run(accepted).await.unwrap();
    assert_eq!(record(store, 1).await.build, "b0");
    assert_eq!(take(store, 9, 9).await, (vec![1], None));
    assert_eq!(record(store, 1).await.build, "b1");
}

pub(super) async fn what_a_worker_lets_go_of_is_due_at_once(store: &dyn Store) {
    store.create_run(left(1, None)).await.unwrap();
    assert_eq!(take(store, 9, 9).await, (vec![1], None));
    let stopped = ending(RunState::Interrupted);
    store.finish(run_id(1), 1, vec![], stopped).await.unwrap();
    assert_eq!(record(store, 1).await.due, Some(99));
    assert_eq!(take(store, 9, 99).await, (vec![1], None));
    let parked = ending(RunState::Parked);
    store.finish(run_id(1), 2, vec![], parked).await.unwrap();
    assert_eq!(record(store, 1).await.due, None, "a person decides");
    store.create_run(left(2, None)).await.unwrap();
    store.request_cancel(run_id(2), 3).await.unwrap();
    assert_eq!(take(store, 9, 99).await, (vec![], None));
}

pub(super) async fn a_run_that_was_in_no_queue_is_left_to_one(store: &dyn Store) {
    store.create_run(new_run(1, "a")).await.unwrap();
    let claimed = store.claim(run_id(1), 0, false, 9).await.unwrap();
    let epoch = claimed.expect("nobody has it").epoch;
    assert_eq!(take(store, 9, 99).await, (vec![], None));
    let rest = Rest {
        due: Some(20),
        signals: 0,
        at: 20,
        queue: Some("default".to_owned()),
    };
    store.rest(run_id(1), epoch, vec![], rest).await.unwrap();
    let left = record(store, 1).await;
    assert_eq!((left.state, left.owner), (RunState::Waiting, None));
    assert_eq!(left.dispatch.queue.as_deref(), Some("default"));
    assert_eq!(take(store, 9, 20).await, (vec![1], None));
}

pub(super) async fn a_run_that_rests_is_woken_by_time_or_signal(store: &dyn Store) {
    store.create_run(left(1, None)).await.unwrap();
    assert_eq!(take(store, 9, 9).await, (vec![1], None));
    let rest = |epoch, due, signals| {
        let entries = vec![Entry::Wait(wait("w"))];
        let rest = Rest {
            due,
            signals,
            at: 20,
            queue: Some("other".to_owned()),
        };
        store.rest(run_id(1), epoch, entries, rest)
    };
    assert!(matches!(rest(0, None, 0).await, Err(Error::LeaseLost)));
    rest(1, Some(70), 0).await.unwrap();
    let rested = record(store, 1).await;
    assert_eq!((rested.state, rested.owner), (RunState::Waiting, None));
    let queue = rested.dispatch.queue.as_deref();
    assert_eq!(queue, Some("default"), "it stays in its queue");
    assert_eq!(store.journal(run_id(1)).await.unwrap().waits, [wait("w")]);
    let late = store.set_state(run_id(1), 1, RunState::Running, 1, Durability::Soon);
    assert!(matches!(late.await, Err(Error::LeaseLost)));
    assert_eq!(take(store, 9, 69).await, (vec![], Some(70)));
    assert_eq!(take(store, 9, 70).await, (vec![1], None));
    assert_eq!(record(store, 1).await.crashes, 0);

    rest(2, None, 0).await.unwrap();
    assert_eq!(take(store, 9, 999).await, (vec![], None));
    let sent = store.send_signal(run_id(1), "w".into(), payload("v"), None, 80);
    sent.await.unwrap();
    assert_eq!(take(store, 9, 80).await, (vec![1], None));
    rest(3, Some(500), 0).await.unwrap();
    assert_eq!(
        take(store, 9, 20).await,
        (vec![1], None),
        "one came before it rested"
    );
    rest(4, Some(500), 1).await.unwrap();
    assert_eq!(take(store, 9, 20).await, (vec![], Some(500)));
    store.request_cancel(run_id(1), 21).await.unwrap();
    assert_eq!(record(store, 1).await.state, RunState::Cancelled);
    assert_eq!(take(store, 9, 999).await, (vec![], None));
}

pub(super) async fn workers_say_that_they_live(store: &dyn Store) {
    let worker = |process, beat| WorkerRecord {
        process,
        pid: 5,
        host: "here".into(),
        build: "b1".into(),
        queues: vec!["default".into()],
        flows: vec!["offers".into()],
        concurrency: 4,
        launcher: "inline".into(),
        started: 3,
        draining: false,
        beat,
    };
    let dead = ProcessId(Uuid::from_u128(1));
    store.beat(worker(dead, 1)).await.unwrap();
    store.beat(worker(store.process(), 1)).await.unwrap();
    store.beat(worker(store.process(), 2)).await.unwrap();
    assert_eq!(store.workers().await.unwrap(), [worker(store.process(), 2)]);
    store.leave().await.unwrap();
    assert_eq!(store.workers().await.unwrap(), []);
}
