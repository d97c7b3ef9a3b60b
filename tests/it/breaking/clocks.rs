//! The machine's clock is set, forwards and back. A store whose times are shifted is what a program finds then.

use std::path::Path;
use std::time::Duration;

use flowrt::Engine;
use flowrt::model::state::RunState;

use super::victim::{Recorded, Running, command, ledger, ledger_path, url};
use crate::until::{until, until_some};

const DAY: i64 = 86_400_000_000;

/// Starts `slow`, which sleeps that long, and kills it while it does. Gives the id of its run.
async fn asleep(folder: &Path, millis: i64) -> String {
    let book = ledger_path(folder).display().to_string();
    let millis = millis.to_string();
    let run = ["run", "slow", "--ledger", &book, "--millis", &millis];
    let mut running = Running::spawn(command(folder, &run));
    until(|| {
        assert!(running.ended().is_none(), "it ended at once");
        !ledger(folder).is_empty()
    });
    let engine = Engine::open(&url(folder)).await.expect("opens");
    let waiting = async || {
        let recorded = Recorded::read(&engine).await;
        recorded
            .root()
            .filter(|run| run.state == RunState::Waiting)
            .map(|run| run.id)
    };
    let id = until_some(waiting).await;
    running.child.kill().expect("it can be killed");
    running.end();
    id.to_string()
}

/// As if the clock had gone `by` further since everything was written.
fn shift(folder: &Path, by: i64) {
    let store = rusqlite::Connection::open(folder.join("store.db")).expect("opens");
    store.busy_timeout(Duration::from_secs(30)).expect("is set");
    let sets = [
        "UPDATE run SET created = created - ?1, logical_time = logical_time - ?1, started = started - ?1",
        "UPDATE step SET started = started - ?1, finished = finished - ?1",
        "UPDATE wait SET due = due - ?1",
    ];
    for set in sets {
        store.execute(set, [by]).expect(set);
    }
}

async fn goes_on(folder: &Path, id: &str) {
    let resume = command(folder, &["runs", "resume", id]);
    let (status, output, errors) = Running::spawn(resume).end();
    assert_eq!((status.code(), output.trim()), (Some(0), "2"), "{errors}");
    assert_eq!(ledger(folder).len(), 2, "each task ran once");
}

#[tokio::test]
async fn a_sleep_is_over_at_once_when_the_clock_went_forward_past_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let id = asleep(folder.path(), DAY / 2000).await;
    shift(folder.path(), DAY);
    goes_on(folder.path(), &id).await;
}

/// What is recorded lies in the future then. It is taken as it is, and its logical time stays.
#[tokio::test]
async fn what_is_recorded_in_the_future_is_taken_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let id = asleep(folder.path(), 3_600_000).await;
    shift(folder.path(), -DAY);
    let engine = Engine::open(&url(folder.path())).await.expect("opens");
    let before = Recorded::read(&engine)
        .await
        .root()
        .expect("the run")
        .clone();
    let resume = command(folder.path(), &["runs", "resume", &id]);
    let mut running = Running::spawn(resume);
    // It waits for the instant that was recorded, and is told so; only its own tasks are seen in the ledger.
    let during = loop {
        assert!(running.ended().is_none(), "it did not wait");
        let now = Recorded::read(&engine)
            .await
            .root()
            .expect("the run")
            .clone();
        if now.epoch > before.epoch && now.state == RunState::Waiting {
            break now;
        }
    };
    assert_eq!(during.logical_time, before.logical_time);
    assert_eq!(ledger(folder.path()).len(), 1, "nothing ran again");
    running.child.kill().expect("it can be killed");
    running.end();
    shift(folder.path(), 2 * DAY);
    goes_on(folder.path(), &id).await;
}

/// New runs are listed by their ids, whose order follows the clock, and a run of the future is in nobody's way.
#[tokio::test]
async fn new_runs_start_beside_runs_of_the_future() {
    let folder = tempfile::tempdir().expect("a folder");
    let id = asleep(folder.path(), 3_600_000).await;
    shift(folder.path(), -DAY);
    let book = ledger_path(folder.path()).display().to_string();
    let run = ["run", "chain", "--ledger", &book, "--tasks", "5"];
    let (status, output, errors) = Running::spawn(command(folder.path(), &run)).end();
    assert_eq!((status.code(), output.trim()), (Some(0), "5"), "{errors}");
    shift(folder.path(), 2 * DAY);
    assert_eq!(ledger(folder.path()).len(), 6);
    let resume = command(folder.path(), &["runs", "resume", &id]);
    let (status, output, errors) = Running::spawn(resume).end();
    assert_eq!((status.code(), output.trim()), (Some(0), "2"), "{errors}");
}
