//! A process that dies at a given place, by running this test program again with a failpoint set.

use std::path::Path;
use std::process::{Command, Output};

use super::super::super::Durability;
use super::super::super::sample::{claimed, new_run, options, run_id, step};
use super::super::{migrate, open};
use crate::model::record::Entry;

const PATH: &str = "FLOWRT_TEST_STORE";

fn run_child(path: &Path, failpoint: &str) -> Output {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "store::sqlite::tests::killed::child",
            "--ignored",
            "--nocapture",
        ])
        .env(PATH, path)
        .env("FLOWRT_FAILPOINT", failpoint)
        .output();
    child.unwrap()
}

/// The numbers that the child said were acknowledged.
fn acknowledged(output: &Output) -> Vec<u64> {
    let text = String::from_utf8_lossy(&output.stdout);
    // On a machine of one core the test's own name stands before the first.
    text.lines()
        .filter_map(|line| line.split_once("acknowledged ")?.1.parse().ok())
        .collect()
}

#[tokio::test]
#[ignore = "run by the other tests as a process of its own"]
async fn child() {
    let path = std::env::var_os(PATH).expect("the path of a store");
    let store = open(Path::new(&path), options(7)).expect("a store");
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(&*store, 1).await;
    for seq in 0..6 {
        let durability = if seq % 2 == 0 {
            Durability::Soon
        } else {
            Durability::Synced
        };
        let entries = vec![Entry::Step(step(seq, &format!("s{seq}")))];
        store
            .record(run_id(1), 1, entries, durability)
            .await
            .unwrap();
        println!("acknowledged {seq}");
    }
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_was_acknowledged() {
    for (failpoint, at_least, at_most) in [
        ("store::before_commit:5", 2, 2),
        ("store::after_commit:5", 3, 3),
        ("store::before_sync:3", 1, 6),
        ("store::after_sync:3", 1, 6),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let output = run_child(&path, failpoint);
        assert!(!output.status.success(), "{failpoint} was not reached");
        let acknowledged = acknowledged(&output);
        let store = super::open(&path, 1);
        assert!(
            !store.is_alive(options(7).process.id),
            "the dead are known at once"
        );
        let steps: Vec<_> = store
            .journal(run_id(1))
            .await
            .unwrap()
            .steps
            .iter()
            .map(|step| step.seq)
            .collect();
        assert_eq!(
            steps,
            (0..steps.len() as u64).collect::<Vec<_>>(),
            "{failpoint}"
        );
        assert!(
            steps.starts_with(&acknowledged),
            "{failpoint}: {acknowledged:?} in {steps:?}"
        );
        assert!(
            (at_least..=at_most).contains(&steps.len()),
            "{failpoint}: {steps:?}"
        );
        let run = store.run(run_id(1)).await.unwrap().unwrap();
        assert_eq!(
            run.owner,
            Some(options(7).process.id),
            "its owner is still known"
        );
        assert_eq!(
            store
                .claim(run_id(1), 1, true, 9)
                .await
                .unwrap()
                .unwrap()
                .crashes,
            1
        );
    }
}

#[test]
fn a_migration_that_was_cut_off_is_done_by_the_next_process() {
    for failpoint in ["store::migration:1", "store::migrated:1"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        assert!(
            !run_child(&path, failpoint).status.success(),
            "{failpoint} was not reached"
        );
        let done: i64 = {
            let connection = rusqlite::Connection::open(&path).unwrap();
            connection
                .query_row("PRAGMA user_version", [], |row| row.get(0))
                .unwrap()
        };
        assert_eq!(
            done,
            if failpoint == "store::migration:1" {
                0
            } else {
                1
            }
        );
        drop(super::open(&path, 1));
        let connection = rusqlite::Connection::open(&path).unwrap();
        let version: i64 = connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .unwrap();
        assert_eq!(version, migrate::latest());
    }
}

#[test]
fn four_processes_may_make_a_store_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let path = path.clone();
            std::thread::spawn(move || drop(super::open(&path, number)))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}
