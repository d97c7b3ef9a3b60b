//! Backfills.

use super::super::Store;
use super::super::sample::{claimed, ending, new_run, run_id};
use crate::model::backfill::{
    Backfill, BackfillRecord, BackfillState, Begun, Chosen, Standing, Which,
};
use crate::model::dispatch::Slot;
use crate::model::record::NewRun;
use crate::model::state::RunState;

const RUNNING: BackfillState = BackfillState::Running;
const PAUSED: BackfillState = BackfillState::Paused;

fn record(id: &str) -> BackfillRecord {
    BackfillRecord {
        backfill: Backfill {
            id: id.to_owned(),
            deployment: "d".to_owned(),
            which: Which::Failed,
            concurrency: 2,
            slots: vec![Chosen {
                schedule: "s".to_owned(),
                at: 7,
                again: true,
            }],
            created: 3,
            asked: None,
        },
        state: RUNNING,
        begun: 0,
        reason: None,
    }
}

fn run(number: u64, backfill: &str, at: i64) -> NewRun {
    let mut run = new_run(number, "n");
    run.dispatch.deployment = Some("d".to_owned());
    run.dispatch.backfill = Some(backfill.to_owned());
    run.dispatch.slot = Some(Slot {
        schedule: "s".to_owned(),
        at,
    });
    run
}

fn standing(id: &str, state: BackfillState, begun: u32, going_on: usize) -> Standing {
    Standing {
        id: id.to_owned(),
        state,
        begun,
        going_on,
    }
}

pub(super) async fn a_backfill_goes_on_and_stops(store: &dyn Store) {
    assert!(store.add_backfill(record("a")).await.unwrap());
    assert!(!store.add_backfill(record("a")).await.unwrap());
    assert!(store.add_backfill(record("b")).await.unwrap());
    let all = store.backfills(vec![]).await.unwrap();
    assert_eq!(all, [record("b"), record("a")]);

    let set = |id: &str, from, to, reason: Option<&str>| {
        store.set_backfill(id.to_owned(), from, to, reason.map(str::to_owned))
    };
    assert!(set("b", vec![PAUSED, RUNNING], PAUSED, None).await.unwrap());
    let done = BackfillState::Done;
    assert!(!set("b", vec![RUNNING], done, Some("x")).await.unwrap());
    assert!(!set("c", vec![RUNNING], PAUSED, None).await.unwrap());
    let stopped = store.backfills(vec![PAUSED]).await.unwrap();
    let paused = BackfillRecord {
        state: PAUSED,
        ..record("b")
    };
    assert_eq!(stopped, std::slice::from_ref(&paused));
    assert_eq!(
        store.backfill("b".to_owned()).await.unwrap(),
        Some(paused.clone())
    );
    assert_eq!(store.backfill("c".to_owned()).await.unwrap(), None);
    let standing_now = store.standing_backfills().await.unwrap();
    assert_eq!(standing_now, [standing("a", RUNNING, 0, 0)]);

    let failed = BackfillState::Failed;
    assert!(set("a", vec![RUNNING], failed, Some("why")).await.unwrap());
    let cancelling = BackfillState::Cancelling;
    assert!(set("b", vec![PAUSED], cancelling, None).await.unwrap());
    let ended = store.backfill("a".to_owned()).await.unwrap().unwrap();
    assert_eq!(
        (ended.state, ended.reason.as_deref()),
        (failed, Some("why"))
    );
    let standing_now = store.standing_backfills().await.unwrap();
    assert_eq!(standing_now, [standing("b", cancelling, 0, 0)]);
}

pub(super) async fn a_run_is_begun_only_while_its_backfill_runs(store: &dyn Store) {
    assert!(store.add_backfill(record("a")).await.unwrap());
    let set = |from, to| store.set_backfill("a".to_owned(), vec![from], to, Some("r".to_owned()));
    assert!(set(RUNNING, RUNNING).await.unwrap());
    let first = store.begin_backfilled(0, run(1, "a", 7)).await.unwrap();
    assert_eq!(
        first.unwrap().dispatch,
        store.run(run_id(1)).await.unwrap().unwrap().dispatch
    );
    let there = store.backfill("a".to_owned()).await.unwrap().unwrap();
    assert_eq!((there.begun, there.reason), (1, None));

    // Somebody else has begun that one; there is no such backfill; it is paused.
    let begin = |begun, run| store.begin_backfilled(begun, run);
    assert_eq!(begin(0, run(2, "a", 8)).await.unwrap(), None);
    assert_eq!(begin(1, run(2, "b", 8)).await.unwrap(), None);
    assert!(set(RUNNING, PAUSED).await.unwrap());
    assert_eq!(begin(1, run(2, "a", 8)).await.unwrap(), None);
    assert_eq!(store.run(run_id(2)).await.unwrap(), None);
    assert!(set(PAUSED, RUNNING).await.unwrap());

    // A slot that has its run has no other, and the next is the next.
    let there = begin(1, run(2, "a", 7)).await.unwrap();
    assert_eq!(there.map(|run| run.id), Some(run_id(1)));
    let second = begin(2, run(3, "a", 8)).await.unwrap();
    assert_eq!(second.map(|run| run.id), Some(run_id(3)));
}

pub(super) async fn what_a_backfill_has_begun_is_counted(store: &dyn Store) {
    assert!(store.add_backfill(record("a")).await.unwrap());
    let states = [RunState::Completed, RunState::Failed, RunState::Cancelled];
    for (number, state) in (1..).zip(states) {
        let begun = u32::try_from(number - 1).unwrap();
        let at = i64::try_from(number).unwrap();
        store
            .begin_backfilled(begun, run(number, "a", at))
            .await
            .unwrap();
        claimed(store, number).await;
        store
            .finish(run_id(number), 1, vec![], ending(state))
            .await
            .unwrap();
    }
    store.begin_backfilled(3, run(4, "a", 9)).await.unwrap();
    // Its tag says something to people only.
    let mut other = new_run(5, "n");
    other.dispatch.tags = vec!["backfill:a".to_owned()];
    store.create_run(other).await.unwrap();

    let counts = store.begun_runs(vec!["b".to_owned(), "a".to_owned()]).await;
    let own = Begun {
        going_on: 1,
        completed: 1,
        failed: 2,
    };
    assert_eq!(counts.unwrap(), [Begun::default(), own]);
    let standing_now = store.standing_backfills().await.unwrap();
    assert_eq!(standing_now, [standing("a", RUNNING, 4, 1)]);
}

pub(super) async fn the_slots_of_a_time_are_told_with_their_last_run_first(store: &dyn Store) {
    let slots = [("s", 1), ("s", 2), ("s@b", 2), ("t", 3), ("s", 4)];
    for (number, (name, at)) in (1..).zip(slots) {
        let mut new = new_run(number, "n");
        new.dispatch.deployment = Some("d".to_owned());
        new.dispatch.slot = Some(Slot {
            schedule: name.to_owned(),
            at,
        });
        store.create_run(new).await.unwrap();
    }
    claimed(store, 3).await;
    let found = store.filled_slots("d".to_owned(), 2, 3).await.unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|(slot, state)| (&*slot.schedule, slot.at, *state))
        .collect();
    let pending = RunState::Pending;
    let expected = [
        ("t", 3, pending),
        ("s@b", 2, RunState::Running),
        ("s", 2, pending),
    ];
    assert_eq!(found, expected);
    assert_eq!(store.filled_slots("e".to_owned(), 0, 9).await.unwrap(), []);
}
