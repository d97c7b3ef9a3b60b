//! Pauses, clocks that are set, and backfills, under a clock that the test moves and a store that never waits.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::backfilling::Backfilling;
use super::{BackfillAsk, BackfillPlan, Engine};
use crate::clock::Clock;
use crate::model::backfill::{BackfillState, Which};
use crate::model::deployment::{Catchup, Deployment, DeploymentRecord, ScheduleRecord, Source};
use crate::model::record::{Micros, RunRecord};
use crate::ops::{Start, this_process};
use crate::prelude::*;
use crate::store::deployments::Change;
use crate::store::memory::Memory;
use crate::store::{Options, RunFilter};

const MINUTE: Micros = 60_000_000;

#[flow(name = "planned_in_test")]
async fn planned(#[arg(default = 1)] size: u32) -> Result<u32> {
    Ok(size)
}

/// An engine at that minute, with a schedule that has a slot each minute and was deployed at the first.
async fn engine(minute: Micros, catchup: Catchup) -> Engine {
    let store = Memory::open(Options::new(this_process()));
    let engine = Engine::with_clock(store, Clock::fake(minute * MINUTE), false).unwrap();
    deploy(&engine, json!({}), catchup).await;
    engine
}

async fn deploy(engine: &Engine, parameters: Value, catchup: Catchup) {
    let deployment = Deployment {
        tags: vec!["own".to_owned()],
        parameters: parameters.as_object().cloned().unwrap(),
        ..Deployment::new("d", "planned_in_test", Source::Person)
    };
    let record = DeploymentRecord::new(deployment, 0);
    let schedule = ScheduleRecord {
        catchup,
        ..ScheduleRecord::new("d", "s", json!({ "cron": "* * * * *" }), 0)
    };
    let change = Change::Set(Box::new(record), vec![schedule]);
    let seen = engine.store().deployments_revision().await.unwrap();
    assert!(engine.store().deploy(seen, vec![change]).await.unwrap());
    engine.shared().changed.notify_waiters();
}

/// Schedules until the test ends.
struct Scheduler(tokio::task::JoinHandle<Result<()>>);

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn scheduler(engine: &Engine) -> Scheduler {
    let engine = engine.clone();
    Scheduler(tokio::spawn(async move {
        engine.schedule(std::future::pending()).await
    }))
}

/// Everybody has done what he can do now.
async fn settled() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

/// It is that minute, and some seconds.
async fn at(engine: &Engine, minute: Micros) {
    engine.shared().clock.set(minute * MINUTE + 7_000_000);
    settled().await;
}

async fn runs(engine: &Engine) -> Vec<RunRecord> {
    let mut runs = engine.runs(RunFilter::default()).await.unwrap();
    runs.reverse();
    runs
}

/// The minutes of the runs that there are, in the order in which they were accepted.
async fn minutes(engine: &Engine) -> Vec<Micros> {
    let runs = runs(engine).await;
    runs.iter().map(|run| run.logical_time / MINUTE).collect()
}

fn ask(from: &str, to: &str, concurrency: u32) -> BackfillAsk {
    BackfillAsk {
        deployment: "d".to_owned(),
        schedule: None,
        from: from.to_owned(),
        to: to.to_owned(),
        which: Which::Missing,
        concurrency,
        reverse: false,
    }
}

async fn plan(engine: &Engine, to: &str, concurrency: u32) -> BackfillPlan {
    let ask = ask("1970-01-01T00:01", to, concurrency);
    engine.plan_backfill(&ask).await.unwrap()
}

#[tokio::test]
async fn a_clock_that_is_set_loses_no_slot_and_fills_none_twice() {
    for (catchup, made_up) in [
        (Catchup::None, vec![]),
        (Catchup::Last, vec![61]),
        (Catchup::All, (3..=61).collect::<Vec<_>>()),
    ] {
        let engine = engine(0, catchup).await;
        let _scheduler = scheduler(&engine);
        for minute in [0, 1, 2] {
            at(&engine, minute).await;
        }
        let mut expected = vec![1, 2];
        assert_eq!(minutes(&engine).await, expected, "{catchup:?}");
        // An hour forward, as after a night with the lid closed.
        at(&engine, 62).await;
        expected.extend(made_up);
        expected.push(62);
        assert_eq!(minutes(&engine).await, expected, "{catchup:?}");
        // Back, and the same time once more.
        for minute in [10, 11, 61, 62] {
            at(&engine, minute).await;
            assert_eq!(minutes(&engine).await, expected, "{catchup:?} {minute}");
        }
        at(&engine, 63).await;
        expected.push(63);
        assert_eq!(minutes(&engine).await, expected, "{catchup:?}");
    }
}

