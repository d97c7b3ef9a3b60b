//! A run that failed goes on with what made it fail, and with nothing else.

use flowrt::model::plan::How;
use flowrt::model::state::RunState;
use flowrt::ops::Resume;
use flowrt::prelude::*;
use futures_util::future::join_all;

use super::{act, breaks, effects, ended, engine, join, mend, said};
use crate::until::until_some;

#[flow(name = "again-diamond")]
fn diamond(key: String) -> Result<String> {
    let left = act(key.clone(), "left".to_owned()).named("left");
    let right = act(key.clone(), "right".to_owned()).named("right");
    let both = join(key.clone(), left, right);
    act(key, "cleanup".to_owned())
        .named("cleanup")
        .after(both)
        .on(Trigger::AllDone);
    both
}

#[tokio::test]
async fn a_dag_redoes_what_failed_and_what_waits_for_it() {
    let (engine, key) = (engine().await, "diamond");
    breaks(key, "right");
    let run = ended(engine.start(diamond(key.to_owned())).await).await;
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(effects(key), ["cleanup", "left", "right"]);
    mend(key);
    let (how, plan) = engine
        .plan_resume(run.id, Resume::default())
        .await
        .expect("it can be resumed");
    assert_eq!(how, How::Resume);
    assert_eq!(
        said(&plan),
        [
            "reuse left: same inputs, same text",
            "run right: failed",
            "run again-join: after right",
            "run cleanup: after again-join",
        ]
    );
    assert!(effects(key).is_empty(), "a plan does nothing");
    let again = engine.resume(run.id).await.expect("it goes on");
    assert_eq!(again.id, run.id, "it is the same run");
    let again = again.wait().await.expect("the store works");
    assert_eq!(again.state, RunState::Completed, "{:?}", again.error);
    assert_eq!(effects(key), ["cleanup", "join", "right"]);
}

#[flow(name = "again-stubborn")]
async fn stubborn(key: String) -> Result<String> {
    let tried = act(key.clone(), "optional".to_owned()).await;
    let work = act(key.clone(), "work".to_owned()).await?;
    let last = act(key, "last".to_owned()).await?;
    Ok(format!("{} {work} {last}", tried.is_ok()))
}

#[tokio::test]
async fn a_failure_that_the_flow_went_on_after_stays() {
    let (engine, key) = (engine().await, "stubborn");
    breaks(key, "optional");
    breaks(key, "last");
    let run = ended(engine.start(stubborn(key.to_owned())).await).await;
    assert_eq!(run.state, RunState::Failed);
    mend(key);
    effects(key);
    let (_, plan) = engine
        .plan_resume(run.id, Resume::default())
        .await
        .expect("it can be resumed");
    assert!(plan.and_what_follows);
    assert_eq!(
        said(&plan),
        [
            "reuse again-act: failed, and the flow went on",
            "reuse again-act#2: same inputs, same text",
            "run again-act#3: failed",
        ]
    );
    let again = engine.resume(run.id).await.expect("it goes on");
    let again = again.wait().await.expect("the store works");
    assert_eq!(
        again.output.as_deref(),
        Some("\"false work last\""),
        "{:?}",
        again.error
    );
    assert_eq!(effects(key), ["last"]);
}

#[tokio::test]
async fn a_failure_that_the_flow_went_on_after_is_retried_if_one_says_so() {
    let (engine, key) = (engine().await, "stubborn, retried");
    breaks(key, "optional");
    breaks(key, "last");
    let run = ended(engine.start(stubborn(key.to_owned())).await).await;
    mend(key);
    effects(key);
    let resume = Resume {
        retry_handled: true,
        ..Resume::default()
    };
    let again = engine
        .resume_with(run.id, resume)
        .await
        .expect("it goes on");
    let again = again.wait().await.expect("the store works");
    assert_eq!(
        again.output.as_deref(),
        Some("\"true work last\""),
        "{:?}",
        again.error
    );
    assert_eq!(effects(key), ["last", "optional"]);
}

#[flow(name = "again-tidy")]
async fn tidy(key: String) -> Result<String> {
    match act(key.clone(), "work".to_owned()).await {
        Ok(value) => Ok(value),
        Err(error) => {
            act(key, "tidy".to_owned()).await?;
            Err(error)
        }
    }
}

