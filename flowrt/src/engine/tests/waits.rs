//! What waits holds no place to run, and says that it waits.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::{join, join3};

use super::{double, engine, moment, sum, waits};
use crate::__private as p;
use crate::Result;
use crate::model::state::RunState;

static HOLDS: AtomicU32 = AtomicU32::new(0);

callable!(Task (retries = 1) (delay = p::Delay::List(&[Duration::from_secs(86_400)])) waits_a_day / WaitsADay () -> u32 {
    HOLDS.fetch_add(1, Ordering::SeqCst);
    Err("tomorrow".into())
});
callable!(Program [concurrency = 1] narrow / Narrow () -> u32 {
    let waiting = join3(waits_a_day(), waits(), crate::sleep(Duration::from_secs(86_400)));
    let working = p::branch(async {
        for n in 0..10 {
            p::step(double(n)).await?;
        }
        Ok::<(), crate::Error>(())
    });
    let (_, worked) = p::step(join(waiting, working)).await;
    worked.map(|()| 0)
});

callable!(Program twins / Twins () -> Vec<u32> {
    let (one, two) = p::step(join(crate::receive::<u32>("n"), crate::receive::<u32>("n"))).await;
    let mut got = vec![one?, two?];
    got.sort_unstable();
    Ok(got)
});

#[tokio::test]
async fn retries_children_and_sleeps_hold_no_place() {
    let engine = engine().await;
    let run = engine.start(narrow()).await.expect("starts");
    loop {
        let steps = engine.journal(run.id).await.expect("reads").steps;
        if steps.iter().filter(|step| step.task == "double").count() == 10 {
            break;
        }
        tokio::task::yield_now().await;
    }
    // Only waits are left, and a person sees it.
    while engine.record(run.id).await.expect("reads").state != RunState::Waiting {
        moment(1).await;
    }
    assert_eq!(HOLDS.load(Ordering::SeqCst), 1);
    engine.cancel(run.id).await.expect("is accepted");
    assert_eq!(run.wait().await.expect("ends").state, RunState::Cancelled);
}

#[tokio::test]
async fn a_run_that_goes_on_after_a_wait_is_running_again() {
    let engine = engine().await;
    let run = engine.start(waits()).await.expect("starts");
    while engine.record(run.id).await.expect("reads").state != RunState::Waiting {
        moment(1).await;
    }
    engine
        .signal(run.id, "answer", &serde_json::json!("go"))
        .await
        .expect("is accepted");
    assert_eq!(run.wait().await.expect("ends").state, RunState::Completed);
}

#[tokio::test]
async fn two_steps_that_wait_for_one_name_get_a_signal_each() {
    let engine = engine().await;
    let run = engine.start(twins()).await.expect("starts");
    for n in 1..=2 {
        let value = serde_json::json!(n);
        engine
            .signal(run.id, "n", &value)
            .await
            .expect("is accepted");
    }
    let record = run.wait().await.expect("ends");
    assert_eq!(record.output.as_deref(), Some("[1,2]"));
}

#[tokio::test(flavor = "current_thread")]
async fn a_chain_leaves_the_thread_to_others() {
    let engine = engine().await;
    let run = engine.start(sum(900_000)).await.expect("starts");
    while engine
        .journal(run.id)
        .await
        .expect("reads")
        .steps
        .is_empty()
    {
        tokio::task::yield_now().await;
    }
    engine.cancel(run.id).await.expect("is accepted");
    let id = run.id;
    assert_eq!(run.wait().await.expect("ends").state, RunState::Cancelled);
    assert!(engine.journal(id).await.expect("reads").steps.len() < 900_000);
}
