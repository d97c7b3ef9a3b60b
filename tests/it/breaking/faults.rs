//! Trouble with the store, from outside: a clear error, nothing lost, and no run that fails because of it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use flowrt::Engine;
use flowrt::model::record::RunRecord;
use flowrt::model::state::RunState;

use super::victim::{Recorded, Running, command, ledger, ledger_path, url};
use crate::until::until_some;

/// Starts `slow`, and returns once its first task has run.
fn slow(folder: &Path, millis: u32) -> Running {
    let (book, millis) = (
        ledger_path(folder).display().to_string(),
        millis.to_string(),
    );
    let arguments = ["run", "slow", "--ledger", &book, "--millis", &millis];
    let mut running = Running::spawn(command(folder, &arguments));
    while ledger(folder).is_empty() {
        assert!(running.ended().is_none(), "it ended at once");
    }
    running
}

fn refused(folder: &Path, arguments: &[&str], words: &[&str]) {
    let (status, output, errors) = Running::spawn(command(folder, arguments)).end();
    assert_eq!(status.code(), Some(1), "{arguments:?}: {output}{errors}");
    assert!(
        errors.contains("error:") && errors.contains("try:"),
        "{errors}"
    );
    assert!(!errors.contains("panicked"), "{errors}");
    for word in words {
        assert!(errors.contains(word), "`{word}` is not in: {errors}");
    }
}

async fn root(folder: &Path) -> RunRecord {
    let engine = Engine::open(&url(folder)).await.expect("the store opens");
    Recorded::read(&engine)
        .await
        .root()
        .expect("the run is there")
        .clone()
}

#[tokio::test]
async fn a_store_that_another_process_locks_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = slow(folder.path(), 300);
    let connection = rusqlite::Connection::open(folder.path().join("store.db")).expect("opens");
    connection
        .busy_timeout(Duration::from_secs(5))
        .expect("is set");
    connection.execute_batch("BEGIN IMMEDIATE").expect("locks");
    // Longer than the store itself is patient, so that the engine has to be.
    tokio::time::sleep(Duration::from_secs(12)).await;
    connection.execute_batch("ROLLBACK").expect("unlocks");
    let (status, output, errors) = running.end();
    assert_eq!((status.code(), output.trim()), (Some(0), "2"), "{errors}");
    assert_eq!(ledger(folder.path()).len(), 2);
}

#[tokio::test]
async fn a_store_that_is_locked_when_a_program_starts_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let (status, _, errors) = slow(folder.path(), 1).end();
    assert!(status.success(), "{errors}");
    let connection = rusqlite::Connection::open(folder.path().join("store.db")).expect("opens");
    connection.execute_batch("BEGIN IMMEDIATE").expect("locks");
    let book = ledger_path(folder.path()).display().to_string();
    let run = ["run", "chain", "--ledger", &book, "--tasks", "3"];
    let running = Running::spawn(command(folder.path(), &run));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(
        ledger(folder.path()).len(),
        2,
        "nothing runs that cannot be recorded"
    );
    connection.execute_batch("ROLLBACK").expect("unlocks");
    let (status, output, errors) = running.end();
    assert_eq!((status.code(), output.trim()), (Some(0), "3"), "{errors}");
}

#[test]
fn a_file_of_somebody_else_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("store.db");
    let book = ledger_path(folder.path()).display().to_string();
    let run = ["run", "chain", "--ledger", &book, "--tasks", "1"];
    fs::write(&file, "Dear diary,\n".repeat(1000)).expect("writes");
    for arguments in [run.as_slice(), &["runs", "ls"]] {
        let before = fs::read(&file).expect("reads");
        refused(folder.path(), arguments, &["not a flowrt store"]);
        assert_eq!(fs::read(&file).expect("reads"), before);
    }
    fs::remove_file(&file).expect("removes");
    let other = rusqlite::Connection::open(&file).expect("opens");
    other
        .execute_batch("CREATE TABLE diary (day TEXT)")
        .expect("creates");
    drop(other);
    refused(folder.path(), &run, &["not a flowrt store"]);
    let other = rusqlite::Connection::open(&file).expect("opens");
    let tables: u32 = other
        .query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))
        .expect("counts");
    assert_eq!(tables, 1, "nothing was put beside the diary");
    assert!(ledger(folder.path()).is_empty(), "nothing has run");
}

#[test]
fn a_store_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (status, _, errors) = slow(folder.path(), 1).end();
    assert!(status.success(), "{errors}");
    let file = folder.path().join("store.db");
    let set = |version: u32| {
        let connection = rusqlite::Connection::open(&file).expect("opens");
        connection
            .pragma_update(None, "user_version", version)
            .expect("sets");
    };
    let now: u32 = rusqlite::Connection::open(&file)
        .expect("opens")
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .expect("reads");
    set(999);
    refused(folder.path(), &["runs", "ls"], &["newer"]);
    set(now);
    let (status, output, _) = Running::spawn(command(folder.path(), &["runs", "ls"])).end();
    assert!(status.success() && output.contains("slow"), "{output}");
}

