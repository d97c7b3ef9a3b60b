//! Stores that are put back from a copy, and files of a store that are copied apart.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use super::victim::{Running, command, ledger, ledger_path};
use crate::until::until;

const TASKS: usize = 3_000;

/// Starts a chain, lets somebody act in its middle, and waits for its end.
fn chain(folder: &Path, meanwhile: impl FnOnce()) {
    let (book, tasks) = (ledger_path(folder).display().to_string(), TASKS.to_string());
    let arguments = ["run", "chain", "--ledger", &book, "--tasks", &tasks];
    let arguments = [&arguments[..], &["--name", "long"]].concat();
    let mut running = Running::spawn(command(folder, &arguments));
    until(|| {
        assert!(running.ended().is_none(), "it ended too soon");
        ledger(folder).len() > TASKS / 3
    });
    meanwhile();
    let (status, output, errors) = running.end();
    assert_eq!(
        (status.code(), output.trim()),
        (Some(0), "3000"),
        "{errors}"
    );
    assert_eq!(ledger(folder).len(), TASKS);
}

fn remove_store(folder: &Path) {
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        // The log is gone after a program has ended well.
        let _ = fs::remove_file(folder.join(name));
    }
}

/// Resumes the run on what is there now, and gives how many tasks ran again.
fn again(folder: &Path) -> usize {
    let before = ledger(folder).len();
    let (status, output, errors) =
        Running::spawn(command(folder, &["runs", "resume", "long"])).end();
    assert_eq!(
        (status.code(), output.trim()),
        (Some(0), "3000"),
        "{errors}"
    );
    let lines = ledger(folder);
    let keys: HashSet<_> = lines.iter().map(|line| &line.key).collect();
    assert_eq!(keys.len(), TASKS, "what ran again had the same keys");
    lines.len() - before
}

#[test]
fn what_came_after_a_copy_happens_again_with_the_same_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    chain(path, || {
        let copy = command(path, &["store", "backup", "copy.db"]);
        let (status, _, errors) = Running::spawn(copy).end();
        assert!(status.success(), "{errors}");
    });
    remove_store(path);
    fs::rename(path.join("copy.db"), path.join("store.db")).expect("it is put back");
    let again = again(path);
    assert!((1..=TASKS - TASKS / 3).contains(&again), "{again}");
}

#[test]
fn a_file_that_was_copied_without_its_log_is_an_older_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let copy = |name: &str| fs::copy(path.join("store.db"), path.join(name)).expect("a copy");
    let elsewhere = path.join("other").display().to_string();
    let first = ["run", "chain", "--ledger", &elsewhere, "--tasks", "1"];
    let (status, _, errors) = Running::spawn(command(path, &first)).end();
    assert!(status.success(), "{errors}");
    chain(path, || _ = copy("apart.db"));
    remove_store(path);
    fs::rename(path.join("apart.db"), path.join("store.db")).expect("it is put back");
    let check = command(path, &["check"]);
    let (_, said, errors) = Running::spawn(check).end();
    assert!(
        !format!("{said}{errors}").contains("damaged"),
        "{said}{errors}"
    );
    let list = command(path, &["runs", "ls", "--json"]);
    let (status, said, errors) = Running::spawn(list).end();
    assert!(status.success(), "{errors}");
    // How much of the log was in the file already is the business of SQLite: the run is not there, or it goes on.
    if said.contains("\"long\"") {
        assert!(again(path) <= TASKS);
    }
}
