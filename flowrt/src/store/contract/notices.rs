//! Notices that are to be sent.

use serde_json::json;

use super::super::sample::{claimed, ending, new_run, run_id};
use super::super::{Ending, Store};
use crate::model::ids::RunId;
use crate::model::notice::NoticeRecord;
use crate::model::record::RunRecord;
use crate::model::state::RunState;

fn notice(name: &str, key: &str, due: i64) -> NoticeRecord {
    NoticeRecord {
        notice: name.to_owned(),
        key: key.to_owned(),
        run: run_id(1),
        body: json!({ "text": key }),
        created: 1,
        due: Some(due),
        tries: 0,
        sent: None,
        error: None,
    }
}

pub(super) async fn a_notice_is_noted_once(store: &dyn Store) {
    let both = vec![notice("a", "x", 5), notice("b", "x", 6)];
    assert_eq!(store.note(both.clone()).await.unwrap(), 2);
    assert_eq!(
        store
            .note(vec![notice("a", "x", 9), notice("a", "y", 7)])
            .await
            .unwrap(),
        1
    );
    let all = noted(store, 10).await;
    assert_eq!(all, [notice("a", "y", 7), both[1].clone(), both[0].clone()]);
    let first = store.noted(Some(run_id(1)), None, 1).await.unwrap();
    assert_eq!(first[0].1, notice("a", "y", 7));
    assert_eq!(first.len(), 1);
    assert_eq!(store.noted(Some(run_id(2)), None, 9).await.unwrap(), []);
}

async fn noted(store: &dyn Store, limit: usize) -> Vec<NoticeRecord> {
    let noted = store.noted(None, None, limit).await.unwrap();
    noted.into_iter().map(|(_, notice)| notice).collect()
}

pub(super) async fn notices_are_listed_page_by_page(store: &dyn Store) {
    let all: Vec<_> = (0..5).map(|n| notice("a", &n.to_string(), 5)).collect();
    store.note(all[..4].to_vec()).await.unwrap();
    let first = store.noted(None, None, 2).await.unwrap();
    let numbers: Vec<i64> = first.iter().map(|(number, _)| *number).collect();
    assert!(numbers[0] > numbers[1], "the latest first: {numbers:?}");
    // What is noted and forgotten meanwhile shifts no page.
    store.note(all[4..].to_vec()).await.unwrap();
    assert_eq!(store.forget_notices(2, 1).await.unwrap(), 1);
    let place = Some(numbers[1]);
    let next = store.noted(None, place, 9).await.unwrap();
    let keys: Vec<&str> = next.iter().map(|(_, notice)| notice.key.as_str()).collect();
    assert_eq!(keys, ["1"]);
    let of_run = store.noted(Some(run_id(1)), place, 9).await.unwrap();
    assert_eq!(of_run, next);
    assert_eq!(store.noted(None, Some(next[0].0), 9).await.unwrap(), []);
    // A number is not given twice.
    let latest = store.noted(None, None, 1).await.unwrap();
    assert_eq!(latest[0].1, all[4]);
    assert!(latest[0].0 > numbers[0]);
}

pub(super) async fn what_is_due_is_taken_until_it_is_settled(store: &dyn Store) {
    let names = || vec!["a".to_owned(), "b".to_owned()];
    let all = vec![
        notice("a", "x", 7),
        notice("b", "x", 5),
        notice("c", "x", 1),
        notice("a", "z", 99),
    ];
    store.note(all).await.unwrap();
    assert_eq!(store.take_notices(names(), 4, 50, 9).await.unwrap(), []);
    let first = store.take_notices(names(), 10, 50, 1).await.unwrap();
    assert_eq!(
        (first[0].notice.as_str(), first[0].tries, first[0].due),
        ("b", 1, Some(50))
    );
    let second = store.take_notices(names(), 10, 50, 9).await.unwrap();
    assert_eq!((second.len(), second[0].notice.as_str()), (1, "a"));

    // Whoever took the first has died: it is due again.
    let again = store.take_notices(names(), 50, 90, 9).await.unwrap();
    assert_eq!(
        again.iter().map(|notice| notice.tries).collect::<Vec<_>>(),
        [2, 2]
    );
    let mut sent = again[0].clone();
    (sent.due, sent.sent) = (None, Some(51));
    store.settle_notice(sent.clone()).await.unwrap();
    let mut failed = again[1].clone();
    (failed.due, failed.error) = (Some(60), Some("no answer".to_owned()));
    store.settle_notice(failed.clone()).await.unwrap();
    let left = store.take_notices(names(), 98, 120, 9).await.unwrap();
    assert_eq!((left.len(), left[0].tries), (1, 3));
    let noted = noted(store, 9).await;
    assert!(noted.contains(&sent), "{noted:?}");
    store
        .settle_notice(notice("a", "nowhere", 1))
        .await
        .unwrap();
}