#[tokio::test]
async fn what_passes_in_a_pause_is_forgotten() {
    let engine = engine(0, Catchup::All).await;
    let _scheduler = scheduler(&engine);
    at(&engine, 1).await;
    assert_eq!(minutes(&engine).await, [1]);
    for slug in [None, Some("s")] {
        let before = minutes(&engine).await;
        let now = before.last().copied().unwrap();
        let paused = engine.switch_schedule("d", slug, false).await.unwrap();
        assert!(!paused[0].fires && paused[0].next.is_some());
        at(&engine, now + 30).await;
        assert_eq!(minutes(&engine).await, before);
        // Said twice, it is as if it were said once.
        engine.switch_schedule("d", slug, false).await.unwrap();
        let resumed = engine.switch_schedule("d", slug, true).await.unwrap();
        assert!(resumed[0].fires);
        assert_eq!(resumed[0].last.map(|at| at / MINUTE), Some(now + 30));
        settled().await;
        assert_eq!(minutes(&engine).await, before, "it is not made up for");
        // To let something fire that fires forgets nothing.
        engine.shared().clock.set((now + 32) * MINUTE + 1);
        engine.switch_schedule("d", slug, true).await.unwrap();
        settled().await;
        let mut expected = before;
        expected.extend([now + 31, now + 32]);
        assert_eq!(minutes(&engine).await, expected);
    }
    for (deployment, slug, said) in [
        ("d", Some("t"), "has no schedule `t`"),
        ("e", None, "no deployment `e`"),
    ] {
        let unknown = engine.switch_schedule(deployment, slug, false).await;
        let unknown = unknown.unwrap_err();
        assert!(unknown.message().contains(said), "{unknown:?}");
        assert!(unknown.try_this().is_some(), "{unknown:?}");
    }
}

#[tokio::test]
async fn a_run_has_the_parameters_that_hold_when_its_slot_comes() {
    let engine = engine(0, Catchup::None).await;
    let _scheduler = scheduler(&engine);
    at(&engine, 1).await;
    deploy(&engine, json!({ "size": 5 }), Catchup::None).await;
    at(&engine, 2).await;
    let runs = runs(&engine).await;
    let sizes = runs.iter().map(|run| run.input.to_value()["size"].clone());
    assert_eq!(sizes.collect::<Vec<_>>(), [json!(1), json!(5)]);
}

#[tokio::test]
async fn a_backfill_begins_some_runs_at_a_time() {
    let engine = engine(1000, Catchup::None).await;
    let planned = plan(&engine, "1970-01-01T01:40", 70).await;
    assert_eq!(planned.slots.len(), 100);
    let id = engine.start_backfill(&planned).await.unwrap().backfill.id;
    let backfilling = Backfilling::new(engine.clone());
    for (more, begun) in [(true, 32), (true, 64), (false, 70), (false, 70)] {
        assert_eq!(backfilling.advance().await.unwrap(), more);
        let report = engine.backfill(&id).await.unwrap();
        assert_eq!(
            (report.record.begun, report.going_on),
            (begun, begun as usize)
        );
    }
    // Two that go on share one turn.
    let other = BackfillPlan {
        slots: planned.slots[80..].to_vec(),
        ..planned
    };
    engine.start_backfill(&other).await.unwrap();
    assert!(backfilling.advance().await.unwrap());
    assert_eq!(runs(&engine).await.len(), 70 + 16);
}

#[tokio::test]
async fn a_paused_or_cancelled_backfill_begins_nothing_whatever_was_read_before() {
    let engine = engine(1000, Catchup::None).await;
    let planned = plan(&engine, "1970-01-01T00:10", 1).await;
    let record = engine.start_backfill(&planned).await.unwrap();
    let (id, backfill) = (&record.backfill.id, &record.backfill);
    let begin = async |begun: u32| {
        let chosen = &backfill.slots[begun as usize];
        engine.begin_next(backfill, chosen, begun).await.unwrap();
        runs(&engine).await.len()
    };
    engine.switch_backfill(id, false).await.unwrap();
    assert_eq!(begin(0).await, 0);
    engine.switch_backfill(id, true).await.unwrap();
    assert_eq!(begin(0).await, 1);
    // Another scheduler has read the same.
    assert_eq!(begin(0).await, 1);
    let cancelled = engine.cancel_backfill(id).await.unwrap();
    assert_eq!(cancelled.record.state, BackfillState::Cancelled);
    assert_eq!(begin(1).await, 1);
    let runs = runs(&engine).await;
    assert!(runs.iter().all(|run| run.state.is_final()), "{runs:?}");
    assert_eq!(runs[0].dispatch.backfill.as_ref(), Some(id));
    assert_eq!(runs[0].dispatch.tags, ["own".to_owned(), backfill.tag()]);
}

#[tokio::test]
async fn a_cancel_whose_process_died_is_finished_by_a_scheduler() {
    let engine = engine(1000, Catchup::None).await;
    let planned = plan(&engine, "1970-01-01T00:10", 5).await;
    let id = engine.start_backfill(&planned).await.unwrap().backfill.id;
    Backfilling::new(engine.clone()).advance().await.unwrap();
    assert_eq!(runs(&engine).await.len(), 5);
    let from = vec![BackfillState::Running];
    let set = engine
        .store()
        .set_backfill(id.clone(), from, BackfillState::Cancelling, None);
    assert!(set.await.unwrap());
    let _scheduler = scheduler(&engine);
    settled().await;
    let report = engine.backfill(&id).await.unwrap();
    assert_eq!(report.record.state, BackfillState::Cancelled);
    assert_eq!((report.going_on, report.failed), (0, 5));
}

