//! The log does not grow without bound.

use super::super::super::Durability;
use super::super::super::sample::{claimed, new_run, run_id, step};
use crate::model::payload::Payload;
use crate::model::record::{Entry, StepRecord};

#[tokio::test]
async fn the_log_is_moved_into_the_database_when_it_has_grown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = super::open(&path, 1);
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(&*store, 1).await;
    // As large as a row may hold: what is larger lies in a file of its own.
    let large = Payload::from_json(format!("{:?}", "x".repeat((1 << 20) - 2)));
    let mut longest = 0;
    for seq in 0..160 {
        let record = StepRecord {
            output: Some(large.clone()),
            ..step(seq, "a")
        };
        store
            .record(run_id(1), 1, vec![Entry::Step(record)], Durability::Synced)
            .await
            .unwrap();
        let length = std::fs::metadata(path.with_extension("db-wal"))
            .unwrap()
            .len();
        longest = longest.max(length);
    }
    // 160 MiB were written. The last size that wakes the thread is 64 MiB and a growth.
    assert!(longest < 140 << 20, "{longest}");
    store.close().await.unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() > 159 << 20);
}
