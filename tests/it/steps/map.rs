//! `map`: identity, bounds, failures, tolerance, crash and resume.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use flowrt::ErrorKind;
use flowrt::model::record::Journal;
use flowrt::model::state::{RunState, TaskState};
use flowrt::prelude::*;
use tokio::sync::Notify;

use super::crash::{crashed, journal, resumed, store};

#[task]
async fn map_twice(n: u32) -> Result<u32> {
    Ok(n * 2)
}

#[task]
async fn map_even_only(n: u32) -> Result<u32> {
    if n % 2 == 1 {
        return Err(format!("{n} is odd").into());
    }
    Ok(n)
}

#[flow]
async fn map_all_twice(upto: u32) -> Result<Vec<u32>> {
    map(0..upto, map_twice).await
}

#[flow]
fn map_all_twice_dag(upto: u32) -> Result<u32> {
    let by = upto;
    let all = map(0..upto, |n| map_twice(n + by)).concurrency(3);
    let again = map(all.iter().copied(), |n| map_twice(n)).named("again");
    { again.iter().sum::<u32>() + all.iter().sum::<u32>() }
}

#[flow]
async fn map_named_items(regions: Vec<String>) -> Result<Vec<u32>> {
    let first = map(0..2, map_twice).await?;
    let second = map(regions.iter(), |region| {
        map_twice(u32::try_from(region.len()).unwrap_or(0))
    })
    .key(|region| (*region).clone())
    .label(|region| format!("region {region}"))
    .await?;
    let blocks = map(second.clone(), |n| async move {
        let n = map_twice(n).await?;
        map_twice(n).await
    })
    .await?;
    Ok([first, second, blocks].concat())
}

async fn ended<M: flowrt::__private::Callable>(
    call: flowrt::TaskCall<M>,
) -> (flowrt::model::record::RunRecord, Journal) {
    let engine = Engine::open("memory:").await.expect("opens");
    let handle = engine.start(call).await.expect("starts");
    let id = handle.id;
    let run = handle.wait().await.expect("the store works");
    let journal = engine.journal(id).await.expect("reads");
    (run, journal)
}

fn steps(journal: &Journal) -> BTreeSet<&str> {
    journal
        .steps
        .iter()
        .map(|step| step.step.as_str())
        .collect()
}

#[task]
async fn map_inside() -> Result<usize> {
    let values = map(0..200, map_twice).concurrency(9).await?;
    assert_eq!(values, (0..200).map(|n| n * 2).collect::<Vec<_>>());
    let none: Vec<u32> = map(Vec::new(), map_twice).await?;
    Ok(values.len() + none.len())
}

#[flow]
async fn map_in_a_task() -> Result<usize> {
    map_inside().await
}

#[tokio::test]
async fn inside_a_task_it_just_runs() {
    let (run, journal) = ended(map_in_a_task()).await;
    assert_eq!(run.output.as_deref(), Some("200"), "{:?}", run.error);
    assert_eq!(steps(&journal), BTreeSet::from(["map_inside"]));
}

#[tokio::test]
async fn in_a_dag_items_depend_on_what_their_closure_uses() {
    let (run, journal) = ended(map_all_twice_dag(3)).await;
    assert_eq!(run.output.as_deref(), Some("72"), "{:?}", run.error);
    assert_eq!(
        steps(&journal),
        BTreeSet::from([
            "map_twice[0]",
            "map_twice[1]",
            "map_twice[2]",
            "again[0]",
            "again[1]",
            "again[2]"
        ])
    );
}

#[tokio::test]
async fn items_are_known_by_index_or_key_and_count_among_the_calls_of_their_task() {
    let regions = ["eu", "us", "eu"].map(str::to_owned).to_vec();
    let (run, journal) = ended(map_named_items(regions)).await;
    assert_eq!(run.output.as_deref(), Some("[0,2,4,4,4,16,16,16]"));
    let expected = [
        "map_twice[0]",
        "map_twice[1]",
        "map_twice#2[eu]",
        "map_twice#2[us]",
        "map_twice#2[eu#2]",
        "map[0]/map_twice",
        "map[0]/map_twice#2",
        "map[1]/map_twice",
        "map[1]/map_twice#2",
        "map[2]/map_twice",
        "map[2]/map_twice#2",
    ];
    assert_eq!(steps(&journal), BTreeSet::from(expected));
}

#[flow]
async fn map_odd_fails(upto: u32) -> Result<Vec<u32>> {
    map(0..upto, map_even_only)
        .label(|n| format!("number {n}"))
        .await
}

#[flow(fail_fast)]
fn map_odd_fails_fast(upto: u32) -> Result<Vec<u32>> {
    map(0..upto, |n| map_even_only(n)).concurrency(1)
}

