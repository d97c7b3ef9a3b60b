//! Runs that were let in under a limit of runs, and come back after they stopped in the middle.

use std::time::Duration;

use serde_json::json;

use super::{engine, moment};
use crate::__private as p;
use crate::Result;
use crate::config::Config;
use crate::model::deployment::{Deployment, DeploymentRecord, RunLimit, RunWhenFull, Source};
use crate::model::dispatch::Dispatch;
use crate::model::ids::RunId;
use crate::model::state::RunState;
use crate::ops::{Engine, RunHandle, Start, Work};
use crate::store::deployments::Change;

callable!(Program listens / Listens () -> String { p::step(crate::receive::<String>("answer")).await });
callable!(Program [max_runs = Some(1)] [when_full = crate::author::meta::WhenFull::Skip] alone / Alone () -> String {
    p::step(crate::receive::<String>("answer")).await
});

/// They are started by their names.
const _: fn() -> crate::TaskCall<Listens> = listens;
const _: fn() -> crate::TaskCall<Alone> = alone;

async fn deploy(engine: &Engine, when_full: RunWhenFull) {
    let limit = RunLimit {
        count: 1,
        when_full,
    };
    let deployment = Deployment {
        limit: Some(limit),
        ..Deployment::new("nightly", "listens", Source::File)
    };
    let record = DeploymentRecord::new(deployment, 0);
    let changes = vec![Change::Set(Box::new(record), Vec::new())];
    let deployed = engine.store().deploy(0, changes).await;
    assert!(deployed.expect("the store answers"));
}

fn of_deployment() -> Dispatch {
    Dispatch {
        deployment: Some("nightly".to_owned()),
        ..Dispatch::default()
    }
}

async fn start(engine: &Engine, flow: &str, dispatch: Dispatch) -> RunHandle {
    let start = Start {
        dispatch,
        ..Start::default()
    };
    let started = engine.start_with(flow, &json!({}), start).await;
    started.expect("starts")
}

/// Looks until it holds of the run; the last look is told if it never does.
async fn until(
    engine: &Engine,
    run: RunId,
    what: &str,
    holds: impl AsyncFn(&Engine, RunId) -> bool,
) {
    let watch = crate::clock::Stopwatch::start();
    while !holds(engine, run).await {
        if watch.elapsed() > Duration::from_secs(60) {
            let record = engine.record(run).await.expect("reads");
            panic!("{what}: {record:?}");
        }
        moment(1).await;
    }
}

/// Its flow is under way: it waits for its signal.
async fn listens_now(engine: &Engine, run: RunId) -> bool {
    let record = engine.record(run).await.expect("reads");
    let waits = engine.journal(run).await.expect("reads").waits;
    record.owner.is_some()
        && waits.iter().any(|wait| wait.kind == "signal")
        && !queues(engine, run).await
}

async fn queues(engine: &Engine, run: RunId) -> bool {
    let buckets = engine.store().buckets(None).await.expect("reads");
    let mut waiting = buckets.iter().flat_map(|bucket| bucket.waiting());
    waiting.any(|ticket| ticket.run == run)
}

async fn answer(engine: &Engine, run: RunHandle) {
    let id = run.id;
    let sent = engine.signal(id, "answer", &json!("yes")).await;
    sent.expect("is accepted");
    assert_eq!(run.wait().await.expect("ends").state, RunState::Completed);
}