#[tokio::test]
async fn a_failure_that_the_run_ended_with_is_done_again_although_it_was_tidied_up() {
    let (engine, key) = (engine().await, "tidy");
    breaks(key, "work");
    let run = ended(engine.start(tidy(key.to_owned())).await).await;
    assert_eq!(effects(key), ["tidy", "work"]);
    mend(key);
    let again = engine.resume(run.id).await.expect("it goes on");
    let again = again.wait().await.expect("the store works");
    assert_eq!(again.output.as_deref(), Some("\"work\""));
    assert_eq!(effects(key), ["work"]);
}

#[flow(name = "again-branches")]
async fn branches(key: String) -> Result<u32> {
    let names = ["a", "b", "c", "d"].map(str::to_owned);
    let calls = names.map(|name| act(key.clone(), name));
    let results = join_all(calls).await;
    let failed = results.iter().filter(|result| result.is_err()).count();
    if failed > 1 {
        return Err("too many".into());
    }
    act(key, "end".to_owned()).await?;
    Ok(4)
}

#[tokio::test]
async fn failures_that_nothing_came_after_are_all_done_again() {
    let (engine, key) = (engine().await, "branches");
    breaks(key, "a");
    breaks(key, "c");
    let run = ended(engine.start(branches(key.to_owned())).await).await;
    assert_eq!(run.state, RunState::Failed);
    mend(key);
    effects(key);
    let again = engine.resume(run.id).await.expect("it goes on");
    let again = again.wait().await.expect("the store works");
    assert_eq!(again.state, RunState::Completed, "{:?}", again.error);
    assert_eq!(effects(key), ["a", "c", "end"]);
}

#[flow(name = "again-tolerant")]
fn tolerant(key: String) -> Result<bool> {
    let tried = act(key.clone(), "optional".to_owned())
        .named("optional")
        .attempt();
    let needed = act(key, "needed".to_owned()).named("needed").after(tried);
    { tried.is_ok() && needed == "needed" }
}

#[tokio::test]
async fn a_tolerated_node_stays_unless_it_is_to_be_retried() {
    for (retry_handled, done) in [(false, vec!["needed"]), (true, vec!["needed", "optional"])] {
        let (engine, key) = (engine().await, format!("tolerant {retry_handled}"));
        breaks(&key, "optional");
        breaks(&key, "needed");
        let run = ended(engine.start(tolerant(key.clone())).await).await;
        assert_eq!(run.state, RunState::Failed);
        mend(&key);
        effects(&key);
        let resume = Resume {
            retry_handled,
            ..Resume::default()
        };
        let again = engine.resume_with(run.id, resume).await;
        let again = again.expect("it goes on").wait().await;
        let again = again.expect("the store works");
        assert_eq!(
            again.output.as_deref(),
            Some(retry_handled.to_string().as_str()),
            "{:?}",
            again.error
        );
        assert_eq!(effects(&key), done);
    }
}

#[tokio::test]
async fn what_fails_again_can_be_resumed_again_and_keeps_what_is_done() {
    let (engine, key) = (engine().await, "again and again");
    breaks(key, "left");
    breaks(key, "right");
    let run = ended(engine.start(diamond(key.to_owned())).await).await;
    assert_eq!(effects(key), ["cleanup", "left", "right"]);
    mend(key);
    breaks(key, "right");
    let resumed = async || {
        let again = engine.resume(run.id).await.expect("it goes on");
        again.wait().await.expect("the store works")
    };
    assert_eq!(resumed().await.state, RunState::Failed);
    assert_eq!(effects(key), ["cleanup", "left", "right"]);
    mend(key);
    assert_eq!(resumed().await.state, RunState::Completed);
    assert_eq!(effects(key), ["cleanup", "join", "right"]);
    let refused = engine.resume(run.id).await.expect_err("it has completed");
    assert!(
        refused
            .try_this()
            .is_some_and(|hint| hint.contains("runs rerun")),
        "{refused:?}"
    );
}

#[flow(name = "again-pages")]
fn pages(key: String, names: Vec<String>) -> Result<Vec<String>> {
    map(names, |name| act(key.clone(), name))
}

