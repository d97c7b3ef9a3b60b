//! Notices that are sent later, or by another process: of runs that are late, once each; of what nobody takes, to the end.

use std::process::{Child, Stdio};
use std::sync::Arc;

use flowrt::clock::{Clock, new_uuid};
use flowrt::model::dispatch::Dispatch;
use flowrt::model::ids::{ProcessId, RunId};
use flowrt::model::notice::NoticeRecord;
use flowrt::model::payload::Payload;
use flowrt::model::record::{CacheUse, NewRun, RunRecord};
use flowrt::model::state::RunState;
use flowrt::store::{Options, Process, Store, sqlite};
use serde_json::Value;
use tempfile::TempDir;

use super::receivers::{FINE, Receiver, folder};
use super::{command, text, told};
use crate::until::until_some;

const FAILS: &str = "HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\n\r\n";

const HOUR: i64 = 3_600_000_000;

/// A process that is killed when the test ends, however it ends.
struct Working(Child);

impl Drop for Working {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A worker that takes none of the runs here, unless it listens on `default`.
fn worker(folder: &TempDir, queue: &str) -> Working {
    let mut command = command(folder.path(), &["worker", "--queue", queue]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    Working(child.expect("the program runs"))
}

/// The store as this test sees it: looking at it sends nothing.
fn store(folder: &TempDir) -> Arc<dyn Store> {
    let process = Process {
        id: ProcessId(new_uuid()),
        pid: std::process::id(),
        host: String::new(),
        started: Clock::real().now(),
        build: "test".to_owned(),
    };
    let path = folder.path().join("runs.db");
    sqlite::open(&path, Options::new(process)).expect("the store opens")
}

/// Leaves a run that should have begun an hour ago.
async fn leave_late(store: &Arc<dyn Store>, name: &str) -> RunRecord {
    let then = Clock::real().now() - HOUR;
    let run = NewRun {
        id: RunId(new_uuid()),
        name: name.to_owned(),
        flow: "fine".to_owned(),
        input: Payload::from_json("{}"),
        parent: None,
        origin: None,
        idempotency_key: None,
        seed: 1,
        created: then,
        logical_time: then,
        build: "test".to_owned(),
        cache: CacheUse::Use,
        dispatch: Dispatch::to_queue("default"),
        due: Some(then),
        steps: Vec::new(),
    };
    store.create_run(run).await.expect("it is accepted")
}

/// The notices of that run, once there is one that is like that.
async fn noted(
    store: &Arc<dyn Store>,
    run: RunId,
    is: impl Fn(&NoticeRecord) -> bool,
) -> Vec<NoticeRecord> {
    until_some(async || {
        let noted = store.noted(Some(run), None, 99).await;
        let noted = noted.expect("the store answers").into_iter();
        let noted: Vec<_> = noted.map(|(_, notice)| notice).collect();
        noted.iter().any(&is).then_some(noted)
    })
    .await
}

fn was_sent(notice: &NoticeRecord) -> bool {
    notice.sent.is_some()
}

#[tokio::test]
async fn a_late_run_is_told_of_once_whoever_looks() {
    let receiver = Receiver::answering(FINE);
    let way = format!(
        "webhook = \"{}\"\non = [\"late\"]\nlate_after = \"1m\"",
        receiver.url
    );
    let folder = folder(&way);
    let store = store(&folder);
    let mut runs = Vec::new();
    for name in ["one", "two", "three"] {
        // Each looks anew. That it has is seen by the run that the one before did not find.
        let run = leave_late(&store, name).await;
        let working = worker(&folder, "elsewhere");
        noted(&store, run.id, was_sent).await;
        drop(working);
        runs.push(run);
    }
    let asked = receiver.asked();
    let about: Vec<&Value> = asked.iter().map(|asked| &asked.body["run"]).collect();
    assert_eq!(about, ["one", "two", "three"], "{asked:?}");
    let first = &asked[0].body;
    assert_eq!(
        (&first["occasion"], &first["flow"]),
        (&Value::from("late"), &Value::from("fine"))
    );
    assert_eq!(first["text"], "fine late: one is due and has not begun");
    for run in &runs {
        let noted = noted(&store, run.id, was_sent).await;
        assert_eq!((noted.len(), noted[0].tries), (1, 1), "{noted:?}");
    }

    // That they begin and complete after all is no news to whoever asked for late ones only.
    let working = worker(&folder, "default");
    for run in &runs {
        until_some(async || {
            let run = store.run(run.id).await.expect("the store answers");
            run.filter(|run| run.state == RunState::Completed)
        })
        .await;
    }
    drop(working);
    let last = leave_late(&store, "four").await;
    let _working = worker(&folder, "elsewhere");
    noted(&store, last.id, was_sent).await;
    assert_eq!(receiver.asked().len(), 4, "{:?}", receiver.asked());
}

#[tokio::test]
async fn a_notice_that_nobody_takes_is_given_up_and_that_is_said() {
    let receiver = Receiver::answering(FAILS);
    let way = format!(
        "webhook = \"{}\"\non = [\"failure\", \"late\"]",
        receiver.url
    );
    let folder = folder(&way);
    told(folder.path(), &["run", "import", "--name", "broke"]);
    assert_eq!(
        receiver.asked().len(),
        1,
        "it is tried before the program ends"
    );
    let store = store(&folder);
    let record = store
        .noted(None, None, 9)
        .await
        .expect("the store answers")
        .remove(0)
        .1;
    assert_eq!((record.tries, record.sent), (1, None), "{record:?}");
    assert!(record.due.is_some(), "{record:?}");

    // Two days go by: each try takes the notice, and each fails.
    let names = || vec!["team".to_owned()];
    for tries in 2..20 {
        let taken = store.take_notices(names(), i64::MAX, 0, 9).await;
        let taken = taken.expect("the store answers");
        assert_eq!((taken.len(), taken[0].tries), (1, tries));
    }
    let working = worker(&folder, "elsewhere");
    let given_up = noted(&store, record.run, |notice| notice.due.is_none()).await;
    drop(working);
    assert_eq!(
        (given_up[0].tries, given_up[0].sent),
        (20, None),
        "{given_up:?}"
    );
    assert_eq!(receiver.asked().len(), 2);

    let listed = text(&told(folder.path(), &["notices"]).stdout);
    assert!(listed.contains("✗ given up after 20 tries: "), "{listed}");
    assert!(listed.contains("500"), "{listed}");
    let listed = text(&told(folder.path(), &["notices", "ls", "--json"]).stdout);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(
        (&listed[0]["due"], &listed[0]["tries"]),
        (&Value::Null, &Value::from(20))
    );

    // Whoever comes next has other news to try, and leaves that one alone.
    let late = leave_late(&store, "late").await;
    let _working = worker(&folder, "elsewhere");
    noted(&store, late.id, |notice| notice.error.is_some()).await;
    let after = noted(&store, record.run, |_| true).await;
    assert_eq!(after, given_up);
    let about: Vec<Value> = receiver
        .asked()
        .iter()
        .map(|asked| asked.body["run"].clone())
        .collect();
    assert_eq!(about, ["broke", "broke", "late"]);
}

#[tokio::test]
async fn a_command_that_only_reads_takes_no_notice_to_send() {
    let receiver = Receiver::answering(FAILS);
    let folder = folder(&format!("webhook = \"{}\"", receiver.url));
    told(folder.path(), &["run", "import"]);
    let store = store(&folder);
    let mut record = store
        .noted(None, None, 9)
        .await
        .expect("the store answers")
        .remove(0)
        .1;
    record.due = Some(0);
    store
        .settle_notice(record.clone())
        .await
        .expect("the store answers");
    for line in [
        &["notices"][..],
        &["runs"],
        &["runs", "show", "import"],
        &["store", "info"],
        &["workers"],
    ] {
        told(folder.path(), line);
    }
    let after = store.noted(None, None, 9).await.expect("the store answers");
    assert_eq!(after[0].1, record, "nobody has taken it");
    assert_eq!(receiver.asked().len(), 1);
    // Whoever drives a run sends what is due, too.
    told(folder.path(), &["run", "fine"]);
    let tried = noted(&store, record.run, |notice| {
        notice.tries == 2 && notice.due > Some(0)
    })
    .await;
    assert_eq!(tried.len(), 1);
    assert_eq!(receiver.asked().len(), 2);
}
