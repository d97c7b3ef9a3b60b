//! Runs whose process dies more often than a run may kill it, through no fault of theirs.

use std::path::Path;

use flowrt::Engine;
use flowrt::model::record::RunRecord;
use flowrt::model::state::RunState;

use super::victim::{Recorded, Running, command, ledger, ledger_path, url};

/// More than `crashes_max` allows.
const DEATHS: usize = 6;

async fn root(engine: &Engine) -> RunRecord {
    Recorded::read(engine)
        .await
        .root()
        .expect("the run is there")
        .clone()
}

/// Starts or resumes the run, and kills its process once `when` holds.
async fn kill_when(folder: &Path, arguments: &[&str], when: impl AsyncFn() -> bool) {
    let mut running = Running::spawn(command(folder, arguments));
    while !when().await {
        if let Some(status) = running.ended() {
            let (_, output, errors) = running.end();
            panic!("{status}: {output}{errors}");
        }
    }
    running.child.kill().expect("it can be killed");
    running.end();
}

#[tokio::test]
async fn what_a_child_records_is_progress_of_its_parent() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let engine = Engine::open(&url(path)).await.expect("the store opens");
    let book = ledger_path(path).display().to_string();
    let mut arguments: Vec<String> = ["run", "patient", "--ledger", &book, "--tasks", "1000"]
        .map(str::to_owned)
        .to_vec();
    for _ in 0..DEATHS {
        let before = Recorded::read(&engine).await;
        let goes_on = async || {
            let now = Recorded::read(&engine).await;
            let epoch = |recorded: &Recorded| recorded.root().map_or(0, |run| run.epoch);
            let waits = now.root().is_some_and(|run| run.state == RunState::Waiting);
            waits && epoch(&now) > epoch(&before) && now.steps.len() > before.steps.len()
        };
        let arguments_now: Vec<&str> = arguments.iter().map(String::as_str).collect();
        kill_when(path, &arguments_now, goes_on).await;
        let run = root(&engine).await;
        arguments = ["runs", "resume", &run.id.to_string()]
            .map(str::to_owned)
            .to_vec();
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (status, output, errors) = Running::spawn(command(path, &arguments)).end();
    assert_eq!(
        (status.code(), output.trim()),
        (Some(0), "1000"),
        "{errors}"
    );
    assert!(
        ledger(path).len() <= 1000 + DEATHS,
        "one was under way at each death"
    );
}
