use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::*;
use crate::model::state::RunState;
use crate::ops::Work;
use crate::prelude::*;

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[task]
async fn feed_step(n: u32) -> u32 {
    n + 1
}

#[flow]
async fn feed_rounds(n: u32) -> Result<u32> {
    let next = feed_step(n).await?;
    if next < 3 {
        return continue_with(feed_rounds(next)).await;
    }
    Ok(next)
}

#[flow]
async fn feed_steps() -> Result<u32> {
    let mut n = 0;
    for _ in 0..5 {
        n = feed_step(n).await?;
    }
    Ok(n)
}

/// All events of a run, from its start until the stream ends.
async fn all(engine: &Engine, run: RunId, meanwhile: impl Future<Output = ()>) -> Vec<Value> {
    let feeds = Arc::new(Feeds::default());
    let events = feeds.watch(engine, Some(run), None).await;
    let events = events.map(|event| serde_json::from_str(&event.data).unwrap());
    let told = async { tokio::join!(events.collect::<Vec<_>>(), meanwhile).0 };
    let told = tokio::time::timeout(PATIENCE, told).await;
    told.expect("the stream ends with the run")
}

fn kinds(events: &[Value]) -> Vec<&str> {
    let kind = |event: &'static str, value: &Value| value["event"] == event;
    let name = |value: &Value| {
        ["run_started", "started", "ended", "run_ended"]
            .into_iter()
            .find(|name| kind(name, value))
            .unwrap_or("other")
    };
    events.iter().map(name).collect()
}

async fn waiting_in_the_queue(engine: &Engine, flow: &str, input: &Value) -> RunId {
    let run = engine.enqueue(flow, input, Default::default()).await;
    run.unwrap().id
}

async fn cancelled_before_anybody_took_it(url: &str) {
    let engine = Engine::open(url).await.unwrap();
    let run = waiting_in_the_queue(&engine, "feed_steps", &json!({})).await;
    let told = all(&engine, run, async {
        // By then the feed waits for a word, unless this machine is slow.
        Clock::real().sleep(3 * LOOK).await;
        engine.cancel(run).await.unwrap();
    });
    assert_eq!(kinds(&told.await), ["run_started", "run_ended"], "{url}");
}

#[tokio::test]
async fn what_this_process_does_without_a_word_is_told() {
    cancelled_before_anybody_took_it("memory:").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("f.db");
    cancelled_before_anybody_took_it(&format!("sqlite:{}", file.display())).await;
}

#[tokio::test]
async fn a_run_is_followed_to_where_it_goes_on() {
    let engine = Engine::open("memory:").await.unwrap();
    let run = waiting_in_the_queue(&engine, "feed_rounds", &json!({ "n": 0 })).await;
    let worker = engine.clone();
    tokio::spawn(async move { worker.work(Work::default(), std::future::pending()).await });
    let told = all(&engine, run, async {}).await;
    let ends = told.iter().filter(|event| event["event"] == "run_ended");
    let ended: Vec<&Value> = ends.map(|event| &event["run_id"]).collect();
    let chain = [run, run.successor(), run.successor().successor()];
    assert_eq!(
        ended,
        chain.map(|run| json!(run)).iter().collect::<Vec<_>>()
    );
    assert_eq!(kinds(&told).last(), Some(&"run_ended"), "{told:?}");
}

#[tokio::test]
async fn what_has_ended_when_it_is_looked_at_is_told_in_its_order() {
    let engine = Engine::open("memory:").await.unwrap();
    let mut live = engine.all_events();
    let started = engine.start(feed_steps()).await.unwrap();
    let run = started.id;
    assert_eq!(started.wait().await.unwrap().state, RunState::Completed);
    let feed = Feed::new();
    let mut teller = Teller::Run(Box::new(Retold::new(run)), Vec::new());
    assert!(teller.more(&feed, &engine, &mut live).await.unwrap());
    let told = feed.lock().events.clone();
    let told: Vec<Value> = told
        .iter()
        .map(|event| serde_json::from_str(&event.data).unwrap())
        .collect();
    let mut wanted = vec!["run_started"];
    wanted.extend(["started"; 5]);
    wanted.extend(["ended"; 5]);
    wanted.push("run_ended");
    assert_eq!(kinds(&told), wanted);
}
