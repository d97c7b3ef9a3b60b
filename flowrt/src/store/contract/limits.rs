//! Tickets of limits.

use super::super::sample::{new_run, run_id};
use super::super::tickets::{Admitted, Ask, Bucket, GiveBack, IfFull, Turned, Turns};
use super::super::{Ending, Store};
use crate::model::limit::{LimitKind, Rule};
use crate::model::record::Micros;
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
        if_full: IfFull::Wait,
    }
}

async fn asked(store: &dyn Store, bucket: &Bucket, steps: &[(&str, i32)]) -> Vec<u64> {
    let asks = steps
        .iter()
        .map(|(step, priority)| ask(bucket, step, *priority))
        .collect();
    let turns = Turns {
        asks,
        ..Turns::default()
    };
    turn(store, turns).await.tickets
}

async fn turn(store: &dyn Store, turns: Turns) -> Turned {
    store.take_turns(turns).await.unwrap()
}

async fn admit(store: &dyn Store, bucket: &Bucket, rule: Rule, now: Micros) -> Admitted {
    let turns = Turns {
        buckets: vec![(bucket.clone(), rule)],
        now,
        ..Turns::default()
    };
    turn(store, turns).await.admitted.remove(0)
}

async fn give_back(store: &dyn Store, rule: Rule, given: &[(u64, GiveBack)]) {
    let given = given.iter().map(|(ticket, how)| (rule, *ticket, *how));
    let turns = Turns {
        given: given.collect(),
        ..Turns::default()
    };
    assert_eq!(turn(store, turns).await, Turned::default());
}

pub(super) async fn slots_are_given_in_order_and_given_back(store: &dyn Store) {
    let db = bucket("DB", "");
    let ids = asked(store, &db, &[("a", 0), ("b", 0), ("c", 0), ("urgent", 5)]).await;
    let first = admit(store, &db, DB, 10).await;
    assert_eq!(
        first.started,
        [ids[3], ids[0]],
        "the urgent one, then the first"
    );
    assert!(first.is_crowded && first.next.is_none(), "{first:?}");
    let other = bucket("DB", "eu");
    let apart = asked(store, &other, &[("d", 0)]).await;
    assert_eq!(admit(store, &other, DB, 10).await.started, apart);
    give_back(
        store,
        DB,
        &[(ids[0], GiveBack::Done(None)), (999, GiveBack::Withdrawn)],
    )
    .await;
    assert_eq!(admit(store, &db, DB, 11).await.started, [ids[1]]);
    give_back(store, DB, &[(ids[2], GiveBack::Withdrawn)]).await;
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
    assert_eq!(admit(store, &api, API, 10).await.started, ids[..2]);
    give_back(store, API, &[(ids[0], GiveBack::Done(None))]).await;
    let full = admit(store, &api, API, 20).await;
    assert_eq!(
        (full.started.len(), full.next),
        (0, Some(10 + API.memory()))
    );
    give_back(store, API, &[(ids[1], GiveBack::Late)]).await;
    assert_eq!(admit(store, &api, API, 30).await.started, [ids[1]]);
    store.reset_limit("API".to_owned()).await.unwrap();
    assert_eq!(admit(store, &api, API, 40).await.started, [ids[2]]);
}

pub(super) async fn a_person_sets_the_rule(store: &dyn Store) {
    let db = bucket("DB", "");
    asked(store, &db, &[("a", 0), ("b", 0), ("c", 0)]).await;
    let one = Rule { count: 1, ..DB };
    store.set_limit("DB".to_owned(), Some(one)).await.unwrap();
    let admitted = admit(store, &db, DB, 1).await;
    assert_eq!((admitted.started.len(), admitted.rule), (1, Some(one)));
    assert_eq!(store.limit_rules().await.unwrap(), [("DB".to_owned(), one)]);
    store.set_limit("DB".to_owned(), None).await.unwrap();
    assert_eq!(admit(store, &db, DB, 2).await.started.len(), 1);
    assert!(store.limit_rules().await.unwrap().is_empty());
}

pub(super) async fn the_end_of_a_drive_gives_all_tickets_back(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    let run = store.claim(run_id(1), 0, false, 1).await.unwrap().unwrap();
    let db = bucket("DB", "");
    asked(store, &db, &[("a", 0), ("b", 0), ("c", 0)]).await;
    admit(store, &db, DB, 2).await;
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
    assert_eq!(admit(store, &db, DB, 1).await.started, first);
    asked(store, &db, &[("a", 0), ("a", 0), ("b", 0)]).await;
    let there = store.buckets(None).await.unwrap();
    assert_eq!(
        (there[0].holders().count(), there[0].waiting().count()),
        (0, 2)
    );
}

pub(super) async fn a_place_can_be_taken(store: &dyn Store) {
    let db = bucket("DB", "");
    let first = asked(store, &db, &[("a", 0)]).await;
    admit(store, &db, DB, 1).await;
    let ousts = Ask {
        if_full: IfFull::Oust,
        ..ask(&db, "b", 0)
    };
    let turns = Turns {
        asks: vec![ousts],
        ..Turns::default()
    };
    turn(store, turns).await;
    assert_eq!(admit(store, &db, DB, 2).await.unwanted, first);
}

pub(super) async fn what_is_given_back_is_free_for_those_who_come_with_it(store: &dyn Store) {
    let db = bucket("DB", "");
    let ids = asked(store, &db, &[("a", 0), ("b", 0), ("c", 0)]).await;
    admit(store, &db, DB, 1).await;
    let who_does_not_wait = |step| Ask {
        if_full: IfFull::Leave,
        ..ask(&db, step, 9)
    };
    let turned = turn(
        store,
        Turns {
            given: vec![(DB, ids[0], GiveBack::Done(None))],
            asks: vec![who_does_not_wait("d"), who_does_not_wait("e")],
            buckets: vec![(db.clone(), DB)],
            now: 2,
        },
    )
    .await;
    assert_eq!(turned.admitted[0].started, turned.tickets[..1]);
    let there = store.buckets(None).await.unwrap();
    let waiting: Vec<u64> = there[0].waiting().map(|ticket| ticket.id).collect();
    assert_eq!(waiting, [ids[2]], "who does not wait has gone");
}
