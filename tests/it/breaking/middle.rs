//! `kill -9` in the middle of ten thousand tasks.

use std::collections::HashSet;

use flowrt::Engine;
use flowrt::model::state::RunState;

use super::victim::{Recorded, Running, command, ledger, ledger_path, url};

const TASKS: usize = 10_000;

async fn killed_in_the_middle(flow: &str, output: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let (book, tasks) = (ledger_path(path).display().to_string(), TASKS.to_string());
    let arguments = ["run", flow, "--ledger", &book, "--tasks", &tasks];
    let mut running = Running::spawn(command(path, &arguments));
    while ledger(path).len() < TASKS / 3 {
        assert!(running.ended().is_none(), "it ended before it was killed");
    }
    running.child.kill().expect("it can be killed");
    running.end();
    let before = ledger(path);
    let engine = Engine::open(&url(path)).await.expect("the store opens");
    let recorded = Recorded::read(&engine).await;
    let root = recorded.root().expect("the run is there").clone();
    assert_eq!(root.state, RunState::Running);
    assert!(recorded.steps.len() < TASKS, "it was killed too late");
    assert!(before.len() >= recorded.steps.len());
    let resume = command(path, &["runs", "resume", &root.id.to_string()]);
    let (status, said, errors) = Running::spawn(resume).end();
    assert_eq!((status.code(), said.trim()), (Some(0), output), "{errors}");
    let lines = ledger(path);
    recorded.check_not_repeated(&lines[before.len()..], flow);
    let keys: HashSet<&String> = lines.iter().map(|line| &line.key).collect();
    assert_eq!(keys.len(), TASKS);
    let twice = lines.len() - TASKS;
    let unrecorded = before.len() - recorded.steps.len();
    eprintln!(
        "{flow}: {} recorded, {unrecorded} in flight, {twice} again",
        recorded.steps.len()
    );
    assert!(
        twice <= unrecorded,
        "{twice} ran twice, {unrecorded} were in flight"
    );
}

#[tokio::test]
async fn a_chain_goes_on_without_any_recorded_task() {
    killed_in_the_middle("chain", "10000").await;
}

#[tokio::test]
async fn a_fan_out_goes_on_without_any_recorded_task() {
    killed_in_the_middle("wide", "50005000").await;
}