#[tokio::test]
async fn a_backfill_that_cannot_go_on_says_why() {
    let engine = engine(1000, Catchup::None).await;
    let planned = plan(&engine, "1970-01-01T00:10", 1).await;
    let id = engine.start_backfill(&planned).await.unwrap().backfill.id;
    let backfilling = Backfilling::new(engine.clone());
    let after = async || {
        assert!(!backfilling.advance().await.unwrap());
        let record = engine.backfill(&id).await.unwrap().record;
        (record.state, record.begun, record.reason)
    };
    // What can be mended is waited for.
    deploy(&engine, json!({ "size": "wide" }), Catchup::None).await;
    let (state, begun, reason) = after().await;
    assert_eq!((state, begun), (BackfillState::Running, 0));
    assert!(reason.unwrap().contains("size"));
    deploy(&engine, json!({ "size": 2 }), Catchup::None).await;
    assert_eq!(after().await, (BackfillState::Running, 1, None));
    engine.cancel(runs(&engine).await[0].id).await.unwrap();

    let seen = engine.store().deployments_revision().await.unwrap();
    let gone = vec![Change::Remove("d".to_owned())];
    assert!(engine.store().deploy(seen, gone).await.unwrap());
    let (state, begun, reason) = after().await;
    assert_eq!((state, begun), (BackfillState::Failed, 1));
    assert_eq!(reason.unwrap(), "there is no deployment `d` any more");
    assert!(
        engine
            .store()
            .standing_backfills()
            .await
            .unwrap()
            .is_empty()
    );
    let over = engine.switch_backfill(&id, true).await.unwrap_err();
    assert!(over.message().contains("ended already"), "{over:?}");
    let unknown = engine.backfill("none").await.unwrap_err();
    assert!(unknown.message().contains("no backfill `none`"));
}

#[tokio::test]
async fn a_backfill_leaves_what_is_to_come_to_the_schedule() {
    let engine = engine(5, Catchup::None).await;
    let planned = plan(&engine, "2030-01-01", 1).await;
    let slots = planned.slots.iter().map(|slot| slot.at / MINUTE);
    assert_eq!(slots.collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    let future = ask("2030-01-01", "2030-01-02", 1);
    let refused = engine.plan_backfill(&future).await.unwrap_err();
    assert!(refused.message().contains("in the future"), "{refused:?}");
}

#[tokio::test]
async fn a_key_is_used_once_also_while_the_clock_stands_still() {
    let engine = engine(0, Catchup::None).await;
    let start = || Start {
        idempotency_key: Some("k".to_owned()),
        ..Start::default()
    };
    let once = async |size: u32| {
        let params = json!({ "size": size });
        engine
            .enqueue_once("planned_in_test", &params, start())
            .await
    };
    let first = once(3).await.unwrap();
    assert!(first.is_new);
    let second = once(3).await.unwrap();
    assert!(!second.is_new);
    assert_eq!(second.record.id, first.record.id);
    let refused = once(4).await.unwrap_err();
    assert!(
        refused.message().contains("other parameters"),
        "{refused:?}"
    );
    // The clock is behind by an hour: what is new is new nevertheless.
    engine.shared().clock.set(-60 * MINUTE);
    let other = Start {
        idempotency_key: Some("l".to_owned()),
        ..Start::default()
    };
    let params = json!({});
    let new = engine.enqueue_once("planned_in_test", &params, other);
    assert!(new.await.unwrap().is_new);
}

#[tokio::test]
#[cfg(feature = "deployments")]
async fn a_key_of_a_deployment_is_used_once_whatever_is_deployed_meanwhile() {
    let engine = engine(0, Catchup::None).await;
    let once = async |size: Option<u32>| {
        let start = Start {
            idempotency_key: Some("k".to_owned()),
            ..Start::default()
        };
        let given = size.map(|size| ("size".to_owned(), json!(size)));
        let given = Map::from_iter(given);
        engine.run_deployment_once("d", given, start).await
    };
    let first = once(Some(3)).await.unwrap();
    assert!(first.is_new);
    deploy(&engine, json!({ "size": 9 }), Catchup::None).await;
    let second = once(Some(3)).await.unwrap();
    assert_eq!((second.is_new, second.record.id), (false, first.record.id));
    let refused = once(Some(4)).await.unwrap_err();
    assert!(
        refused.message().contains("other parameters"),
        "{refused:?}"
    );
    engine.shared().clock.advance(Duration::from_secs(1));
    assert!(!once(Some(3)).await.unwrap().is_new);
}
