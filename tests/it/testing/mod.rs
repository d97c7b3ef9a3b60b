//! `flowrt::testing` as somebody uses it who tests flows: DAGs and programs, mocks, time, signals, crashes.

mod every_step;

use std::sync::atomic::{AtomicU32, Ordering};

use flowrt::ErrorKind;
use flowrt::prelude::*;
use flowrt::testing::Engine;

/// An offer.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Offer {
    region: String,
    price: u32,
}

#[task(retries = 2, backoff = "1m..1h", jitter = 0.2)]
async fn fetch_offer(region: String) -> Result<Offer> {
    Err(format!("{region} is far away").into())
}

#[task]
fn cheapest_offer(one: Offer, other: Offer) -> Offer {
    if one.price <= other.price { one } else { other }
}

#[task]
async fn tell_people(text: String) -> Result<()> {
    Err(format!("nobody hears {text}").into())
}

#[task]
async fn tidy_up_offers() -> Result<()> {
    Ok(())
}

#[flow]
fn compare_offers(regions: (String, String)) -> Result<u32> {
    let one = fetch_offer(regions.0.clone());
    let other = fetch_offer(regions.1.clone());
    let best = cheapest_offer(one, other);
    let told = tell_people(best.region.clone()).attempt();
    tidy_up_offers().after(told).on(Trigger::AllDone);
    best.price
}

#[flow(timeout = "1h")]
async fn too_slow_run() -> Result<u32> {
    sleep(Duration::from_secs(2 * 3600)).await;
    Ok(1)
}

#[flow]
async fn many_offers(n: u32) -> Result<u32> {
    let offers = map(0..n, |n| fetch_offer(n.to_string())).await?;
    Ok(offers.iter().map(|offer| offer.price).sum())
}

#[flow]
async fn decide_twice() -> Result<String> {
    let first: String = receive("first").await?;
    let second: u32 = receive("second").await?;
    Ok(format!("{first} {second}"))
}

fn regions() -> (String, String) {
    ("eu".to_owned(), "asia".to_owned())
}

fn priced(region: String) -> Offer {
    let price = u32::try_from(region.len()).unwrap_or(0);
    Offer { region, price }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dag_runs_on_mocks_and_what_it_handled_stays_handled() {
    let engine = Engine::new();
    let fetched = engine.mock(fetch_offer, |(region,)| Ok(priced(region)));
    let tidied = engine.spy(tidy_up_offers);
    let told = engine.spy(tell_people);
    assert_eq!(engine.run(compare_offers(regions())).await.unwrap(), 2);
    let mut asked = fetched.inputs();
    asked.sort();
    assert_eq!(asked, [("asia".to_owned(),), ("eu".to_owned(),)]);
    assert_eq!(told.inputs(), [("eu".to_owned(),)]);
    assert_eq!(tidied.count(), 1);
}

#[tokio::test]
async fn nothing_downstream_begins_when_a_mock_fails() {
    let engine = Engine::new();
    let _fetched = engine.mock(fetch_offer, |_| Err(Error::fatal("gone")));
    let compared = engine.spy(cheapest_offer);
    let failed = engine.run(compare_offers(regions())).await.unwrap_err();
    assert_eq!(
        (failed.message(), failed.kind()),
        ("gone", ErrorKind::Fatal)
    );
    assert_eq!(compared.count(), 0);
}

#[tokio::test]
async fn a_runs_own_timeout_comes_in_no_time() {
    let late = Engine::new().run(too_slow_run()).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_wide_fan_out_of_mocks_that_take_long_is_over_at_once() {
    let engine = Engine::new();
    let before = engine.now();
    let fetched = engine
        .mock(fetch_offer, |(region,)| Ok(priced(region)))
        .takes(Duration::from_secs(60));
    assert_eq!(
        engine.run(many_offers(640)).await.unwrap(),
        10 + 180 + 540 * 3
    );
    assert_eq!(fetched.count(), 640);
    // 64 at a time, a minute each.
    assert_eq!(engine.now().as_second() - before.as_second(), 600);
}

#[tokio::test]
async fn signals_may_come_before_or_while_they_are_waited_for() {
    let engine = Engine::new();
    let run = engine.start(decide_twice()).await.unwrap();
    engine.signal(run.id, "second", &7).await.unwrap();
    engine.settle().await;
    run.signal("first", &"yes").await.unwrap();
    assert_eq!(run.wait().await.unwrap(), "yes 7");
}

#[tokio::test]
async fn a_cancelled_run_says_so() {
    let engine = Engine::new();
    let run = engine.start(decide_twice()).await.unwrap();
    engine.settle().await;
    run.cancel().await.unwrap();
    assert_eq!(run.wait().await.unwrap_err().kind(), ErrorKind::Cancelled);
}

static CALLS: AtomicU32 = AtomicU32::new(0);

#[task]
async fn counted_by_itself() -> Result<u32> {
    Ok(CALLS.fetch_add(1, Ordering::SeqCst) + 1)
}

/// Other tests of this process open engines that do count, so this one has a process of its own.
#[test]
fn beside_an_engine_of_a_test_a_task_still_runs_by_itself() {
    let own = std::env::current_exe().expect("a test has a path");
    let alone = std::process::Command::new(own)
        .args(["--exact", "testing::alone", "--ignored"])
        .output()
        .expect("the test runs");
    let said = String::from_utf8_lossy(&alone.stdout);
    assert!(
        alone.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

#[tokio::test]
#[ignore = "run by the test above, alone in its process"]
async fn alone() {
    let _engine = Engine::new();
    let body = tokio::spawn(async { counted_by_itself().await });
    assert_eq!(body.await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn a_dag_survives_a_crash_at_every_write() {
    let engine = Engine::new();
    let _fetched = engine.mock(fetch_offer, |(region,)| Ok(priced(region)));
    let sweep = engine
        .crash_everywhere(|| compare_offers(regions()))
        .await
        .unwrap();
    assert_eq!(sweep.value, 2);
    assert!(sweep.crashes >= 10, "{}", sweep.crashes);
    assert!(sweep.most_begun(fetch_offer) <= 2);
}

#[tokio::test]
async fn a_run_that_failed_is_resumed_with_another_mock() {
    let engine = Engine::new();
    let _bad = engine.mock(fetch_offer, |_| Err(Error::fatal("gone")));
    let run = engine.start(many_offers(2)).await.unwrap();
    let id = run.id;
    assert!(run.wait().await.is_err());
    let good = engine.mock(fetch_offer, |(region,)| Ok(priced(region)));
    let resumed = engine.resume::<u32>(id).await.unwrap();
    assert_eq!(resumed.wait().await.unwrap(), 2);
    assert!(good.count() >= 1);
}