pub(super) async fn a_name_is_known_since_it_was_first_seen(store: &dyn Store) {
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(store.known_since(names(&["a"]), 5).await.unwrap(), [5]);
    assert_eq!(
        store.known_since(names(&["b", "a"]), 8).await.unwrap(),
        [8, 5]
    );
    store
        .known_through(names(&["a", "b", "c"]), 7)
        .await
        .unwrap();
    let known = store.known_since(names(&["a", "b", "c"]), 9).await.unwrap();
    assert_eq!(
        known,
        [7, 8, 9],
        "none goes back, and none is known by that"
    );
}

pub(super) async fn old_notices_are_forgotten(store: &dyn Store) {
    let of = |key: &str, created: i64| {
        let mut notice = notice("a", key, 99);
        notice.created = created;
        notice
    };
    let all = vec![of("v", 3), of("w", 1), of("x", 9), of("y", 2)];
    store.note(all).await.unwrap();
    assert_eq!(store.forget_notices(3, 2).await.unwrap(), 1);
    assert_eq!(store.forget_notices(4, 9).await.unwrap(), 2);
    assert_eq!(store.forget_notices(4, 9).await.unwrap(), 0);
    assert_eq!(noted(store, 9).await, [of("x", 9)]);
    // What is forgotten is news again.
    assert_eq!(store.note(vec![of("w", 10)]).await.unwrap(), 1);
}

pub(super) async fn ends_and_late_runs_are_found_in_order(store: &dyn Store) {
    // By number: when it is due or ended; the one with number 9 is a child.
    for (number, time) in [(1, 30), (2, 10), (3, 20), (4, 20), (5, 40), (9, 20)] {
        let mut new = new_run(number, &format!("run{number}"));
        new.dispatch.queue = Some("q".into());
        new.due = Some(time);
        if number == 9 {
            new.parent = Some((run_id(1), "call".into()));
        }
        store.create_run(new).await.unwrap();
    }
    let numbers = |runs: Vec<RunRecord>| -> Vec<RunId> { runs.iter().map(|run| run.id).collect() };
    let ids = |numbers: &[u64]| -> Vec<RunId> { numbers.iter().map(|n| run_id(*n)).collect() };
    let start = RunId(uuid::Uuid::nil());
    let late = store.overdue((0, start), 30, 9).await.unwrap();
    assert_eq!(numbers(late), ids(&[2, 3, 4, 1]));
    let late = store.overdue((20, run_id(3)), 39, 1).await.unwrap();
    assert_eq!(numbers(late), ids(&[4]));

    for (number, at) in [(1, 30), (2, 10), (3, 20), (4, 20), (5, 40), (9, 20)] {
        claimed(store, number).await;
        let state = if number == 5 {
            RunState::Cancelled
        } else {
            RunState::Failed
        };
        let end = Ending {
            at,
            ..ending(state)
        };
        store.finish(run_id(number), 1, vec![], end).await.unwrap();
    }
    assert_eq!(store.overdue((0, start), 99, 9).await.unwrap(), []);
    let failed = vec![RunState::Failed, RunState::Crashed];
    let ended = store
        .ended_after((20, start), failed.clone(), 9)
        .await
        .unwrap();
    assert_eq!(numbers(ended), ids(&[3, 4, 1]));
    let ended = store.ended_after((20, run_id(3)), failed, 1).await.unwrap();
    assert_eq!(numbers(ended), ids(&[4]));
    let cancelled = vec![RunState::Cancelled];
    let ended = store.ended_after((0, start), cancelled, 9).await.unwrap();
    assert_eq!(numbers(ended), ids(&[5]));
}
