//! Schedulers as real processes: two on one store, one of them killed again and again.

mod amid;
mod backfill;
mod cancelled;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use flowrt::clock::Clock;
use flowrt::model::deployment::{Catchup, Deployment, DeploymentRecord, ScheduleRecord, Source};
use flowrt::model::ids::ProcessId;
use flowrt::model::record::{Micros, RunRecord};
use flowrt::store::deployments::Change;
use flowrt::store::{Options, Process, RunFilter, Store, sqlite};
use serde_json::{Map, Value, json};

use crate::until::until_some;

const SECOND: Micros = 1_000_000;

/// A scheduler that is killed when the test ends, however it ends.
struct Scheduler(Child);

impl Scheduler {
    fn start(folder: &Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_scheduled"))
            .arg("sqlite:s.db")
            .current_dir(folder)
            .stdin(Stdio::null())
            .spawn();
        Self(child.expect("the program runs"))
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn open(folder: &Path) -> Arc<dyn Store> {
    let process = Process {
        id: ProcessId(flowrt::clock::new_uuid()),
        pid: std::process::id(),
        host: String::new(),
        started: Clock::real().now(),
        build: "test".to_owned(),
    };
    sqlite::open(&folder.join("s.db"), Options::new(process)).expect("a store")
}

fn deployment(name: &str, flow: &str, parameters: Map<String, Value>) -> Box<DeploymentRecord> {
    let deployment = Deployment {
        tags: vec!["test".to_owned()],
        parameters,
        ..Deployment::new(name, flow, Source::Person)
    };
    Box::new(DeploymentRecord::new(deployment, 0))
}

/// Schedules of one deployment, each with a slot every second from `start` on.
fn deployed(count: u32, slots: i64, catchup: Catchup, start: Micros) -> Vec<Change> {
    let record = deployment("ticks", "tick", Map::new());
    let end = start + (slots - 1) * SECOND;
    let rule = json!({ "cron": "* * * * * *", "start": start, "end": end });
    let schedules = (0..count).map(|number| ScheduleRecord {
        parameters: Map::from_iter([("who".to_owned(), json!(number))]),
        catchup,
        ..ScheduleRecord::new("ticks", format!("s{number}"), rule.clone(), start - 1)
    });
    vec![Change::Set(record, schedules.collect())]
}

/// The next whole second but some.
fn soon(seconds: i64) -> Micros {
    (Clock::real().now() / SECOND + seconds) * SECOND
}

async fn runs(store: &dyn Store) -> Vec<RunRecord> {
    store
        .list_runs(RunFilter::default())
        .await
        .expect("the runs")
}

/// What each schedule must have: its slots, each once, with its time as the run's logical time.
fn slots_of(runs: &[RunRecord]) -> BTreeSet<(String, Micros)> {
    runs.iter()
        .map(|run| {
            let slot = run.dispatch.slot.as_ref().expect("each run fills a slot");
            assert_eq!(run.logical_time, slot.at, "{}", run.name);
            assert_eq!(run.dispatch.deployment.as_deref(), Some("ticks"));
            assert_eq!(run.dispatch.tags, ["test"]);
            (slot.schedule.clone(), slot.at)
        })
        .collect()
}

#[tokio::test]
async fn two_schedulers_fill_each_slot_once_though_one_is_killed() {
    const SCHEDULES: u32 = 1000;
    const SLOTS: i64 = 3;
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let start = soon(2);
    let changes = deployed(SCHEDULES, SLOTS, Catchup::All, start);
    assert!(store.deploy(0, changes).await.expect("it is deployed"));

    let _steady = Scheduler::start(folder.path());
    let mut killed = Scheduler::start(folder.path());
    let all = usize::try_from(i64::from(SCHEDULES) * SLOTS).expect("few");
    // Killed in the midst of its writes, three times.
    for part in [1, all / 3, all * 2 / 3] {
        until_some(async || (runs(&*store).await.len() >= part).then_some(())).await;
        drop(killed);
        killed = Scheduler::start(folder.path());
    }
    let done = until_some(async || {
        let runs = runs(&*store).await;
        (runs.len() >= all).then_some(runs)
    })
    .await;
    assert_eq!(slots_of(&done).len(), all);
    // Nothing comes after the end of all schedules: both have looked at it again since.
    let last = until_some(async || {
        let schedules = store.deployed().await.expect("schedules").schedules;
        let end = start + (SLOTS - 1) * SECOND;
        schedules
            .iter()
            .all(|schedule| schedule.cursor == Some(end))
            .then_some(schedules.len())
    })
    .await;
    assert_eq!(last, SCHEDULES as usize);
    assert_eq!(runs(&*store).await.len(), all);
}

#[tokio::test]
async fn what_was_missed_is_made_up_for_as_the_schedule_says() {
    let hour = 3600 * SECOND;
    for (catchup, expected) in [(Catchup::None, 0), (Catchup::Last, 1), (Catchup::All, 500)] {
        let folder = tempfile::tempdir().expect("a folder");
        let store = open(folder.path());
        let start = soon(0) - hour;
        let changes = deployed(1, 500, catchup, start);
        assert!(store.deploy(0, changes).await.expect("it is deployed"));
        let _scheduler = Scheduler::start(folder.path());
        let end = start + 499 * SECOND;
        until_some(async || {
            let schedules = store.deployed().await.expect("schedules").schedules;
            (schedules[0].cursor == Some(end)).then_some(())
        })
        .await;
        let runs = runs(&*store).await;
        assert_eq!(runs.len(), expected, "{catchup:?}");
        assert_eq!(slots_of(&runs).len(), expected, "{catchup:?}");
        if catchup == Catchup::Last {
            assert_eq!(runs[0].logical_time, end);
        }
    }
}

#[tokio::test]
async fn nothing_fires_that_is_paused_and_a_change_is_seen_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let _scheduler = Scheduler::start(folder.path());
    let changes = deployed(1, 1_000_000, Catchup::All, soon(0));
    assert!(store.deploy(0, changes).await.expect("it is deployed"));
    until_some(async || (!runs(&*store).await.is_empty()).then_some(())).await;
    let paused = store.switch("ticks".to_owned(), None, Some(false), 1);
    assert!(paused.await.expect("it is paused"));
    let before = runs(&*store).await.len();
    // As many seconds as would have had a slot.
    Clock::real().sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(runs(&*store).await.len(), before);
    let resumed = store.switch("ticks".to_owned(), None, None, 2);
    assert!(resumed.await.expect("it goes on"));
    // It catches up on all, as the schedule says, since nobody forgot the pause on its behalf.
    until_some(async || (runs(&*store).await.len() >= before + 3).then_some(())).await;
    let all = runs(&*store).await;
    assert_eq!(slots_of(&all).len(), all.len());
}
