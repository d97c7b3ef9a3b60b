//! Runs that end, stop, and are taken up again.

use super::super::sample::{attempt, claimed, ending, new_run, payload, run_id, step, wait};
use super::super::{Durability, Ending, Error, Reopening, Store};
use crate::model::record::{ASIDE, Entry};
use crate::model::state::RunState;

const SOON: Durability = Durability::Soon;

pub(super) async fn an_ended_run_takes_no_writes(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    let not_an_end = store
        .finish(run_id(1), 1, vec![], ending(RunState::Waiting))
        .await;
    assert!(
        matches!(not_an_end, Err(Error::Failed(_))),
        "{not_an_end:?}"
    );
    let an_end = store
        .set_state(run_id(1), 1, RunState::Failed, 1, SOON)
        .await;
    assert!(matches!(an_end, Err(Error::Failed(_))), "{an_end:?}");
    store
        .set_state(run_id(1), 1, RunState::Retrying, 2, SOON)
        .await
        .unwrap();
    store
        .record(run_id(1), 1, vec![Entry::Wait(wait("w"))], SOON)
        .await
        .unwrap();
    let skips = store
        .finish(run_id(1), 1, vec![], ending(RunState::Completed))
        .await;
    assert!(matches!(skips, Err(Error::Conflict(_))), "{skips:?}");
    store
        .set_state(run_id(1), 1, RunState::Running, 2, SOON)
        .await
        .unwrap();
    let end = Ending {
        output: Some(payload("out")),
        error: Some(payload("why")),
        ..ending(RunState::Completed)
    };
    store
        .finish(run_id(1), 1, vec![Entry::Step(step(0, "a"))], end)
        .await
        .unwrap();
    let run = store.run(run_id(1)).await.unwrap().unwrap();
    assert_eq!(
        (run.state, run.attempt, run.owner, run.finished),
        (RunState::Completed, 2, None, Some(99))
    );
    assert_eq!(
        (run.output, run.error),
        (Some(payload("out")), Some(payload("why")))
    );
    let journal = store.journal(run_id(1)).await.unwrap();
    assert_eq!((journal.steps.len(), journal.waits.len()), (1, 0));
    let refused = [
        store.record(run_id(1), 1, vec![], SOON).await.err(),
        store
            .set_state(run_id(1), 1, RunState::Running, 1, SOON)
            .await
            .err(),
        store
            .finish(run_id(1), 1, vec![], ending(RunState::Failed))
            .await
            .err(),
        store.claim(run_id(1), 1, false, 0).await.err(),
        store
            .reopen(run_id(1), 1, Reopening::default(), 0)
            .await
            .err(),
        store
            .send_signal(run_id(1), "s".into(), payload("v"), None, 0)
            .await
            .err(),
    ];
    for error in refused {
        assert!(
            matches!(error, Some(Error::Ended(_, RunState::Completed))),
            "{error:?}"
        );
    }
}

/// A child whose caller wants its work done again.
pub(super) async fn a_completed_run_reopens_only_if_that_is_meant(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    store
        .finish(run_id(1), 1, vec![], ending(RunState::Completed))
        .await
        .unwrap();
    let reopened = store.reopen(run_id(1), 1, Reopening::default(), 7).await;
    assert!(matches!(reopened, Err(Error::Ended(..))), "{reopened:?}");
    let changes = Reopening {
        completed: true,
        ..Reopening::default()
    };
    let run = store.reopen(run_id(1), 1, changes, 7).await.unwrap();
    let run = run.unwrap();
    assert_eq!((run.state, run.output), (RunState::Running, None));
}

pub(super) async fn an_interrupted_run_goes_on_with_its_waits(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    store
        .record(run_id(1), 1, vec![Entry::Wait(wait("w"))], SOON)
        .await
        .unwrap();
    store
        .finish(run_id(1), 1, vec![], ending(RunState::Interrupted))
        .await
        .unwrap();
    assert!(matches!(
        store.record(run_id(1), 1, vec![], SOON).await,
        Err(Error::Ended(..))
    ));
    let run = store
        .claim(run_id(1), 1, false, 100)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (run.state, run.finished, run.error),
        (RunState::Running, None, None)
    );
    assert_eq!(store.journal(run_id(1)).await.unwrap().waits, [wait("w")]);
}

