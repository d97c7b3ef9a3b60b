//! Backfills: which slots, so many at a time, again where it failed, paused and cancelled.

use std::path::Path;
use std::sync::Arc;

use flowrt::Engine;
use flowrt::model::backfill::{BackfillState, Which};
use flowrt::model::deployment::ScheduleRecord;
use flowrt::model::record::RunRecord;
use flowrt::model::state::RunState;
use flowrt::ops::schedules::{BackfillAsk, BackfillReport};
use flowrt::prelude::*;
use flowrt::store::deployments::Change;
use flowrt::store::{RunFilter, Store};
use serde_json::{Map, json};

use super::{deployment, open};
use crate::until::until_some;

/// Says what day it is about; fails on a day of which there is a file.
#[task]
async fn day_of(ctx: &TaskContext, folder: String) -> Result<String> {
    let day = ctx.logical_time().strftime("%F").to_string();
    if Path::new(&folder).join(&day).exists() {
        return Err("there is nothing of that day".into());
    }
    Ok(day)
}

/// Of one day.
#[flow]
async fn backfilled(folder: String) -> Result<String> {
    day_of(folder).await
}

struct Place {
    folder: tempfile::TempDir,
    store: Arc<dyn Store>,
    engine: Engine,
    scheduler: tokio::task::JoinHandle<Result<()>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.scheduler.abort();
    }
}

impl Place {
    /// One schedule, at 01:00 in UTC, that does not fire by itself.
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = open(folder.path());
        let parameters = Map::from_iter([("folder".to_owned(), json!(folder.path()))]);
        let rule = json!({ "cron": "0 10 * * *", "timezone": "Asia/Tokyo" });
        let schedule = ScheduleRecord {
            active: false,
            ..ScheduleRecord::new("days", "daily", rule, 0)
        };
        let change = Change::Set(deployment("days", "backfilled", parameters), vec![schedule]);
        assert!(store.deploy(0, vec![change]).await.expect("it is deployed"));
        let url = format!("sqlite:{}", folder.path().join("s.db").display());
        let engine = Engine::open(&url).await.expect("an engine");
        let scheduler = tokio::spawn({
            let engine = engine.clone();
            async move { engine.schedule(std::future::pending()).await }
        });
        Self {
            folder,
            store,
            engine,
            scheduler,
        }
    }

    async fn begin(&self, which: Which, concurrency: u32, reverse: bool) -> String {
        let ask = ask(which, concurrency, reverse);
        let plan = self.engine.plan_backfill(&ask).await.expect("a plan");
        let begun = self.engine.start_backfill(&plan).await;
        begun.expect("it begins").backfill.id
    }

    /// The runs that are not over, the oldest first.
    async fn open_runs(&self) -> Vec<RunRecord> {
        let all = self.store.list_runs(RunFilter::default()).await;
        let mut open = all.expect("the runs");
        open.retain(|run| !run.state.is_final());
        open.reverse();
        open
    }

    async fn report(&self, id: &str) -> BackfillReport {
        self.engine.backfill(id).await.expect("it is there")
    }

    /// Drives what the backfill begins until all has ended. Returns the days in the order in which they had their run.
    async fn drive(&self, id: &str, at_most: usize) -> Vec<String> {
        let mut days = Vec::new();
        loop {
            let next = until_some(async || {
                let open = self.open_runs().await;
                assert!(open.len() <= at_most, "{} go on at once", open.len());
                let done = self.report(id).await.record.state == BackfillState::Done;
                (done || !open.is_empty()).then(|| open.into_iter().next())
            })
            .await;
            let Some(run) = next else { return days };
            let handle = self.engine.resume(run.id).await.expect("nobody drives it");
            let ended = handle.wait().await.expect("it ends");
            let slot = ended.dispatch.slot.expect("it fills a slot");
            assert_eq!(slot.at, ended.logical_time);
            days.push(day(ended.logical_time));
        }
    }
}

/// The day of a slot, which is at 01:00 in UTC.
fn day(at: i64) -> String {
    const FIRST: i64 = 1_767_229_200;
    let days = (at / 1_000_000 - FIRST) / 86_400;
    let day = usize::try_from(days).ok().and_then(|day| DAYS.get(day));
    (*day.expect("one of the days")).to_owned()
}