/// The first is let in and stops, the second takes its place, and the first comes back.
async fn comes_back(engine: &Engine, flow: &str, dispatch: &Dispatch) {
    let first = start(engine, flow, dispatch.clone()).await;
    let id = first.id;
    until(engine, id, "it is let in", listens_now).await;
    first.interrupt();
    let stopped = first.wait().await.expect("stops").state;
    assert_eq!(stopped, RunState::Interrupted);
    let second = start(engine, flow, dispatch.clone()).await;
    until(engine, second.id, "it takes the place", listens_now).await;
    let first = engine.resume(id).await.expect("resumes");
    until(engine, id, "it waits for its next place", queues).await;
    let record = engine.record(id).await.expect("reads");
    assert_eq!(record.state, RunState::Waiting, "{:?}", record.error);
    answer(engine, second).await;
    answer(engine, first).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_let_in_is_no_new_arrival_of_its_deployment() {
    for when_full in [
        RunWhenFull::Queue,
        RunWhenFull::Skip,
        RunWhenFull::CancelNew,
        RunWhenFull::CancelPrevious,
    ] {
        let engine = engine().await;
        deploy(&engine, when_full).await;
        comes_back(&engine, "listens", &of_deployment()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_of_a_flow_that_bounds_its_runs() {
    comes_back(&engine().await, "alone", &Dispatch::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_comes_before_those_that_were_never_let_in() {
    let engine = engine().await;
    deploy(&engine, RunWhenFull::Queue).await;
    let first = start(&engine, "listens", of_deployment()).await;
    let id = first.id;
    until(&engine, id, "it is let in", listens_now).await;
    first.interrupt();
    first.wait().await.expect("stops");
    let second = start(&engine, "listens", of_deployment()).await;
    until(&engine, second.id, "it takes the place", listens_now).await;
    let third = start(&engine, "listens", of_deployment()).await;
    until(&engine, third.id, "it queues", queues).await;
    let first = engine.resume(id).await.expect("resumes");
    until(&engine, id, "it queues", queues).await;
    answer(&engine, second).await;
    until(&engine, id, "it is next", listens_now).await;
    assert!(queues(&engine, third.id).await, "the third came before it");
    answer(&engine, first).await;
    answer(&engine, third).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_resumed_after_its_end_waits_for_a_place_too() {
    let engine = engine().await;
    deploy(&engine, RunWhenFull::CancelNew).await;
    let first = start(&engine, "listens", of_deployment()).await;
    let id = first.id;
    until(&engine, id, "it is let in", listens_now).await;
    engine.cancel(id).await.expect("is accepted");
    first.wait().await.expect("ends");
    let second = start(&engine, "listens", of_deployment()).await;
    until(&engine, second.id, "it takes the place", listens_now).await;
    let first = engine.resume(id).await.expect("resumes");
    until(&engine, id, "it waits for a place", queues).await;
    answer(&engine, second).await;
    answer(&engine, first).await;
}

/// The worker has one seat, and two of its runs wait: one for its place, the other in it.
#[tokio::test(flavor = "multi_thread")]
async fn those_that_wait_for_a_place_keep_no_others_from_going_on() {
    let engine = engine().await;
    deploy(&engine, RunWhenFull::Queue).await;
    let outside = start(&engine, "listens", of_deployment()).await;
    until(&engine, outside.id, "it takes the place", listens_now).await;
    let worker = engine.clone();
    let work = Work {
        concurrency: 1,
        ..Work::default()
    };
    tokio::spawn(async move {
        let _ = worker.work(work, std::future::pending()).await;
    });
    let left = async |deployment: Option<&str>| {
        let start = Start {
            dispatch: Dispatch {
                deployment: deployment.map(str::to_owned),
                ..Dispatch::to_queue("default")
            },
            ..Start::default()
        };
        let left = engine.enqueue("listens", &json!({}), start).await;
        left.expect("is accepted").id
    };
    let waits = left(Some("nightly")).await;
    until(&engine, waits, "it waits for a place", queues).await;
    let beside = left(Some("nightly")).await;
    until(&engine, beside, "it waits for a place, too", queues).await;
    answer(&engine, outside).await;
    until(&engine, waits, "it takes the place", listens_now).await;
    let free = left(None).await;
    until(&engine, free, "it goes on beside", listens_now).await;
    assert!(queues(&engine, beside).await);
}

/// The second begins to wait after the first, so that the first would have rested before it.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_has_a_place_of_its_deployment_does_not_rest() {
    let engine = engine().await;
    let mut config = Config::default();
    config.worker.rest_after = Duration::from_millis(1);
    engine.shared().settings.apply(&config);
    deploy(&engine, RunWhenFull::Skip).await;
    let worker = engine.clone();
    tokio::spawn(async move {
        let _ = worker.work(Work::default(), std::future::pending()).await;
    });
    let left = async |deployment: Option<&str>| {
        let dispatch = Dispatch {
            deployment: deployment.map(str::to_owned),
            ..Dispatch::to_queue("default")
        };
        let start = Start {
            dispatch,
            ..Start::default()
        };
        let left = engine.enqueue("listens", &json!({}), start).await;
        left.expect("is accepted").id
    };
    let has_place = left(Some("nightly")).await;
    until(&engine, has_place, "it waits", listens_now).await;
    let has_none = left(None).await;
    until(&engine, has_none, "it rests", async |engine, run| {
        let record = engine.record(run).await.expect("reads");
        record.state == RunState::Waiting && record.owner.is_none()
    })
    .await;
    let record = engine.record(has_place).await.expect("reads");
    assert!(record.owner.is_some(), "{record:?}");
    let next = left(Some("nightly")).await;
    until(&engine, next, "it finds no room", async |engine, run| {
        engine.record(run).await.expect("reads").state == RunState::Skipped
    })
    .await;
}
