//! A power cut: what was not synced is gone. What was acknowledged as synced must be there, and what is lost is a suffix.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::super::super::sample::{claimed, ending, new_run, options, payload, run_id, step};
use super::super::super::{Durability, Reopening, Store};
use super::super::Sqlite;
use super::super::handle::Handle;
use crate::model::record::Entry;
use crate::model::state::RunState;

/// A store that only syncs when somebody waits for it, and how much of its log was synced.
struct Machine {
    store: Sqlite,
    path: PathBuf,
    synced: Arc<AtomicU64>,
    folder: tempfile::TempDir,
}

impl Machine {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let synced = Arc::new(AtomicU64::new(0));
        let hook = Box::new({
            let synced = synced.clone();
            move |length| synced.store(length, Ordering::SeqCst)
        });
        let hour = Duration::from_secs(3600);
        let handle = Handle::open(&path, options(1), hour, hook).unwrap();
        Self {
            store: Sqlite(Arc::new(handle)),
            path,
            synced,
            folder,
        }
    }

    fn log(&self) -> Vec<u8> {
        std::fs::read(log_of(&self.path)).unwrap()
    }

    /// The store as it is after a restart, if only this much of the log is there.
    fn restarted_with(&self, log: &[u8]) -> Arc<dyn Store> {
        let copy = self.folder.path().join("copy.db");
        std::fs::copy(&self.path, &copy).unwrap();
        std::fs::write(log_of(&copy), log).unwrap();
        // A log's index that survived would speak of the longer log.
        let _ = std::fs::remove_file(self.folder.path().join("copy.db-shm"));
        super::open(&copy, 2)
    }

    fn after_power_cut(&self) -> Arc<dyn Store> {
        let synced = usize::try_from(self.synced.load(Ordering::SeqCst)).unwrap();
        self.restarted_with(&self.log()[..synced])
    }
}

fn log_of(path: &Path) -> PathBuf {
    path.with_extension("db-wal")
}

async fn steps(store: &dyn Store) -> Vec<u64> {
    let Ok(journal) = store.journal(run_id(1)).await else {
        return vec![];
    };
    journal.steps.iter().map(|step| step.seq).collect()
}

async fn record(store: &dyn Store, seq: u64, durability: Durability) {
    let entries = vec![Entry::Step(step(seq, &format!("s{seq}")))];
    store
        .record(run_id(1), 1, entries, durability)
        .await
        .unwrap();
}

#[tokio::test]
async fn only_unsynced_steps_are_lost_and_only_from_the_end() {
    let machine = Machine::start();
    let store = &machine.store;
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    for seq in 0..3 {
        record(store, seq, Durability::Soon).await;
    }
    assert_eq!(
        steps(&*machine.after_power_cut()).await,
        [] as [u64; 0],
        "nothing was synced since the start"
    );
    record(store, 3, Durability::Synced).await;
    for seq in 4..8 {
        record(store, seq, Durability::Soon).await;
    }
    assert_eq!(steps(&*machine.after_power_cut()).await, [0, 1, 2, 3]);
    let log = machine.log();
    assert_eq!(
        steps(&*machine.restarted_with(&log)).await,
        (0..8).collect::<Vec<_>>(),
        "kill -9 loses nothing"
    );
    store.sync().await.unwrap();
    assert_eq!(
        steps(&*machine.after_power_cut()).await,
        (0..8).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_torn_log_gives_a_prefix() {
    let machine = Machine::start();
    let store = &machine.store;
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    record(store, 0, Durability::Synced).await;
    let synced = usize::try_from(machine.synced.load(Ordering::SeqCst)).unwrap();
    for seq in 1..6 {
        record(store, seq, Durability::Soon).await;
    }
    let log = machine.log();
    let mut seen = std::collections::BTreeSet::new();
    for at in (synced..log.len()).step_by(1_777) {
        let mut flipped = log.clone();
        flipped[at] ^= 0x10;
        for torn in [&log[..at], &flipped] {
            let there = steps(&*machine.restarted_with(torn)).await;
            assert_eq!(
                there,
                (0..there.len() as u64).collect::<Vec<_>>(),
                "a prefix, torn at {at}"
            );
            assert!(!there.is_empty(), "what was synced is there, torn at {at}");
            seen.insert(there.len());
        }
    }
    assert!(seen.len() > 3, "the tears hit different commits: {seen:?}");
}

#[tokio::test]
async fn what_is_acknowledged_to_a_person_is_on_the_disk() {
    let machine = Machine::start();
    let store = &machine.store;
    let there = async || {
        let store = machine.after_power_cut();
        let run = store.run(run_id(1)).await.unwrap();
        let signals = store
            .signals(run_id(1), 0)
            .await
            .map_or(0, |signals| signals.len());
        (
            run.map(|run| (run.state, run.epoch, run.cancel_requested)),
            signals,
        )
    };
    assert_eq!(there().await, (None, 0));
    store.create_run(new_run(1, "n")).await.unwrap();
    assert_eq!(there().await, (Some((RunState::Pending, 0, None)), 0));
    store
        .send_signal(run_id(1), "go".into(), payload("v"), None, 1)
        .await
        .unwrap();
    assert_eq!(there().await.1, 1);
    claimed(store, 1).await;
    store
        .set_state(run_id(1), 1, RunState::Waiting, 1, Durability::Synced)
        .await
        .unwrap();
    assert_eq!(there().await.0, Some((RunState::Waiting, 1, None)));
    store.request_cancel(run_id(1), 5).await.unwrap();
    assert_eq!(there().await.0, Some((RunState::Waiting, 1, Some(5))));
    store
        .finish(run_id(1), 1, vec![], ending(RunState::Failed))
        .await
        .unwrap();
    assert_eq!(there().await.0, Some((RunState::Failed, 1, Some(5))));
    store
        .reopen(run_id(1), 1, Reopening::default(), 6)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(there().await.0, Some((RunState::Running, 2, None)));
    store
        .finish(run_id(1), 2, vec![], ending(RunState::Completed))
        .await
        .unwrap();
    assert!(store.delete_run(run_id(1)).await.unwrap());
    assert_eq!(there().await.0, None);
}
