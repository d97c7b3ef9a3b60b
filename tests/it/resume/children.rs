//! A resume goes into child runs that failed.

use flowrt::model::state::RunState;
use flowrt::ops::{Rerun, Resume};
use flowrt::prelude::*;

use super::{act, breaks, effects, ended, engine, mend, said};

#[flow(name = "again-child")]
fn child(key: String, stem: String) -> Result<String> {
    let first = act(key.clone(), format!("{stem}1")).named("first");
    let second = act(key, format!("{stem}2")).named("second").after(first);
    second
}

#[flow(name = "again-parent")]
fn parent(key: String) -> Result<String> {
    let left = child(key.clone(), "left".to_owned()).named("left");
    let right = child(key.clone(), "right".to_owned()).named("right");
    { format!("{left} {right}") }
}

#[flow(name = "again-grandparent")]
async fn grandparent(key: String) -> Result<String> {
    parent(key).await
}

#[tokio::test]
async fn a_failed_child_is_entered_however_deep_it_lies() {
    let (engine, key) = (engine().await, "children");
    breaks(key, "right2");
    let run = ended(engine.start(grandparent(key.to_owned())).await).await;
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(effects(key), ["left1", "left2", "right1", "right2"]);
    mend(key);
    let (_, plan) = engine
        .plan_resume(run.id, Resume::default())
        .await
        .expect("it can be resumed");
    assert_eq!(
        said(&plan),
        [
            "run again-parent: failed",
            "reuse again-parent/left: same inputs, same text",
            "run again-parent/right: failed",
            "reuse again-parent/right/first: same inputs, same text",
            "run again-parent/right/second: failed",
        ]
    );
    let again = engine.resume(run.id).await.expect("it goes on");
    let again = again.wait().await.expect("the store works");
    assert_eq!(
        again.output.as_deref(),
        Some("\"left2 right2\""),
        "{:?}",
        again.error
    );
    assert_eq!(effects(key), ["right2"]);
}

#[tokio::test]
async fn a_rerun_copies_what_a_failed_child_had_done() {
    let (engine, key) = (engine().await, "children, rerun");
    breaks(key, "right2");
    let run = ended(engine.start(grandparent(key.to_owned())).await).await;
    mend(key);
    effects(key);
    let new = engine
        .rerun(run.id, &Rerun::default())
        .await
        .expect("it starts");
    let new = new.wait().await.expect("the store works");
    assert_eq!(
        new.output.as_deref(),
        Some("\"left2 right2\""),
        "{:?}",
        new.error
    );
    assert_eq!(effects(key), ["right2"]);
    let old = engine.record(run.id).await.expect("it is still there");
    assert_eq!(old.state, RunState::Failed, "the origin stays as it was");
}

#[flow(name = "again-turns")]
async fn turns(key: String) -> Result<String> {
    let word = act(key.clone(), "word".to_owned()).await;
    let word = word.unwrap_or_else(|_| "nothing".to_owned());
    let made = child(key.clone(), word).await?;
    act(key, "end".to_owned()).await?;
    Ok(made)
}

#[tokio::test]
async fn a_child_that_is_called_with_other_inputs_runs_with_them() {
    let (engine, key) = (engine().await, "other inputs");
    breaks(key, "word");
    breaks(key, "end");
    let run = ended(engine.start(turns(key.to_owned())).await).await;
    assert_eq!(effects(key), ["end", "nothing1", "nothing2", "word"]);
    mend(key);
    let resume = Resume {
        retry_handled: true,
        ..Resume::default()
    };
    let again = engine.resume_with(run.id, resume).await;
    let again = again.expect("it goes on").wait().await;
    let again = again.expect("the store works");
    assert_eq!(
        again.output.as_deref(),
        Some("\"word2\""),
        "{:?}",
        again.error
    );
    assert_eq!(effects(key), ["end", "word", "word1", "word2"]);
}

#[flow(name = "again-forgiving")]
async fn forgiving(key: String) -> Result<bool> {
    let made = child(key.clone(), "x".to_owned()).await;
    act(key.clone(), "middle".to_owned()).await?;
    act(key, "end".to_owned()).await?;
    Ok(made.is_ok())
}

#[tokio::test]
async fn a_child_whose_failure_was_handled_is_left_alone() {
    let (engine, key) = (engine().await, "forgiving");
    breaks(key, "x2");
    breaks(key, "end");
    let run = ended(engine.start(forgiving(key.to_owned())).await).await;
    mend(key);
    effects(key);
    let again = engine.resume(run.id).await.expect("it goes on");
    let again = again.wait().await.expect("the store works");
    assert_eq!(again.output.as_deref(), Some("false"), "{:?}", again.error);
    assert_eq!(effects(key), ["end"]);
}
