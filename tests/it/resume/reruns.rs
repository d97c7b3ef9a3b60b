//! A new run that reuses what it can of an old one.

use flowrt::model::state::RunState;
use flowrt::ops::Rerun;
use flowrt::prelude::*;
use futures_util::future::join_all;

use super::{act, effects, ended, engine, join, said};

#[flow(name = "again-chain")]
fn chain(key: String, word: String) -> Result<String> {
    let one = act(key.clone(), "one".to_owned()).named("one");
    let two = act(key.clone(), word).named("two");
    let three = join(key.clone(), one.clone(), two).named("three");
    let beside = act(key, one).named("beside");
    { format!("{three} {beside}") }
}

#[tokio::test]
async fn a_rerun_is_a_new_run_that_names_its_origin_and_does_nothing_twice() {
    let (engine, key) = (engine().await, "chain");
    let old = ended(engine.start(chain(key.to_owned(), "two".to_owned())).await).await;
    assert_eq!(old.state, RunState::Completed);
    effects(key);
    let new = engine
        .rerun(old.id, &Rerun::default())
        .await
        .expect("it starts");
    assert_ne!(new.id, old.id);
    let new = new.wait().await.expect("the store works");
    assert_eq!((new.origin, &new.output), (Some(old.id), &old.output));
    assert_eq!(effects(key), Vec::<String>::new());
    let steps = engine.journal(new.id).await.expect("the store works").steps;
    assert_eq!(steps.len(), 4);
    assert!(steps.iter().all(|step| step.reused_from == Some(old.id)));
}

#[tokio::test]
async fn from_a_step_on_it_and_what_waits_for_it_run() {
    let (engine, key) = (engine().await, "from");
    let old = ended(engine.start(chain(key.to_owned(), "two".to_owned())).await).await;
    effects(key);
    let rerun = Rerun {
        from: Some("two".to_owned()),
        ..Rerun::default()
    };
    let plan = engine
        .plan_rerun(old.id, &rerun)
        .await
        .expect("it is there");
    assert_eq!(
        said(&plan),
        [
            "reuse one: same inputs, same text",
            "run two: asked for",
            "run three: after two",
            "reuse beside: same inputs, same text",
        ]
    );
    let new = engine.rerun(old.id, &rerun).await.expect("it starts");
    let new = new.wait().await.expect("the store works");
    assert_eq!(new.state, RunState::Completed, "{:?}", new.error);
    assert_eq!(effects(key), ["join", "two"]);
    let wrong = Rerun {
        from: Some("twoo".to_owned()),
        ..Rerun::default()
    };
    let error = engine
        .rerun(old.id, &wrong)
        .await
        .expect_err("no such step");
    assert_eq!(error.try_this(), Some("did you mean `two`?"));
}

#[tokio::test]
async fn other_parameters_cost_what_depends_on_them() {
    let (engine, key) = (engine().await, "parameters");
    let old = ended(engine.start(chain(key.to_owned(), "two".to_owned())).await).await;
    effects(key);
    let mut rerun = Rerun::default();
    rerun.params.insert("word".to_owned(), "zwei".into());
    let plan = engine.plan_rerun(old.id, &rerun).await.expect("they fit");
    assert!(
        said(&plan)[0].contains("if its inputs come out the same"),
        "{:?}",
        said(&plan)
    );
    let new = engine.rerun(old.id, &rerun).await.expect("it starts");
    let new = new.wait().await.expect("the store works");
    assert_eq!(new.output.as_deref(), Some("\"one+zwei one\""));
    assert_eq!(effects(key), ["join", "zwei"]);
    rerun.params.insert("wort".to_owned(), 1.into());
    let error = engine.rerun(old.id, &rerun).await.expect_err("no such one");
    assert!(error.message().contains("wort"), "{error:?}");
    assert!(effects(key).is_empty(), "nothing was started");
}

#[flow(name = "again-words")]
async fn words(key: String, words: Vec<String>) -> Result<u32> {
    let calls = words.into_iter().map(|word| act(key.clone(), word));
    let mut count = 0;
    for result in join_all(calls).await {
        result?;
        count += 1;
    }
    Ok(count)
}

#[flow(name = "again-items")]
fn items(key: String, words: Vec<String>) -> Result<Vec<String>> {
    map(words, |word| act(key.clone(), word))
}

#[tokio::test]
async fn an_item_that_comes_in_between_costs_one_task() {
    let few = || ["a", "b", "d"].map(str::to_owned).to_vec();
    let engine = engine().await;
    let program = ended(engine.start(words("words".to_owned(), few())).await).await;
    let dag = ended(engine.start(items("items".to_owned(), few())).await).await;
    for (key, old) in [("words", program), ("items", dag)] {
        effects(key);
        let mut rerun = Rerun::default();
        let more = vec!["a", "b", "c", "d"];
        rerun.params.insert("words".to_owned(), more.into());
        let new = engine.rerun(old.id, &rerun).await.expect("it starts");
        let new = new.wait().await.expect("the store works");
        assert_eq!(new.state, RunState::Completed, "{:?}", new.error);
        assert_eq!(effects(key), ["c"], "in {key}");
    }
}

#[flow(name = "again-three")]
async fn three(key: String) -> Result<String> {
    for word in ["one", "two", "three"] {
        act(key.clone(), word.to_owned()).await?;
    }
    Ok(uuid().to_string())
}

#[tokio::test]
async fn in_a_program_all_that_came_after_the_step_runs() {
    let (engine, key) = (engine().await, "three");
    let old = ended(engine.start(three(key.to_owned())).await).await;
    effects(key);
    let rerun = Rerun {
        from: Some("again-act#2".to_owned()),
        ..Rerun::default()
    };
    let new = engine.rerun(old.id, &rerun).await.expect("it starts");
    let new = new.wait().await.expect("the store works");
    assert_eq!(effects(key), ["three", "two"]);
    assert_eq!(new.output, old.output, "random values are the origin's");
}
