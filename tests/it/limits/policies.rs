use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;

use flowrt::model::state::RunState;
use flowrt::prelude::*;
use futures_util::future::join_all;

use super::Crowd;
use crate::until::{until_it_holds, until_some};

limit!(SEAT, 1);
static SEATED: Crowd = Crowd::new();

static ALL_SEATED: AtomicBool = AtomicBool::new(false);

#[task(limit = SEAT, limit_key = of, when_full = fail)]
async fn sit_or_fail(of: String, number: u32) {
    let _ = of;
    SEATED.stay_until(number, || ALL_SEATED.load(SeqCst)).await;
}

#[task(limit = SEAT, limit_key = of, when_full = skip)]
async fn sit_or_skip(of: String, number: u32) {
    let _ = of;
    SEATED.stay_until(number, || ALL_SEATED.load(SeqCst)).await;
}

fn ending(result: Result<impl ToString>) -> String {
    result.map_or_else(
        |error| format!("{:?}", error.kind()),
        |value| value.to_string(),
    )
}

/// How each ended, in no order: calls that are made at once come as they come.
fn endings(results: Vec<Result<()>>) -> Vec<String> {
    let results = results.into_iter().map(|result| result.map(|()| "None"));
    let mut endings: Vec<String> = results.map(ending).collect();
    endings.sort();
    endings
}

#[flow]
async fn seats() -> Result<Vec<Vec<String>>> {
    let failing = join_all((0..3).map(|number| sit_or_fail("a".to_owned(), number)));
    let skipping = join_all((0..3).map(|number| sit_or_skip("b".to_owned(), number)));
    let (failing, skipping) = futures_util::join!(failing, skipping);
    Ok(vec![endings(failing), endings(skipping)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_limit_fails_or_skips_those_who_do_not_queue() -> Result<()> {
    let engine = Engine::open("memory:").await?;
    let run = engine.start(seats()).await?;
    let id = run.id;
    // Who sits stays until the others have been turned away.
    until_some(async || (engine.journal(id).await.ok()?.steps.len() == 4).then_some(())).await;
    ALL_SEATED.store(true, SeqCst);
    let ends: Vec<Vec<String>> = serde_json::from_str(&run.wait().await?.output.expect("a value"))?;
    assert_eq!(
        ends,
        [["Full", "Full", "None"], ["None", "Skipped", "Skipped"]]
    );
    Ok(())
}

static INSTEAD: Crowd = Crowd::new();

#[task(limit = SEAT, limit_key = of, when_full = cancel_previous)]
async fn sit_instead(of: String, number: u32) -> u32 {
    let _ = of;
    INSTEAD.stay_until(number, || number == 2).await;
    number
}

/// Waits until that one sits.
#[task]
async fn see_seated(number: u32) {
    until_it_holds(|| INSTEAD.order().contains(&number)).await;
}

#[flow]
async fn last_one_sits() -> Result<Vec<String>> {
    let mut calls = Vec::new();
    for number in 0..3 {
        calls.push(sit_instead("c".to_owned(), number).submit());
        see_seated(number).await?;
    }
    Ok(join_all(calls).await.into_iter().map(ending).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_call_takes_the_place_of_those_before() -> Result<()> {
    let ends = Engine::open("memory:").await?.run(last_one_sits()).await?;
    assert_eq!(ends, ["Cancelled", "Cancelled", "2"]);
    Ok(())
}

limit!(COUNTER, 1);
static SERVED: Crowd = Crowd::new();
static ALL_WAIT: AtomicBool = AtomicBool::new(false);

#[task(limit = COUNTER)]
async fn occupy() {
    SERVED.stay_until(0, || ALL_WAIT.load(SeqCst)).await;
}

/// Waits until the counter is occupied.
#[task]
async fn see_occupied() {
    until_it_holds(|| SERVED.all() > 0).await;
}

#[task(limit = COUNTER)]
async fn usual(number: u32) {
    SERVED.pass(number).await;
}

#[task(limit = COUNTER, priority = 10)]
async fn urgent(number: u32) {
    SERVED.pass(number).await;
}

#[flow]
async fn served() -> Result<()> {
    let first = occupy().submit();
    see_occupied().await?;
    let rest = [
        usual(1).submit(),
        usual(2).submit(),
        urgent(3).submit(),
        urgent(4).submit(),
    ];
    first.await?;
    for one in rest {
        one.await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_urgent_come_first() -> Result<()> {
    let engine = Engine::open("memory:").await?;
    let run = engine.start(served()).await?;
    until_some(async || {
        let report = engine.limit("COUNTER").await.ok()?;
        let waiting: usize = report
            .buckets
            .iter()
            .map(|bucket| bucket.waiting.len())
            .sum();
        (waiting == 4).then_some(())
    })
    .await;
    ALL_WAIT.store(true, SeqCst);
    assert_eq!(run.wait().await?.state, RunState::Completed);
    // Calls that are made at once come as they come.
    let mut order = SERVED.order();
    order[1..3].sort_unstable();
    order[3..].sort_unstable();
    assert_eq!(order, [0, 3, 4, 1, 2]);
    Ok(())
}
