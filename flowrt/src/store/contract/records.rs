//! What is recorded of a run's inside.

use super::super::sample::{attempt, claimed, ending, new_run, payload, run_id, step, wait};
use super::super::{Durability, Error, PAYLOAD_BYTES_MAX, Store};
use crate::model::payload::Payload;
use crate::model::record::{ASIDE, Entry, StepKind, StepRecord};
use crate::model::state::{RunState, TaskState};

const SOON: Durability = Durability::Soon;

pub(super) async fn writes_under_an_old_epoch_change_nothing(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    let entries = || vec![Entry::Step(step(0, "a"))];
    let unclaimed = store.record(run_id(1), 0, entries(), SOON).await;
    assert!(matches!(unclaimed, Err(Error::LeaseLost)), "{unclaimed:?}");
    claimed(store, 1).await;
    store.claim(run_id(1), 1, true, 9).await.unwrap().unwrap();
    let before = (
        store.run(run_id(1)).await.unwrap(),
        store.journal(run_id(1)).await.unwrap(),
    );
    let lost = [
        store.record(run_id(1), 1, entries(), SOON).await,
        store
            .set_state(run_id(1), 1, RunState::Waiting, 2, SOON)
            .await,
        store
            .finish(run_id(1), 1, entries(), ending(RunState::Completed))
            .await,
    ];
    for outcome in lost {
        assert!(matches!(outcome, Err(Error::LeaseLost)), "{outcome:?}");
    }
    let after = (
        store.run(run_id(1)).await.unwrap(),
        store.journal(run_id(1)).await.unwrap(),
    );
    assert_eq!(before, after);
    let missing = store.record(run_id(2), 1, entries(), SOON).await;
    assert!(matches!(missing, Err(Error::NoSuchRun(_))));
}

pub(super) async fn the_journal_holds_what_was_recorded(store: &dyn Store) {
    let mut new = new_run(1, "n");
    let copied = step(ASIDE, "copied");
    new.steps = vec![copied.clone()];
    store.create_run(new).await.unwrap();
    claimed(store, 1).await;
    let full = StepRecord {
        kind: StepKind::Receive,
        signal: Some(u64::MAX),
        fingerprint: u64::MAX,
        reused_from: Some(run_id(7)),
        label: Some("Österreich".into()),
        scope: "b1".into(),
        position: u32::MAX,
        tolerated: true,
        state: TaskState::Failed,
        started: -1,
        output: None,
        ..step(1, "b1/x#2")
    };
    let entries = vec![
        Entry::Wait(wait("w2")),
        Entry::Wait(wait("w1")),
        Entry::Wait(wait("w3")),
        Entry::Step(full.clone()),
        Entry::Step(step(0, "ü")),
        Entry::Attempt(attempt("ü", 2)),
        Entry::Attempt(attempt("ü", 1)),
        Entry::WaitOver("w3".into()),
        Entry::ScopeEnd("b1".into(), 2),
        Entry::ScopeEnd(String::new(), 1),
        Entry::ScopeEnd(String::new(), 3),
    ];
    store
        .record(run_id(1), 1, entries, Durability::Synced)
        .await
        .unwrap();
    let journal = store.journal(run_id(1)).await.unwrap();
    assert_eq!(journal.steps, [step(0, "ü"), full, copied]);
    assert_eq!(journal.attempts, [attempt("ü", 1), attempt("ü", 2)]);
    assert_eq!(journal.waits, [wait("w1"), wait("w2")]);
    assert_eq!(journal.scopes, [(String::new(), 3), ("b1".into(), 2)]);
    assert!(matches!(
        store.journal(run_id(2)).await,
        Err(Error::NoSuchRun(_))
    ));
}

pub(super) async fn entries_are_all_or_none(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    store
        .record(run_id(1), 1, vec![Entry::Step(step(0, "a"))], SOON)
        .await
        .unwrap();
    let before = store.journal(run_id(1)).await.unwrap();
    let clashing = [
        vec![
            Entry::Step(step(1, "b")),
            Entry::Wait(wait("w")),
            Entry::Step(step(0, "other")),
        ],
        vec![Entry::Step(step(1, "b")), Entry::Step(step(1, "c"))],
        vec![
            Entry::Step(step(1, "b")),
            Entry::Reused {
                from: ASIDE,
                step: step(2, "c"),
            },
        ],
    ];
    for entries in clashing {
        let outcome = store.record(run_id(1), 1, entries, SOON).await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
        assert_eq!(store.journal(run_id(1)).await.unwrap(), before);
    }
}

pub(super) async fn a_step_cannot_be_rewritten(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    let record = async |step| {
        store
            .record(run_id(1), 1, vec![Entry::Step(step)], SOON)
            .await
    };
    record(step(3, "a")).await.unwrap();
    record(step(3, "a")).await.unwrap();
    let other = StepRecord {
        output: Some(payload("other")),
        ..step(3, "a")
    };
    assert!(matches!(record(other).await, Err(Error::Conflict(_))));
    let tolerated = StepRecord {
        tolerated: true,
        ..step(3, "a")
    };
    record(tolerated.clone()).await.unwrap();
    assert_eq!(store.journal(run_id(1)).await.unwrap().steps, [tolerated]);
}

pub(super) async fn a_step_ends_its_wait_and_counts_as_progress(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    store
        .record(
            run_id(1),
            1,
            vec![Entry::Wait(wait("a")), Entry::Wait(wait("b"))],
            SOON,
        )
        .await
        .unwrap();
    store.claim(run_id(1), 1, true, 5).await.unwrap().unwrap();
    let crashes = async || store.run(run_id(1)).await.unwrap().unwrap().crashes;
    store
        .record(run_id(1), 2, vec![Entry::Attempt(attempt("a", 1))], SOON)
        .await
        .unwrap();
    assert_eq!(crashes().await, 1, "an attempt is no progress");
    store
        .record(run_id(1), 2, vec![Entry::Step(step(0, "a"))], SOON)
        .await
        .unwrap();
    assert_eq!(crashes().await, 0);
    assert_eq!(store.journal(run_id(1)).await.unwrap().waits, [wait("b")]);
}

pub(super) async fn large_values_are_refused(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    let large = Payload::from_json("1".repeat(PAYLOAD_BYTES_MAX + 1));
    let entry = Entry::Step(StepRecord {
        output: Some(large),
        ..step(0, "a")
    });
    let error = store
        .record(run_id(1), 1, vec![entry], SOON)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::TooLarge {
                setting: "payload_bytes_max",
                ..
            }
        ),
        "{error}"
    );
}