#[test]
fn a_file_that_was_cut_is_said_to_be_damaged() {
    let folder = tempfile::tempdir().expect("a folder");
    let book = ledger_path(folder.path()).display().to_string();
    let run = ["run", "chain", "--ledger", &book, "--tasks", "300"];
    assert!(
        Running::spawn(command(folder.path(), &run))
            .end()
            .0
            .success()
    );
    let file = folder.path().join("store.db");
    let connection = rusqlite::Connection::open(&file).expect("opens");
    let mode = "PRAGMA wal_checkpoint(TRUNCATE)";
    connection
        .query_row(mode, [], |_| Ok(()))
        .expect("checkpoints");
    drop(connection);
    let whole = fs::read(&file).expect("reads");
    for share in [10, 3, 2] {
        let cut = &whole[..whole.len() / share];
        fs::write(&file, cut).expect("writes");
        let ran = ledger(folder.path()).len();
        for arguments in [run.as_slice(), &["runs", "ls"]] {
            let (status, output, errors) = Running::spawn(command(folder.path(), arguments)).end();
            assert!(!errors.contains("panicked"), "{errors}");
            // A cut may spare what is asked for, but then the answer must be right.
            if status.code() == Some(0) {
                continue;
            }
            assert_eq!(
                status.code(),
                Some(1),
                "1/{share}, {arguments:?}: {output}{errors}"
            );
            assert!(
                errors.contains("damaged") && errors.contains("try:"),
                "{errors}"
            );
            assert_eq!(ledger(folder.path()).len(), ran, "nothing has run");
        }
    }
    fs::write(&file, &whole).expect("writes");
    let (status, output, errors) = Running::spawn(command(folder.path(), &["runs", "ls"])).end();
    assert!(
        status.success() && output.contains("chain"),
        "{output}{errors}"
    );
}

#[test]
fn a_place_where_no_file_can_be_made_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("file"), "").expect("writes");
    for place in [
        "sqlite:/proc/nothing/store.db",
        "sqlite:file/store.db",
        "sqlite:.",
    ] {
        refused(folder.path(), &["--store", place, "runs", "ls"], &["store"]);
    }
}

/// Nobody but root may write everywhere, and for root there are file systems that are read-only.
#[test]
fn a_store_that_cannot_be_written_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let (status, _, errors) = slow(folder.path(), 1).end();
    assert!(status.success(), "{errors}");
    let book = ledger_path(folder.path()).display().to_string();
    let run = ["run", "chain", "--ledger", &book, "--tasks", "1"];
    let may_write = |yes: bool| {
        let mode = if yes { "u+w" } else { "a-w" };
        let here = folder.path();
        let changed = Command::new("chmod").arg("-R").arg(mode).arg(here).status();
        assert!(changed.expect("chmod runs").success());
    };
    may_write(false);
    let is_root = fs::write(folder.path().join("probe"), "").is_ok();
    let mounted = is_root && remount(folder.path(), "ro");
    if !is_root || mounted {
        refused(folder.path(), &run, &["written"]);
    } else {
        eprintln!("this user may write everywhere and may not mount: nothing to see");
    }
    if mounted {
        assert!(remount(folder.path(), "rw") && unmount(folder.path()));
    }
    may_write(true);
    let (status, output, _) = Running::spawn(command(folder.path(), &["runs", "ls"])).end();
    assert!(status.success() && output.contains("slow"), "{output}");
}

/// Lays a folder over itself, with other options.
fn remount(folder: &Path, mode: &str) -> bool {
    let mount = |arguments: &[&str]| {
        let done = Command::new("mount").args(arguments).arg(folder).output();
        done.is_ok_and(|done| done.status.success())
    };
    let here = folder.display().to_string();
    if mode == "ro" {
        mount(&["--bind", &here]) && mount(&["-o", "remount,bind,ro"])
    } else {
        mount(&["-o", "remount,bind,rw"])
    }
}

fn unmount(folder: &Path) -> bool {
    let done = Command::new("umount").arg(folder).status();
    done.is_ok_and(|done| done.success())
}

#[tokio::test]
async fn a_stopped_process_keeps_its_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = slow(folder.path(), 3000);
    // It sleeps then, and is not stopped in the middle of a write.
    let waiting =
        async || Some(root(folder.path()).await).filter(|run| run.state == RunState::Waiting);
    let run = until_some(waiting).await;
    signal(&running, "STOP");
    let resume = command(folder.path(), &["runs", "resume", &run.id.to_string()]);
    let (status, _, errors) = Running::spawn(resume).end();
    assert_eq!(status.code(), Some(2), "{errors}");
    assert!(errors.contains("under way"), "{errors}");
    let during = root(folder.path()).await;
    assert_eq!((during.epoch, during.owner), (run.epoch, run.owner));
    signal(&running, "CONT");
    let (status, output, errors) = running.end();
    assert_eq!((status.code(), output.trim()), (Some(0), "2"), "{errors}");
    assert_eq!(ledger(folder.path()).len(), 2);
    assert_eq!(root(folder.path()).await.state, RunState::Completed);
}

fn signal(running: &Running, name: &str) {
    let sent = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(running.child.id().to_string())
        .status();
    assert!(sent.expect("kill runs").success());
}

#[test]
fn a_store_that_is_deleted_under_a_run_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = slow(folder.path(), 500);
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        let _ = fs::remove_file(folder.path().join(name));
    }
    let (status, output, errors) = running.end();
    assert_eq!(status.code(), Some(1), "{output}{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    assert!(
        errors.contains("error:") && errors.contains("deleted"),
        "{errors}"
    );
}
