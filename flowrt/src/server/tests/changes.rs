//! Who watches all runs is told of each change, whatever else there is.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::Value;

use crate::clock::Clock;
use crate::model::state::RunState;
use crate::ops::Work;
use crate::ops::view::RunChange;
use crate::prelude::*;
use crate::server::answer::StreamEvent;
use crate::server::changes::NEWEST;
use crate::server::feed::Feeds;

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[flow]
async fn changes_ask() -> Result<bool> {
    receive::<bool>("approve").await
}

#[flow]
async fn changes_quick() -> Result<()> {
    Ok(())
}

async fn engine() -> Engine {
    let engine = Engine::open("memory:").await.unwrap();
    let worker = engine.clone();
    tokio::spawn(async move { worker.work(Work::default(), std::future::pending()).await });
    engine
}

/// Starts the flow that waits for a person, and gives its name once it waits.
async fn asking(engine: &Engine) -> String {
    let run = engine
        .enqueue("changes_ask", &serde_json::json!({}), Default::default())
        .await
        .unwrap();
    until(engine, &run.name, RunState::Waiting).await;
    run.name
}

async fn until(engine: &Engine, name: &str, state: RunState) {
    let there = async {
        while engine.find(name).await.unwrap().state != state {
            Clock::real().sleep(Duration::from_millis(5)).await;
        }
    };
    let there = tokio::time::timeout(PATIENCE, there).await;
    there.unwrap_or_else(|_| panic!("{name} does not become {state}"));
}

async fn answer(engine: &Engine, name: &str) {
    let run = engine.find(name).await.unwrap().id;
    let yes = serde_json::json!(true);
    engine.signal(run, "approve", &yes).await.unwrap();
}

/// What is told of a run until it has that state.
async fn told(
    events: &mut (impl futures_util::Stream<Item = StreamEvent> + Unpin),
    name: &str,
    state: RunState,
) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let event = tokio::time::timeout(PATIENCE, events.next()).await;
        let event = event.unwrap_or_else(|_| panic!("{state} of {name} is not told: {all:?}"));
        let change: Value = serde_json::from_str(&event.expect("it goes on").data).unwrap();
        all.push(change.clone());
        if change["name"] == name && change["state"] == state.as_str() {
            return all;
        }
    }
}

#[tokio::test]
async fn the_first_run_of_a_store_is_told() {
    let engine = engine().await;
    let feeds = Arc::new(Feeds::default());
    let mut events = Box::pin(feeds.watch(&engine, None, None).await);
    let name = asking(&engine).await;
    told(&mut events, &name, RunState::Waiting).await;
    answer(&engine, &name).await;
    told(&mut events, &name, RunState::Completed).await;
}

#[tokio::test]
async fn the_end_of_a_run_with_many_newer_ones_is_told() {
    let engine = engine().await;
    let name = asking(&engine).await;
    for _ in 0..=NEWEST {
        engine.run(changes_quick()).await.unwrap();
    }
    let feeds = Arc::new(Feeds::default());
    let mut events = Box::pin(feeds.watch(&engine, None, None).await);
    answer(&engine, &name).await;
    let all = told(&mut events, &name, RunState::Completed).await;
    let others: Vec<_> = all.iter().filter(|run| run["name"] != *name).collect();
    assert!(others.is_empty(), "what was before is not told: {others:?}");
}

#[tokio::test]
async fn more_new_runs_than_are_looked_through_at_a_time_are_all_told() {
    let engine = engine().await;
    let mut changes = crate::server::changes::Changes::since_now(&engine)
        .await
        .unwrap();
    for _ in 0..2 * NEWEST + 7 {
        engine.run(changes_quick()).await.unwrap();
    }
    let told = changes.more(&engine).await.unwrap();
    assert_eq!(told.len(), 2 * NEWEST + 7);
    let time =
        |run: &RunChange| -> jiff::Timestamp { run.started.as_ref().unwrap().parse().unwrap() };
    assert!(
        told.is_sorted_by_key(time),
        "the oldest comes first: {told:?}"
    );
    assert_eq!(changes.more(&engine).await.unwrap(), []);
}

#[tokio::test]
async fn who_comes_later_is_told_what_happens_from_then_on() {
    let engine = engine().await;
    let feeds = Arc::new(Feeds::default());
    let mut first = Box::pin(feeds.watch(&engine, None, None).await);
    let before = asking(&engine).await;
    told(&mut first, &before, RunState::Waiting).await;
    let mut second = Box::pin(feeds.watch(&engine, None, None).await);
    answer(&engine, &before).await;
    let all = told(&mut second, &before, RunState::Completed).await;
    assert!(
        all.iter().all(|run| run["state"] != "Pending"),
        "the start was before: {all:?}"
    );
}
