//! A process that was stopped, was taken for dead, and wakes up.

use std::fs;
use std::process::Command;

use flowrt::Engine;
use flowrt::model::record::RunRecord;
use flowrt::model::state::RunState;

use super::victim::{Recorded, Running, command, ledger, ledger_path, url};
use crate::until::until_some;

fn signal(running: &Running, name: &str) {
    let process = running.child.id().to_string();
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &process])
        .status();
    assert!(sent.expect("kill runs").success());
}

/// The lock of a process that is merely stopped is never free. Here somebody has deleted the file of the lock, so that the next
/// process must think that its owner is dead.
#[tokio::test]
async fn a_process_that_wakes_up_after_its_run_was_taken_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let book = ledger_path(path).display().to_string();
    let run = ["run", "slow", "--ledger", &book, "--millis", "3000"];
    let zombie = Running::spawn(command(path, &run));
    let root = async || -> Option<RunRecord> {
        if !path.join("store.db").exists() {
            return None;
        }
        let engine = Engine::open(&url(path)).await.ok()?;
        Recorded::read(&engine).await.root().cloned()
    };
    let run = until_some(async || root().await.filter(|run| run.state == RunState::Waiting)).await;
    signal(&zombie, "STOP");
    fs::remove_dir_all(path.join("store.db.locks")).expect("the locks are deleted");
    let resume = command(path, &["runs", "resume", &run.id.to_string()]);
    let (status, output, errors) = Running::spawn(resume).end();
    assert_eq!((status.code(), output.trim()), (Some(0), "2"), "{errors}");
    let taken = root().await.expect("the run");
    assert!(taken.epoch > run.epoch && taken.state == RunState::Completed);
    signal(&zombie, "CONT");
    let (status, output, errors) = zombie.end();
    assert_ne!(status.code(), Some(0), "{output}{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    assert_eq!(
        root().await.expect("the run"),
        taken,
        "it changed the record"
    );
    assert_eq!(ledger(path).len(), 2, "{:?}", ledger(path));
}
