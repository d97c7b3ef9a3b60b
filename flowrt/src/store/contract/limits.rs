//! Tickets of limits.

use super::super::sample::{new_run, run_id};
use super::super::tickets::{Ask, Bucket, GiveBack};
use super::super::{Ending, Store};
use crate::model::limit::{LimitKind, Rule};
use crate::model::state::RunState;

const DB: Rule = Rule {
    kind: LimitKind::Slots,
    count: 2,
    per: 0,
    burst: None,
};
const API: Rule = Rule {
    kind: LimitKind::Sliding,
    count: 2,
    per: 1_000_000,
    burst: None,
};

fn bucket(name: &str, key: &str) -> Bucket {
    Bucket {
        name: name.to_owned(),
        key: key.to_owned(),
    }
}

fn ask(bucket: &Bucket, step: &str, priority: i32) -> Ask {
    Ask {
        bucket: bucket.clone(),
        weight: 1,
        priority,
        run: run_id(1),
        step: step.to_owned(),
        asked: 5,
    }
}

async fn asked(store: &dyn Store, bucket: &Bucket, steps: &[(&str, i32)]) -> Vec<u64> {
    let asks = steps
        .iter()
        .map(|(step, priority)| ask(bucket, step, *priority))
        .collect();
    store.ask(asks).await.unwrap()
}

pub(super) async fn slots_are_given_in_order_and_given_back(store: &dyn Store) {
    let db = bucket("DB", "");
    let ids = asked(store, &db, &[("a", 0), ("b", 0), ("c", 0), ("urgent", 5)]).await;
    let first = store.admit(db.clone(), DB, 10).await.unwrap();
    assert_eq!(
        first.started,
        [ids[3], ids[0]],
        "the urgent one, then the first"
    );
    assert!(first.is_crowded && first.next.is_none(), "{first:?}");
    let other = bucket("DB", "eu");
    let apart = asked(store, &other, &[("d", 0)]).await;
    assert_eq!(
        store.admit(other.clone(), DB, 10).await.unwrap().started,
        apart
    );
    store
        .give_back(
            DB,
            vec![(ids[0], GiveBack::Done(None)), (999, GiveBack::Withdrawn)],
        )
        .await
        .unwrap();
    assert_eq!(
        store.admit(db.clone(), DB, 11).await.unwrap().started,
        [ids[1]]
    );
    store
        .give_back(DB, vec![(ids[2], GiveBack::Withdrawn)])
        .await
        .unwrap();
    let there = store.buckets(Some("DB".to_owned())).await.unwrap();
    assert_eq!(
        there
            .iter()
            .map(|record| &record.bucket)
            .collect::<Vec<_>>(),
        [&db, &other]
    );
    assert_eq!(
        there[0]
            .holders()
            .map(|ticket| ticket.id)
            .collect::<Vec<_>>(),
        [ids[3], ids[1]]
    );
    assert_eq!(there[0].waiting().count(), 0);
}

pub(super) async fn a_window_remembers_what_has_ended(store: &dyn Store) {
    let api = bucket("API", "");
    let ids = asked(store, &api, &[("a", 0), ("b", 0), ("c", 0)]).await;
    assert_eq!(
        store.admit(api.clone(), API, 10).await.unwrap().started,
        ids[..2]
    );
    store
        .give_back(API, vec![(ids[0], GiveBack::Done(None))])
        .await
        .unwrap();
    let full = store.admit(api.clone(), API, 20).await.unwrap();
    assert_eq!(
        (full.started.len(), full.next),
        (0, Some(10 + API.memory()))
    );
    store
        .give_back(API, vec![(ids[1], GiveBack::Late)])
        .await
        .unwrap();
    assert_eq!(
        store.admit(api.clone(), API, 30).await.unwrap().started,
        [ids[1]]
    );
    store.reset_limit("API".to_owned()).await.unwrap();
    assert_eq!(
        store.admit(api.clone(), API, 40).await.unwrap().started,
        [ids[2]]
    );
}

pub(super) async fn a_person_sets_the_rule(store: &dyn Store) {
    let db = bucket("DB", "");
    asked(store, &db, &[("a", 0), ("b", 0), ("c", 0)]).await;
    let one = Rule { count: 1, ..DB };
    store.set_limit("DB".to_owned(), Some(one)).await.unwrap();
    let admitted = store.admit(db.clone(), DB, 1).await.unwrap();
    assert_eq!((admitted.started.len(), admitted.rule), (1, Some(one)));
    assert_eq!(store.limit_rules().await.unwrap(), [("DB".to_owned(), one)]);
    store.set_limit("DB".to_owned(), None).await.unwrap();
    assert_eq!(store.admit(db, DB, 2).await.unwrap().started.len(), 1);
    assert!(store.limit_rules().await.unwrap().is_empty());
}

pub(super) async fn the_end_of_a_drive_gives_all_tickets_back(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    let run = store.claim(run_id(1), 0, false, 1).await.unwrap().unwrap();
    let db = bucket("DB", "");
    asked(store, &db, &[("a", 0), ("b", 0), ("c", 0)]).await;
    store.admit(db.clone(), DB, 2).await.unwrap();
    let ending = Ending {
        state: RunState::Cancelled,
        output: None,
        error: None,
        at: 3,
    };
    store
        .finish(run.id, run.epoch, Vec::new(), ending)
        .await
        .unwrap();
    let there = store.buckets(None).await.unwrap();
    assert_eq!(
        (there[0].holders().count(), there[0].waiting().count()),
        (0, 0)
    );
}

pub(super) async fn a_step_that_asks_again_gives_its_ticket_back(store: &dyn Store) {
    let db = bucket("DB", "");
    let first = asked(store, &db, &[("a", 0)]).await;
    assert_eq!(store.admit(db.clone(), DB, 1).await.unwrap().started, first);
    asked(store, &db, &[("a", 0), ("a", 0), ("b", 0)]).await;
    let there = store.buckets(None).await.unwrap();
    assert_eq!(
        (there[0].holders().count(), there[0].waiting().count()),
        (0, 2)
    );
}

pub(super) async fn a_place_can_be_taken(store: &dyn Store) {
    let db = bucket("DB", "");
    let ids = asked(store, &db, &[("a", 0), ("b", 0)]).await;
    store.admit(db.clone(), DB, 1).await.unwrap();
    store.oust(db.clone(), ids[1]).await.unwrap();
    assert_eq!(store.admit(db, DB, 2).await.unwrap().unwanted, [ids[0]]);
}
