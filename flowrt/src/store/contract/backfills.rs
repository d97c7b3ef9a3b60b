//! Backfills.

use super::super::Store;
use crate::model::backfill::{Backfill, BackfillRecord, BackfillState, Chosen, Which};

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
        state: BackfillState::Running,
        begun: 0,
    }
}

pub(super) async fn a_backfill_goes_on_and_stops(store: &dyn Store) {
    assert!(store.add_backfill(record("a")).await.unwrap());
    assert!(!store.add_backfill(record("a")).await.unwrap());
    assert!(store.add_backfill(record("b")).await.unwrap());
    let all = store.backfills(vec![]).await.unwrap();
    assert_eq!(all, [record("b"), record("a")]);

    store.backfill_begun("a".to_owned(), 5).await.unwrap();
    store.backfill_begun("a".to_owned(), 4).await.unwrap();
    store.backfill_begun("c".to_owned(), 4).await.unwrap();
    let set = |id: &str, from, to| store.set_backfill(id.to_owned(), from, to);
    let (running, paused) = (BackfillState::Running, BackfillState::Paused);
    assert!(set("b", vec![paused, running], paused).await.unwrap());
    assert!(!set("b", vec![running], BackfillState::Done).await.unwrap());
    assert!(!set("c", vec![running], paused).await.unwrap());

    let left = store.backfills(vec![running]).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!((&*left[0].backfill.id, left[0].begun), ("a", 5));
    let stopped = store.backfills(vec![paused]).await.unwrap();
    assert_eq!(stopped[0].backfill, record("b").backfill);
}