pub(super) async fn a_retrying_run_is_reopened_by_its_owner(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    let entries = vec![Entry::Step(step(0, "a")), Entry::Step(step(1, "b"))];
    store.record(run_id(1), 1, entries, SOON).await.unwrap();
    store
        .set_state(run_id(1), 1, RunState::Retrying, 2, SOON)
        .await
        .unwrap();
    store.request_cancel(run_id(1), 3).await.unwrap();
    let changes = Reopening {
        redo: vec!["b".into()],
        input: None,
        ..Reopening::default()
    };
    let run = store
        .reopen(run_id(1), 1, changes, 5)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (run.state, run.epoch, run.attempt, run.cancel_requested),
        (RunState::Running, 2, 2, Some(3))
    );
    assert_eq!(
        store.journal(run_id(1)).await.unwrap().steps,
        [step(ASIDE, "a")]
    );
}

pub(super) async fn a_cancel_that_was_acknowledged_survives_a_claim(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    store
        .set_state(run_id(1), 1, RunState::Cancelling, 1, SOON)
        .await
        .unwrap();
    let run = store.claim(run_id(1), 1, true, 5).await.unwrap().unwrap();
    assert_eq!(run.state, RunState::Cancelling);
}

pub(super) async fn reopening_sets_records_aside(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    let running = store.reopen(run_id(1), 1, Reopening::default(), 0).await;
    assert!(matches!(running, Err(Error::Conflict(_))), "{running:?}");
    let entries = vec![
        Entry::Step(step(0, "a")),
        Entry::Step(step(1, "b")),
        Entry::Step(step(2, "c")),
        Entry::Attempt(attempt("a", 1)),
        Entry::Attempt(attempt("b", 1)),
        Entry::ScopeEnd(String::new(), 3),
    ];
    store.record(run_id(1), 1, entries, SOON).await.unwrap();
    store.request_cancel(run_id(1), 3).await.unwrap();
    store
        .finish(run_id(1), 1, vec![], ending(RunState::Failed))
        .await
        .unwrap();
    let changes = || Reopening {
        redo: vec!["b".into()],
        input: Some(payload("new")),
        ..Reopening::default()
    };
    assert_eq!(
        store.reopen(run_id(1), 0, changes(), 5).await.unwrap(),
        None
    );
    let run = store
        .reopen(run_id(1), 1, changes(), 5)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (run.epoch, run.state, run.finished),
        (2, RunState::Running, None)
    );
    assert_eq!(
        (run.input, run.error, run.cancel_requested),
        (payload("new"), None, None)
    );
    let journal = store.journal(run_id(1)).await.unwrap();
    assert_eq!(journal.steps, [step(ASIDE, "a"), step(ASIDE + 2, "c")]);
    assert_eq!(
        (journal.attempts, journal.scopes),
        (vec![attempt("a", 1)], vec![])
    );
    // A second drive that ends early leaves records of both drives, in the order of the drives.
    store
        .record(run_id(1), 2, vec![Entry::Step(step(0, "b"))], SOON)
        .await
        .unwrap();
    store
        .finish(run_id(1), 2, vec![], ending(RunState::Parked))
        .await
        .unwrap();
    store
        .reopen(run_id(1), 2, Reopening::default(), 6)
        .await
        .unwrap()
        .unwrap();
    let steps = store.journal(run_id(1)).await.unwrap().steps;
    assert_eq!(
        steps,
        [step(ASIDE, "a"), step(ASIDE + 2, "c"), step(ASIDE + 3, "b")]
    );
}

pub(super) async fn records_set_aside_are_reused(store: &dyn Store) {
    let mut new = new_run(1, "n");
    new.steps = vec![step(ASIDE, "a"), step(ASIDE + 1, "b")];
    store.create_run(new).await.unwrap();
    claimed(store, 1).await;
    assert_eq!(
        store.task_counts(vec![run_id(1)]).await.unwrap()[0].total,
        0,
        "not done yet"
    );
    let reuse = || {
        vec![Entry::Reused {
            from: ASIDE + 1,
            step: step(0, "b#2"),
        }]
    };
    store.record(run_id(1), 1, reuse(), SOON).await.unwrap();
    store.record(run_id(1), 1, reuse(), SOON).await.unwrap();
    let steps = store.journal(run_id(1)).await.unwrap().steps;
    assert_eq!(steps, [step(0, "b#2"), step(ASIDE, "a")]);
    let gone = vec![Entry::Reused {
        from: ASIDE + 1,
        step: step(1, "c"),
    }];
    assert!(matches!(
        store.record(run_id(1), 1, gone, SOON).await,
        Err(Error::Conflict(_))
    ));
}