#[tokio::test]
async fn all_items_run_and_the_first_failure_in_their_order_is_the_maps() {
    let (run, journal) = ended(map_odd_fails(6)).await;
    assert_eq!(run.state, RunState::Failed);
    let error = run.error.as_deref().expect("failed").to_owned();
    assert!(
        error.contains("3 of 6 items failed, the first of them `number 1`")
            && error.contains("1 is odd"),
        "{error}"
    );
    assert!(error.contains("map_even_only[1]"), "{error}");
    assert_eq!(journal.steps.len(), 6);
    let (run, journal) = ended(map_odd_fails_fast(6)).await;
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(
        steps(&journal),
        BTreeSet::from(["map_even_only[0]", "map_even_only[1]"])
    );
}

#[flow]
async fn map_shares(share: f64) -> Result<usize> {
    let all = map(0..10, map_even_only).tolerate(share).await?;
    assert!(all[1].is_err() && all[2].is_ok());
    Ok(all.len())
}

#[flow]
fn map_shares_dag(upto: u32) -> Result<usize> {
    let all = map(0..upto, map_even_only).tolerate(0.5);
    { all.iter().filter(|one| one.is_ok()).count() }
}

#[tokio::test]
async fn a_share_of_failures_may_be_tolerated() {
    let (run, journal) = ended(map_shares(0.5)).await;
    assert_eq!(
        (run.state, run.output.as_deref()),
        (RunState::Completed, Some("10"))
    );
    assert!(
        journal
            .steps
            .iter()
            .all(|step| step.tolerated == step.state.is_failure())
    );
    let (run, journal) = ended(map_shares(0.4)).await;
    assert_eq!(run.state, RunState::Failed);
    assert!(journal.steps.iter().all(|step| !step.tolerated));
    let (run, _) = ended(map_shares(1.5)).await;
    assert!(run.error.expect("failed").contains("between 0.0 and 1.0"));
    let (run, _) = ended(map_shares_dag(5)).await;
    assert_eq!(run.output.as_deref(), Some("3"));
}

static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[task]
async fn map_counted(n: u32) -> Result<u32> {
    MOST.fetch_max(UNDER_WAY.fetch_add(1, SeqCst) + 1, SeqCst);
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    UNDER_WAY.fetch_sub(1, SeqCst);
    Ok(n)
}