/// Five days in Tokyo.
fn ask(which: Which, concurrency: u32, reverse: bool) -> BackfillAsk {
    BackfillAsk {
        deployment: "days".to_owned(),
        schedule: None,
        from: "2026-01-01".to_owned(),
        to: "2026-01-05".to_owned(),
        which,
        concurrency,
        reverse,
    }
}

const DAYS: [&str; 5] = [
    "2026-01-01",
    "2026-01-02",
    "2026-01-03",
    "2026-01-04",
    "2026-01-05",
];

#[tokio::test]
async fn each_slot_gets_its_run_and_those_that_failed_another() {
    let place = Place::new().await;
    let failing = place.folder.path().join(DAYS[2]);
    std::fs::write(&failing, "").expect("a file");

    let id = place.begin(Which::Missing, 2, false).await;
    assert_eq!(place.drive(&id, 2).await, DAYS);
    let report = place.report(&id).await;
    assert_eq!(
        (report.completed, report.failed, report.going_on),
        (4, 1, 0)
    );

    // All have a run now.
    let missing = place
        .engine
        .plan_backfill(&ask(Which::Missing, 1, false))
        .await;
    let missing = missing.expect("a plan");
    assert_eq!((missing.slots.len(), missing.left), (0, 5));
    assert!(missing.estimate.is_some(), "there are runs to go by");

    std::fs::remove_file(&failing).expect("it is there");
    let id = place.begin(Which::Failed, 1, false).await;
    assert_eq!(place.drive(&id, 1).await, [DAYS[2]]);
    assert_eq!(place.report(&id).await.completed, 1);

    let id = place.begin(Which::All, 3, true).await;
    let mut backwards = DAYS;
    backwards.reverse();
    assert_eq!(place.drive(&id, 3).await, backwards);
}

#[tokio::test]
async fn a_backfill_is_paused_goes_on_and_is_cancelled() {
    let place = Place::new().await;
    let id = place.begin(Which::Missing, 1, false).await;
    let first = until_some(async || place.open_runs().await.pop()).await;
    let paused = place.engine.switch_backfill(&id, false).await;
    assert_eq!(
        paused.expect("it is there").record.state,
        BackfillState::Paused
    );
    let handle = place
        .engine
        .resume(first.id)
        .await
        .expect("nobody drives it");
    handle.wait().await.expect("it ends");
    assert_eq!(place.report(&id).await.record.begun, 1);

    place
        .engine
        .switch_backfill(&id, true)
        .await
        .expect("it goes on");
    let second = until_some(async || place.open_runs().await.pop()).await;
    assert_eq!(day(second.logical_time), DAYS[1]);
    let report = place
        .engine
        .cancel_backfill(&id)
        .await
        .expect("it is there");
    assert_eq!(report.record.state, BackfillState::Cancelled);
    let second = place.store.run(second.id).await.expect("a record");
    assert_eq!(second.map(|run| run.state), Some(RunState::Cancelled));
    assert!(place.open_runs().await.is_empty());
    let again = place.engine.switch_backfill(&id, true).await.map(|_| ());
    assert!(again.unwrap_err().message().contains("ended already"));
}

#[tokio::test]
async fn what_is_no_backfill_is_said() {
    let place = Place::new().await;
    let faults = [
        (
            BackfillAsk {
                deployment: "dayz".to_owned(),
                ..ask(Which::All, 1, false)
            },
            "no deployment",
        ),
        (
            BackfillAsk {
                schedule: Some("dialy".to_owned()),
                ..ask(Which::All, 1, false)
            },
            "no schedule",
        ),
        (
            BackfillAsk {
                from: "January".to_owned(),
                ..ask(Which::All, 1, false)
            },
            "no time",
        ),
        (
            BackfillAsk {
                to: "2025-01-01".to_owned(),
                ..ask(Which::All, 1, false)
            },
            "ends before",
        ),
        (ask(Which::All, 0, false), "at least one"),
    ];
    for (ask, said) in faults {
        let fault = place.engine.plan_backfill(&ask).await.expect_err(said);
        assert!(fault.message().contains(said), "{fault:?}");
    }
}
