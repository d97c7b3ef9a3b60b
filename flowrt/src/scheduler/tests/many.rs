//! A hundred thousand schedules: what they cost while none is due, and what one pause costs.

#![cfg(feature = "sqlite")]

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::super::{Due, run};
use crate::author::cancel::Cancel;
use crate::clock::Clock;
use crate::engine::Shared;
use crate::model::deployment::{Catchup, Deployment, DeploymentRecord, ScheduleRecord, Source};
use crate::ops::this_process;
use crate::prelude::*;
use crate::registry;
use crate::store::Options;
use crate::store::deployments::Change;
use crate::store::sqlite::asked::Asked;

const SCHEDULES: usize = 100_000;
const DEPLOYMENTS: usize = 10;

#[flow(name = "one_of_many_in_test")]
async fn one_of_many() -> Result<()> {
    Ok(())
}

fn deployment(number: usize) -> Change {
    let name = format!("d{number}");
    let deployment = Deployment::new(&name, "one_of_many_in_test", Source::Person);
    let record = DeploymentRecord::new(deployment, 0);
    let rule = json!({ "cron": "0 0 1 1 *" });
    let schedules = (0..SCHEDULES / DEPLOYMENTS).map(|slug| ScheduleRecord {
        catchup: Catchup::All,
        ..ScheduleRecord::new(&name, format!("s{slug}"), rule.clone(), 0)
    });
    Change::Set(Box::new(record), schedules.collect())
}

/// Waits until such a statement was carried out; the steps of all that were until then.
async fn until_asked(asked: &Asked, begin: &str) -> u64 {
    let clock = Clock::real();
    let mut steps = 0;
    for _ in 0..600 {
        let more = asked.take();
        steps += more.values().sum::<u64>();
        if more.keys().any(|sql| sql.starts_with(begin)) {
            return steps;
        }
        clock.sleep(Duration::from_millis(100)).await;
    }
    panic!("`{begin}` was not asked; {steps} steps of other statements");
}

/// What is asked in a while but for the end of what was asked before.
async fn asked_in_a_while(asked: &Asked) -> Vec<String> {
    Clock::real().sleep(Duration::from_millis(300)).await;
    let more = asked.take().into_keys();
    more.filter(|sql| sql != "COMMIT").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn schedules_cost_nothing_while_idle_and_a_pause_costs_one_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let asked = Asked::in_folder(folder.path());
    let path = folder.path().join("s.db");
    let store = crate::store::sqlite::open(&path, Options::new(this_process())).unwrap();
    let flows = registry::flows().unwrap();
    let shared = Shared::new(store.clone(), Clock::fake(0), flows, None);
    let all = (0..DEPLOYMENTS).map(deployment).collect();
    assert!(store.deploy(0, all).await.unwrap());
    asked.take();
    let stop = Arc::new(Cancel::default());
    let scheduler = {
        let (shared, stop) = (shared.clone(), stop.clone());
        let fill = |_: Due| Box::pin(async { Ok(()) }) as _;
        let besides = || Box::pin(async { Ok(false) }) as _;
        tokio::spawn(async move { run(shared, &fill, &besides, &stop).await })
    };
    // The scheduler reads the schedules last.
    let all = "SELECT deployment, slug, rule";
    let first = until_asked(&asked, all).await;
    assert!(first > SCHEDULES as u64, "all are read once: {first} steps");

    for _ in 0..60 {
        shared.clock.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
    let idle = asked_in_a_while(&asked).await;
    assert!(
        idle.is_empty(),
        "in a minute without a slot is asked: {idle:?}"
    );

    let (name, slug) = ("d7".to_owned(), Some("s70".to_owned()));
    assert!(store.switch(name, slug, Some(false), 1).await.unwrap());
    shared.changed.notify_waiters();
    let changed = "SELECT revision, deployment, slug FROM deployed_change";
    let pause = until_asked(&asked, changed).await;
    assert!(pause < 5_000, "one pause took {pause} steps");
    let more = asked_in_a_while(&asked).await;
    assert!(
        !more
            .iter()
            .any(|sql| sql.contains("FROM schedule ORDER BY")),
        "one pause reads all: {more:?}"
    );

    stop.set();
    scheduler.await.unwrap().unwrap();
}