#[tokio::test]
async fn of_a_fan_out_only_the_failed_items_run_again() {
    let (engine, key) = (engine().await, "pages");
    let names = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
    breaks(key, "b");
    breaks(key, "d");
    let run = ended(engine.start(pages(key.to_owned(), names)).await).await;
    assert_eq!(effects(key), ["a", "b", "c", "d", "e"]);
    mend(key);
    let (_, plan) = engine
        .plan_resume(run.id, Resume::default())
        .await
        .expect("it can be resumed");
    assert_eq!(plan.runs(), 2, "{:?}", said(&plan));
    let again = engine.resume(run.id).await.expect("it goes on");
    let again = again.wait().await.expect("the store works");
    assert_eq!(again.state, RunState::Completed, "{:?}", again.error);
    assert_eq!(effects(key), ["b", "d"]);
}

#[flow(name = "again-patient")]
async fn patient(key: String) -> Result<String> {
    act(key.clone(), "before".to_owned()).await?;
    let answer = receive::<String>("answer").await?;
    act(key, "after".to_owned()).await?;
    Ok(answer)
}

#[tokio::test]
async fn a_cancelled_run_goes_on_with_all_that_was_done() {
    let (engine, key) = (engine().await, "patient");
    let run = engine.start(patient(key.to_owned())).await.expect("starts");
    let id = run.id;
    until_some(async || {
        let journal = engine.journal(id).await.expect("the store works");
        (!journal.waits.is_empty()).then_some(())
    })
    .await;
    let live = engine.resume(id).await.expect_err("it is driven here");
    assert!(live.message().contains("under way"), "{live:?}");
    engine.cancel(id).await.expect("it can be cancelled");
    let record = run.wait().await.expect("the store works");
    assert_eq!(record.state, RunState::Cancelled);
    assert_eq!(effects(key), ["before"]);
    let again = engine.resume(id).await.expect("it goes on");
    let value = "yes".into();
    engine.signal(id, "answer", &value).await.expect("it waits");
    let again = again.wait().await.expect("the store works");
    assert_eq!(
        again.output.as_deref(),
        Some("\"yes\""),
        "{:?}",
        again.error
    );
    assert_eq!(effects(key), ["after"]);
}

#[flow(name = "again-tries", retries = 1)]
async fn tries(key: String) -> Result<bool> {
    let tried = act(key.clone(), "optional".to_owned()).await.is_ok();
    act(key.clone(), "work".to_owned()).await?;
    act(key, "last".to_owned()).await?;
    Ok(tried)
}

#[tokio::test]
async fn the_retry_of_a_flow_leaves_what_it_handled_alone_too() {
    let (engine, key) = (engine().await, "tries");
    breaks(key, "optional");
    breaks(key, "last");
    let run = ended(engine.start(tries(key.to_owned())).await).await;
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(effects(key), ["last", "last", "optional", "work"]);
    mend(key);
    let again = ended(engine.resume(run.id).await).await;
    assert_eq!(again.output.as_deref(), Some("false"), "{:?}", again.error);
    assert_eq!(effects(key), ["last"]);
}

#[flow(name = "again-one-by-one", concurrency = 1)]
async fn one_by_one(key: String, names: Vec<String>) -> Result<usize> {
    let before = act(key.clone(), "before".to_owned()).await;
    let done = map(names, |name| act(key.clone(), name))
        .concurrency(1)
        .await
        .map_err(|_| "some are missing")?;
    Ok(done.len() + usize::from(before.is_ok()))
}

#[tokio::test]
async fn items_do_not_handle_each_others_failures_but_what_failed_before_them() {
    let (engine, key) = (engine().await, "one by one");
    let names = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    for name in ["before", "a", "c"] {
        breaks(key, name);
    }
    let run = ended(engine.start(one_by_one(key.to_owned(), names)).await).await;
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(effects(key), ["a", "b", "before", "c", "d"]);
    mend(key);
    let again = ended(engine.resume(run.id).await).await;
    assert_eq!(again.output.as_deref(), Some("4"), "{:?}", again.error);
    assert_eq!(effects(key), ["a", "c"]);
}
