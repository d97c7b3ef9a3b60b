//! Results of tasks whose text has changed since. The old text is that of a record whose fingerprints are others.

use std::sync::Arc;

use flowrt::model::ids::{ProcessId, RunId};
use flowrt::model::payload::Payload;
use flowrt::model::plan::How;
use flowrt::model::record::{NewRun, RunRecord, StepKind, StepRecord};
use flowrt::model::state::RunState;
use flowrt::ops::Resume;
use flowrt::prelude::*;
use flowrt::store::memory::Memory;
use flowrt::store::{Ending, Options, Process, Store};

use super::{act, effects, ended, join, said};

fn store() -> Arc<dyn Store> {
    let id: ProcessId = "00000000-0000-0000-0000-000000000001"
        .parse()
        .expect("it is an id");
    Memory::open(Options::new(Process {
        id,
        pid: std::process::id(),
        host: String::new(),
        started: 0,
        build: String::new(),
    }))
}

/// The same run once more, failed, with tasks whose text was another one then.
async fn of_an_older_program(store: &Arc<dyn Store>, run: &RunRecord, changed: &str) -> RunId {
    let mut steps = store.journal(run.id).await.expect("it is there").steps;
    for step in &mut steps {
        assert_eq!(step.kind, StepKind::Task);
        if step.step == changed {
            step.fingerprint ^= 1;
        }
    }
    let id = left_behind(store, run, steps).await;
    let claimed = store.claim(id, 0, false, 0).await.expect("it is free");
    let epoch = claimed.expect("nobody was faster").epoch;
    let ending = Ending {
        state: RunState::Failed,
        output: None,
        error: Some(Payload::from_json("\"something else\"")),
        at: 0,
    };
    store
        .finish(id, epoch, Vec::new(), ending)
        .await
        .expect("it is ours");
    id
}

/// A run like that one, with these steps, that nobody drives.
async fn left_behind(store: &Arc<dyn Store>, run: &RunRecord, steps: Vec<StepRecord>) -> RunId {
    let id: RunId = "00000000-0000-0000-0000-0000000000aa"
        .parse()
        .expect("it is an id");
    let old = NewRun {
        id,
        name: "old".to_owned(),
        flow: run.flow.clone(),
        input: run.input.clone(),
        parent: None,
        origin: None,
        idempotency_key: None,
        seed: run.seed,
        created: 0,
        logical_time: 0,
        build: "older".to_owned(),
        cache: flowrt::model::record::CacheUse::default(),
        dispatch: flowrt::model::dispatch::Dispatch::default(),
        due: None,
        steps,
    };
    store.create_run(old).await.expect("it is new");
    id
}

#[flow(name = "again-pair")]
fn pair(key: String) -> Result<String> {
    let left = act(key.clone(), "left".to_owned()).named("left");
    let right = act(key.clone(), "right".to_owned()).named("right");
    join(key, left, right)
}

#[tokio::test]
async fn changed_text_runs_again_and_says_where_it_is() {
    let (store, key) = (store(), "changed");
    let engine = Engine::on(store.clone()).expect("names are unique");
    let run = ended(engine.start(pair(key.to_owned())).await).await;
    effects(key);
    let old = of_an_older_program(&store, &run, "left").await;
    let (_, plan) = engine
        .plan_resume(old, Resume::default())
        .await
        .expect("it can be resumed");
    let said = said(&plan);
    assert!(
        said[0].starts_with("run left: text changed since (") && said[0].contains("mod.rs:"),
        "{said:?}"
    );
    assert_eq!(
        said[1..],
        [
            "reuse right: same inputs, same text, other build",
            "run again-join: after left"
        ]
    );
    let again = engine.resume(old).await.expect("it goes on");
    let again = again.wait().await.expect("the store works");
    assert_eq!(again.state, RunState::Completed, "{:?}", again.error);
    assert_eq!(effects(key), ["join", "left"]);
}

#[tokio::test]
async fn changed_text_is_kept_by_who_trusts_it() {
    let (store, key) = (store(), "trusted");
    let engine = Engine::on(store.clone()).expect("names are unique");
    let run = ended(engine.start(pair(key.to_owned())).await).await;
    effects(key);
    let old = of_an_older_program(&store, &run, "left").await;
    let resume = Resume {
        trust_changed: true,
        ..Resume::default()
    };
    let (_, plan) = engine
        .plan_resume(old, resume)
        .await
        .expect("it can be resumed");
    assert_eq!(plan.runs(), 0, "{:?}", said(&plan));
    let again = engine.resume_with(old, resume).await.expect("it goes on");
    let again = again.wait().await.expect("the store works");
    assert_eq!(again.output, run.output);
    assert!(effects(key).is_empty());
}

#[flow(name = "again-steps")]
async fn steps(key: String) -> Result<u32> {
    for word in ["one", "two", "three"] {
        act(key.clone(), word.to_owned()).await?;
    }
    Ok(3)
}

#[tokio::test]
async fn a_run_that_parked_goes_on_with_what_this_program_still_calls() {
    let (store, key) = (store(), "parked");
    let engine = Engine::on(store.clone()).expect("names are unique");
    let run = ended(engine.start(steps(key.to_owned())).await).await;
    effects(key);
    let mut old = store.journal(run.id).await.expect("it is there").steps;
    old.truncate(2);
    old[0].task = "again-gone".to_owned();
    old[0].step = "again-gone".to_owned();
    let id = left_behind(&store, &run, old).await;
    let parked = ended(engine.resume(id).await).await;
    assert_eq!(parked.state, RunState::Parked, "{:?}", parked.error);
    assert!(effects(key).is_empty(), "nothing is done past a difference");
    let (how, plan) = engine
        .plan_resume(id, Resume::default())
        .await
        .expect("a person may go on");
    assert_eq!(how, How::Resume);
    assert_eq!(
        said(&plan),
        ["reuse again-act#2: same inputs, same text, other build"]
    );
    let again = ended(engine.resume(id).await).await;
    assert_eq!(again.state, RunState::Completed, "{:?}", again.error);
    assert_eq!(effects(key), ["one", "three"]);
}
