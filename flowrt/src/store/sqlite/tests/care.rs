//! Copies of a store, and what a deletion leaves at each moment.

use std::path::Path;

use rusqlite::Connection;

use super::super::super::sample::{claimed, ending, new_run, run_id, step};
use super::super::super::{Durability, Error, RunFilter, Store};
use super::super::trash;
use crate::model::record::{Entry, Journal};
use crate::model::state::RunState;

async fn ended(store: &dyn Store, number: u64, parent: Option<u64>, steps: u64) {
    let mut new = new_run(number, "n");
    new.parent = parent.map(|parent| (run_id(parent), format!("call#{number}")));
    store.create_run(new).await.unwrap();
    claimed(store, number).await;
    let entries = (0..steps).map(|seq| Entry::Step(step(seq, &format!("s{seq}"))));
    store
        .finish(
            run_id(number),
            1,
            entries.collect(),
            ending(RunState::Completed),
        )
        .await
        .unwrap();
}

/// Does a few transactions of a deletion as a process that is killed then.
fn delete_in_part(path: &Path, run: u64, sweeps: usize) {
    let connection = Connection::open(path).unwrap();
    assert!(trash::discard(&connection, run_id(run)).unwrap());
    for _ in 0..sweeps {
        trash::sweep_some(&connection, 3).unwrap();
    }
}

#[tokio::test]
async fn a_deletion_may_be_cut_off_anywhere() {
    for sweeps in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let store = super::open(&path, 1);
        ended(&*store, 9, None, 1).await;
        ended(&*store, 1, None, 5).await;
        for child in 2..7 {
            ended(&*store, child, Some(1), 2).await;
        }
        delete_in_part(&path, 1, sweeps);
        let roots = RunFilter {
            roots_only: true,
            ..RunFilter::default()
        };
        let roots = store.list_runs(roots).await.unwrap();
        assert_eq!(roots.len(), 1, "after {sweeps}");
        // A run that starts now inherits nothing, whatever is still to be deleted.
        store.create_run(new_run(1, "new")).await.unwrap();
        let journal = store.journal(run_id(1)).await.unwrap();
        assert_eq!(journal, Journal::default());
        store.close().await.unwrap();
        let store = super::open(&path, 2);
        store.request_cancel(run_id(1), 1).await.unwrap();
        store.delete_run(run_id(1)).await.unwrap();
        store.sweep().await.unwrap();
        let usage = store.usage(9).await.unwrap();
        for (table, rows) in [("trash", 0), ("step", 1), ("run", 1)] {
            let there = usage.tables.iter().find(|(name, _)| name == table);
            assert_eq!(there.map(|(_, rows)| *rows), Some(rows), "{table}");
        }
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn deleted_rows_give_their_space_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = super::open(&path, 1);
    ended(&*store, 1, None, 20_000).await;
    let full = store.usage(1).await.unwrap();
    assert!(full.shrinks);
    store.delete_run(run_id(1)).await.unwrap();
    let empty = store.usage(1).await.unwrap();
    assert!(empty.free_bytes > 1 << 20, "{empty:?}");
    let given_back = store.shrink().await.unwrap();
    assert_eq!(given_back, empty.free_bytes);
    let small = store.usage(1).await.unwrap();
    assert_eq!(small.free_bytes, 0);
    assert_eq!(store.damage().await.unwrap(), Vec::<String>::new());
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_copy_holds_what_was_committed_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = super::open(&folder.path().join("s.db"), 1);
    ended(&*store, 1, None, 100).await;
    store.create_run(new_run(2, "open")).await.unwrap();
    claimed(&*store, 2).await;
    let to = folder.path().join("copy.db");
    let copied = store.back_up(to.clone()).await.unwrap();
    assert_eq!(copied.runs, 2);
    let refused = store.back_up(to.clone()).await;
    assert!(
        matches!(refused, Err(Error::Unusable { .. })),
        "{refused:?}"
    );
    let nowhere = store.back_up(folder.path().join("no/copy.db")).await;
    assert!(
        matches!(nowhere, Err(Error::Unusable { .. })),
        "{nowhere:?}"
    );
    let left = std::fs::read_dir(folder.path()).unwrap().flatten();
    let parts = left.filter(|file| file.file_name().to_string_lossy().contains("part"));
    assert_eq!(parts.count(), 0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&to).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let copy = super::open(&to, 2);
    assert_eq!(copy.journal(run_id(1)).await.unwrap().steps.len(), 100);
    // Its owner lives, but not in this copy: whoever has the copy may go on.
    assert!(!copy.is_alive(store.process()));
    let open = copy.run(run_id(2)).await.unwrap().unwrap();
    let taken = copy.claim(run_id(2), open.epoch, true, 5).await.unwrap();
    assert!(taken.is_some());
    let entries = vec![Entry::Step(step(0, "a"))];
    copy.record(run_id(2), open.epoch + 1, entries, Durability::Synced)
        .await
        .unwrap();
    copy.close().await.unwrap();
    store.close().await.unwrap();
}
