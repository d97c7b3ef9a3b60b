//! Runs that go on in another.

use super::super::sample::{claimed, new_run, payload, run_id, step};
use super::super::{Durability, Error, Store};
use crate::model::ids::RunId;
use crate::model::record::{Entry, NewRun, RunRecord, StepRecord};
use crate::model::state::RunState;

fn successor(of: u64) -> NewRun {
    NewRun {
        id: run_id(of).successor(),
        origin: Some(run_id(of)),
        ..new_run(of, "calm")
    }
}

async fn record(store: &dyn Store, run: RunId) -> RunRecord {
    store.run(run).await.unwrap().unwrap()
}

pub(super) async fn a_run_goes_on_in_another(store: &dyn Store) {
    store.create_run(new_run(1, "calm")).await.unwrap();
    claimed(store, 1).await;
    let go_on = |epoch| {
        let entries = vec![Entry::Step(step(0, "a"))];
        store.continue_run(run_id(1), epoch, entries, successor(1), 9)
    };
    assert!(matches!(go_on(0).await, Err(Error::LeaseLost)));
    assert_eq!(store.run(run_id(1).successor()).await.unwrap(), None);
    let next = go_on(1).await.unwrap();
    assert_eq!((&*next.name, next.state), ("calm-2", RunState::Pending));
    assert_eq!(next.continues(), Some(run_id(1)));
    let ended = record(store, run_id(1)).await;
    assert_eq!(
        (ended.state, ended.finished),
        (RunState::Completed, Some(9))
    );
    assert_eq!(ended.continued_as(), Some(next.id));
    assert_eq!(ended.owner, None);
    assert_eq!(store.journal(run_id(1)).await.unwrap().steps.len(), 1);
    assert!(go_on(1).await.is_err(), "it has ended");
    assert!(record(store, next.id).await.continued_as().is_none());
}

pub(super) async fn what_a_run_was_asked_goes_over(store: &dyn Store) {
    store.create_run(new_run(1, "calm")).await.unwrap();
    claimed(store, 1).await;
    for (name, key) in [("a", None), ("b", Some("k")), ("a", None)] {
        let key = key.map(str::to_owned);
        let sent = store.send_signal(run_id(1), name.into(), payload(name), key, 3);
        sent.await.unwrap();
    }
    let taken = Entry::Step(StepRecord {
        signal: Some(0),
        ..step(0, "receive")
    });
    let written = store.record(run_id(1), 1, vec![taken], Durability::Soon);
    written.await.unwrap();
    store.request_cancel(run_id(1), 7).await.unwrap();
    let next = store.continue_run(run_id(1), 1, vec![], successor(1), 9);
    let next = next.await.unwrap();
    assert_eq!(next.cancel_requested, Some(7));
    let signals = store.journal(next.id).await.unwrap().signals;
    let told: Vec<_> = signals
        .iter()
        .map(|it| (it.seq, &*it.name, it.sent))
        .collect();
    assert_eq!(told, [(0, "b", 3), (1, "a", 3)]);
    let again = store.send_signal(next.id, "b".into(), payload("b"), Some("k".into()), 8);
    assert_eq!(again.await.unwrap(), 0, "its key goes over, too");
}