#[flow]
async fn map_bounded() -> Result<usize> {
    Ok(map(0..200, map_counted).concurrency(7).await?.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrency_bounds_the_items_under_way() {
    let (run, _) = ended(map_bounded()).await;
    assert_eq!(run.output.as_deref(), Some("200"));
    let most = MOST.load(SeqCst);
    assert!((2..=7).contains(&most), "{most} at a time");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_items_are_no_matter() {
    let (run, journal) = ended(map_all_twice(20_000)).await;
    assert_eq!(run.state, RunState::Completed);
    assert_eq!(journal.steps.len(), 20_000);
}

static OPEN: AtomicBool = AtomicBool::new(false);
static WAITING: Notify = Notify::const_new();
static BODIES: Mutex<Vec<u32>> = Mutex::new(Vec::new());

#[task]
async fn map_held(n: u32) -> Result<u32> {
    BODIES.lock().expect("no panic").push(n);
    if n % 3 == 2 && !OPEN.load(SeqCst) {
        WAITING.notified().await;
    }
    Ok(n)
}

#[flow]
async fn map_held_items() -> Result<u32> {
    let all = map(0..30, map_held).concurrency(20).await?;
    Ok(all.iter().sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_fan_out_goes_on_with_the_items_it_lacks() {
    let store = store();
    // Items 2, 5, … hold their places, so 20 items under way end with the first 30 minus those that hold.
    let run = crashed(&store, map_held_items(), |journal| {
        journal.steps.len() == 20
    })
    .await;
    assert_eq!(journal(&store, run).await.steps.len(), 20);
    OPEN.store(true, SeqCst);
    BODIES.lock().expect("no panic").clear();
    let record = resumed(&store, run).await;
    assert_eq!(
        (record.state, record.output.as_deref()),
        (RunState::Completed, Some("435"))
    );
    let mut again = BODIES.lock().expect("no panic").clone();
    again.sort_unstable();
    assert_eq!(again, (0..30).filter(|n| n % 3 == 2).collect::<Vec<_>>());
    let steps = journal(&store, run).await.steps;
    assert!(steps.iter().all(|step| step.state == TaskState::Completed));
    assert_eq!(steps.len(), 30);
}

#[task]
async fn map_keeps_index(n: u32) -> Result<u32> {
    Ok(n)
}

#[flow]
async fn map_two_calls() -> Result<Vec<u32>> {
    map(0..2, |n| {
        let _other = map_keeps_index(n);
        map_twice(n)
    })
    .await
}

#[tokio::test]
async fn an_item_is_one_call() {
    let error = Engine::open("memory:")
        .await
        .expect("opens")
        .run(map_two_calls())
        .await
        .expect_err("fails");
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.to_string().contains("more than one call"), "{error}");
}

static ODD_IS_FINE: AtomicBool = AtomicBool::new(false);

#[task]
async fn map_picky(n: u32) -> Result<u32> {
    BODIES_OF_PICKY.fetch_add(1, SeqCst);
    if n % 2 == 1 && !ODD_IS_FINE.load(SeqCst) {
        return Err("odd".into());
    }
    Ok(n)
}

static BODIES_OF_PICKY: AtomicUsize = AtomicUsize::new(0);

#[flow]
fn map_picky_items(upto: u32) -> Result<u32> {
    let all = map(0..upto, |n| map_picky(n));
    { all.iter().sum() }
}

#[tokio::test]
async fn a_resume_redoes_only_the_failed_items() {
    let engine = Engine::open("memory:").await.expect("opens");
    let handle = engine.start(map_picky_items(1000)).await.expect("starts");
    let id = handle.id;
    assert_eq!(handle.wait().await.expect("ends").state, RunState::Failed);
    assert_eq!(BODIES_OF_PICKY.swap(0, SeqCst), 1000);
    ODD_IS_FINE.store(true, SeqCst);
    let record = engine
        .resume(id)
        .await
        .expect("resumes")
        .wait()
        .await
        .expect("ends");
    assert_eq!(record.output.as_deref(), Some("499500"));
    assert_eq!(BODIES_OF_PICKY.load(SeqCst), 500);
}

#[flow]
fn map_over_flows(upto: u32) -> Result<usize> {
    let runs = map(1..upto, |n| map_all_twice(n)).key(|n| n * 10);
    let mixed = map(0..upto, |n| {
        if n % 2 == 0 {
            map_twice(n).boxed()
        } else {
            map_even_only(n + 1).boxed()
        }
    });
    { runs.concat().len() + mixed.len() }
}

#[tokio::test]
async fn items_may_be_runs_of_their_own_or_calls_of_different_tasks() {
    let (run, journal) = ended(map_over_flows(3)).await;
    assert_eq!(run.output.as_deref(), Some("6"), "{:?}", run.error);
    assert_eq!(
        steps(&journal),
        BTreeSet::from([
            "map_all_twice[10]",
            "map_all_twice[20]",
            "map_twice[0]",
            "map_twice[1]",
            "map_twice[2]"
        ])
    );
}

static WIDTH: AtomicUsize = AtomicUsize::new(40);

#[task]
async fn map_late_first(n: u32) -> Result<u32> {
    if n < 39 && WIDTH.load(SeqCst) == 40 {
        WAITING.notified().await;
    }
    Ok(n)
}

#[flow]
async fn map_narrower() -> Result<u32> {
    let all = map(0..60, map_late_first)
        .concurrency(WIDTH.load(SeqCst))
        .await?;
    Ok(all.iter().sum())
}

/// The record holds item 39 first, which a narrower map would not have built yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_under_a_lower_concurrency() {
    let store = store();
    let run = crashed(&store, map_narrower(), |journal| journal.steps.len() == 21).await;
    WIDTH.store(2, SeqCst);
    let record = resumed(&store, run).await;
    assert_eq!(record.output.as_deref(), Some("1770"), "{:?}", record.error);
    let steps = journal(&store, run).await.steps;
    assert_eq!(
        (steps[0].step.as_str(), steps.len()),
        ("map_late_first[39]", 60)
    );
}

static WIDE_OPEN: AtomicBool = AtomicBool::new(false);
static WIDE_BODIES: AtomicUsize = AtomicUsize::new(0);

#[task]
async fn map_wide_item(n: u32) -> Result<u32> {
    WIDE_BODIES.fetch_add(1, SeqCst);
    Ok(n)
}

#[task]
async fn map_wide_end(n: u32) -> Result<u32> {
    if !WIDE_OPEN.load(SeqCst) {
        WAITING.notified().await;
    }
    Ok(n)
}

#[flow]
async fn map_wide() -> Result<u32> {
    let all = map(0..20_000, map_wide_item).await?;
    map_wide_end(u32::try_from(all.len()).unwrap_or(0)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_replay_of_a_wide_map_runs_nothing_again() {
    let store = store();
    let run = crashed(&store, map_wide(), |_| WIDE_BODIES.load(SeqCst) == 20_000).await;
    let recorded = journal(&store, run).await.steps.len();
    WIDE_OPEN.store(true, SeqCst);
    let record = resumed(&store, run).await;
    assert_eq!(
        record.output.as_deref(),
        Some("20000"),
        "{:?}",
        record.error
    );
    let bodies = WIDE_BODIES.load(SeqCst);
    assert_eq!(bodies, 40_000 - recorded, "{recorded} were recorded");
}
