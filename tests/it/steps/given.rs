//! `now()`, `uuid()` and `random()`: the same in every replay, with an identity per node in a DAG.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use flowrt::model::state::RunState;
use flowrt::prelude::*;
use tokio::sync::Notify;

use super::crash::{crashed, journal, resumed, store};

static OPEN: AtomicBool = AtomicBool::new(false);
static NEVER: Notify = Notify::const_new();

type Given = Vec<String>;

#[task]
async fn given_kept(given: Given) -> Result<Given> {
    Ok(given)
}

#[task]
async fn given_late(first: Given, second: Given) -> Result<bool> {
    if !OPEN.load(SeqCst) {
        NEVER.notified().await;
    }
    assert_ne!(first, second);
    Ok(true)
}

fn all() -> Given {
    vec![
        now().to_string(),
        uuid().to_string(),
        random::<u64>().to_string(),
        random::<f64>().to_string(),
    ]
}

#[flow]
async fn given_program() -> Result<Vec<Given>> {
    let mut drawn = vec![all()];
    let recorded = given_kept(all()).await?;
    drawn.push(recorded);
    let items = map(0..3, |_| given_kept(all())).await?;
    drawn.extend(items);
    drawn.push(all());
    given_late(drawn[0].clone(), drawn[1].clone()).await?;
    Ok(drawn)
}

#[flow]
fn given_dag() -> Result<Vec<Given>> {
    let first = { all() };
    let second = { all() };
    let recorded = given_kept(all());
    let late = given_late(first.clone(), second.clone());
    let last = given_kept(all()).named("last").after(late);
    { vec![first, second, recorded, last] }
}

/// What the run gave before the crash can be seen in the inputs of its steps.
async fn survives<M>(call: flowrt::TaskCall<M>, calls: usize)
where
    M: flowrt::__private::Callable,
    flowrt::TaskCall<M>: Send,
{
    OPEN.store(false, SeqCst);
    let store = store();
    let run = crashed(&store, call, move |journal| {
        journal
            .steps
            .iter()
            .filter(|step| step.task == "given_kept")
            .count()
            == calls
    })
    .await;
    let before = journal(&store, run).await;
    OPEN.store(true, SeqCst);
    let record = resumed(&store, run).await;
    assert_eq!(record.state, RunState::Completed, "{:?}", record.error);
    let drawn: Vec<Given> =
        flowrt::__private::decode(&record.output.expect("completed")).expect("fits");
    for (index, one) in drawn.iter().enumerate() {
        assert!(
            !drawn[..index]
                .iter()
                .any(|other| other[1..] == one[1..] || other[1] == one[1])
        );
    }
    for step in before.steps.iter().filter(|step| step.task == "given_kept") {
        let kept: Given =
            flowrt::__private::decode(step.output.as_ref().expect("kept")).expect("fits");
        assert!(drawn.contains(&kept), "{} gave {kept:?}", step.step);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_survives_a_crash() {
    survives(given_program(), 4).await;
    survives(given_dag(), 1).await;
}

#[test]
fn outside_of_a_run_each_is_another() {
    assert_ne!(uuid(), uuid());
    assert_ne!(random::<u128>(), random::<u128>());
}
