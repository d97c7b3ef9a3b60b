//! More than a process or a store is glad of: nothing is lost, and what grows is bounded.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flowrt::Engine;
use flowrt::ops::LogFilter;
use flowrt::prelude::*;

use super::victim::{Recorded, Running, command, ledger, ledger_path, url};

fn run(folder: &Path, flow: &str, tasks: u64) -> Running {
    let book = ledger_path(folder).display().to_string();
    let tasks = tasks.to_string();
    let arguments = ["run", flow, "--ledger", &book, "--tasks", &tasks];
    Running::spawn(command(folder, &arguments))
}

#[test]
fn two_processes_drive_different_runs_of_one_store_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let both = [(); 2].map(|()| run(folder.path(), "patient", 200));
    for running in both {
        let (status, output, errors) = running.end();
        assert_eq!((status.code(), output.trim()), (Some(0), "200"), "{errors}");
    }
    let lines = ledger(folder.path());
    assert_eq!(lines.len(), 400, "each task ran once");
    let mut order: Vec<u32> = lines.iter().map(|line| line.pid).collect();
    assert_eq!(order.iter().collect::<HashSet<_>>().len(), 2);
    order.dedup();
    assert!(order.len() > 2, "they went on beside each other");
}

/// Another process takes the lock again and again, and for seconds each time.
#[test]
fn a_hundred_tasks_get_through_a_store_that_is_slow() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = run(folder.path(), "patient", 100);
    while ledger(folder.path()).len() < 3 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let connection = rusqlite::Connection::open(folder.path().join("store.db")).expect("opens");
    let patience = Duration::from_secs(60);
    connection.busy_timeout(patience).expect("is set");
    for _ in 0..3 {
        connection.execute_batch("BEGIN IMMEDIATE").expect("locks");
        let before = ledger(folder.path()).len();
        std::thread::sleep(Duration::from_secs(2));
        let after = ledger(folder.path()).len();
        assert!(after <= before + 1, "nothing runs on what is not recorded");
        connection.execute_batch("COMMIT").expect("unlocks");
    }
    let (status, output, errors) = running.end();
    assert_eq!((status.code(), output.trim()), (Some(0), "100"), "{errors}");
    assert_eq!(ledger(folder.path()).len(), 100, "each task ran once");
}

/// A reader that keeps its snapshot keeps the log from being reused: it grows meanwhile, and not for ever.
#[test]
fn the_log_that_grew_under_a_long_reader_is_taken_back() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(run(folder.path(), "chain", 10).end().0.success());
    let reader = rusqlite::Connection::open(folder.path().join("store.db")).expect("opens");
    let count = "BEGIN; SELECT count(*) FROM sqlite_master";
    reader.execute_batch(count).expect("takes a snapshot");
    let log = || fs::metadata(folder.path().join("store.db-wal")).map_or(0, |file| file.len());
    let (status, _, errors) = run(folder.path(), "wide", 20_000).end();
    assert!(status.success(), "{errors}");
    let grown = log();
    assert!(grown > 4 << 20, "it grew to {grown} bytes only");
    drop(reader);
    let (status, _, errors) = run(folder.path(), "chain", 10).end();
    assert!(status.success(), "{errors}");
    assert!(log() < grown / 4, "{grown} bytes have become {}", log());
}

#[tokio::test]
async fn a_million_lines_of_one_task_stay_bounded_and_what_is_dropped_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["run", "flood", "--lines", "1000000"];
    let (status, output, errors) = Running::spawn(command(folder.path(), &arguments)).end();
    assert_eq!(status.code(), Some(0), "{errors}");
    let peak: u64 = output.trim().parse().expect("a number");
    assert!(peak < 200 << 10, "the process has held {peak} KiB");
    let engine = Engine::open(&url(folder.path())).await.expect("opens");
    let root = Recorded::read(&engine).await.root().expect("the run").id;
    let lines = engine
        .logs(root, LogFilter::default())
        .await
        .expect("reads");
    assert!(lines.len() <= 100_100, "{} lines are kept", lines.len());
    let said = lines.iter().map(|(_, line)| &line.message);
    let dropped: Vec<_> = said.filter(|said| !said.contains("still here")).collect();
    assert!(!dropped.is_empty(), "nobody says that lines are missing");
}

/// How many bodies of the storm began.
static STORM: AtomicU64 = AtomicU64::new(0);

#[task(retries = 2, backoff = "1m..1h", jitter = 0.5)]
async fn storm_call(n: u64, ctx: &TaskContext) -> Result<u64> {
    STORM.fetch_add(1, Ordering::Relaxed);
    if ctx.attempt() < 3 {
        return Err("the other side is down".into());
    }
    Ok(n)
}

#[flow]
async fn storm() -> Result<u64> {
    let all = map(0..10_000, storm_call).await?;
    Ok(all.iter().sum())
}

#[tokio::test]
async fn ten_thousand_tasks_that_fail_at_once_come_back_spread_out() {
    let engine = flowrt::testing::Engine::new();
    let run = engine.start(storm()).await.expect("starts");
    let id = run.id;
    assert_eq!(run.wait().await.expect("ends"), 49_995_000);
    assert_eq!(
        STORM.load(Ordering::Relaxed),
        30_000,
        "not one attempt more"
    );
    let journal = engine.journal(id).await.expect("reads");
    assert_eq!(journal.attempts.len(), 20_000);
    let mut seconds: BTreeMap<i64, u32> = BTreeMap::new();
    for attempt in journal
        .attempts
        .iter()
        .filter(|attempt| attempt.attempt == 1)
    {
        let next = attempt.next.expect("it is tried again");
        *seconds.entry(next / 1_000_000).or_default() += 1;
    }
    let most = seconds.values().max().copied().unwrap_or_default();
    assert!(most < 1_000, "{most} of 10,000 come back in one second");
}
