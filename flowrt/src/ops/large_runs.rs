//! What is asked of a run of many steps and children costs what it tells, and not what the run has: counted in steps of
//! SQLite's machine, of which each row that is looked at takes several.

#![cfg(feature = "sqlite")]

use super::{Engine, LogFilter, Retold, Why, this_process};
use crate::clock::Clock;
use crate::model::ids::RunId;
use crate::model::payload::{Digest, Payload};
use crate::model::record::{
    AttemptRecord, CacheUse, Entry, LogLine, NewRun, RunRecord, StepKind, StepRecord, WaitRecord,
};
use crate::model::state::{RunState, TaskState};
use crate::store::sqlite::asked::Asked;
use crate::store::{Durability, Ending, Options};

const STEPS: u64 = 5_000;
const CHILDREN: u64 = 1_000;
/// One look at each step would be more than twice as many.
const FEW: u64 = 10_000;

fn id(number: u64) -> RunId {
    RunId(uuid::Uuid::from_u128(u128::from(number)))
}

fn new_run(number: u64, parent: Option<(RunId, String)>) -> NewRun {
    NewRun {
        id: id(number),
        name: format!("run-{number}"),
        flow: "large".to_owned(),
        input: Payload::from_json("{}"),
        parent,
        origin: None,
        idempotency_key: None,
        seed: number,
        created: 1,
        logical_time: 1,
        build: String::new(),
        cache: CacheUse::default(),
        dispatch: crate::model::dispatch::Dispatch::default(),
        due: None,
        steps: vec![],
    }
}

fn step(seq: u64) -> StepRecord {
    StepRecord {
        seq,
        step: format!("fetch[{seq}]"),
        scope: "fetch[]".to_owned(),
        position: 0,
        task: "fetch".to_owned(),
        kind: StepKind::Task,
        digest: Digest::default(),
        fingerprint: 0,
        input: Some(Payload::from_json("1")),
        state: TaskState::Completed,
        output: Some(Payload::from_json("2")),
        attempts: 1,
        started: 1,
        finished: 2,
        signal: None,
        reused_from: None,
        tolerated: false,
        label: None,
    }
}

fn wait(step: &str) -> Entry {
    Entry::Wait(WaitRecord {
        step: step.to_owned(),
        kind: "sleep".to_owned(),
        due: Some(9),
        detail: serde_json::Value::Null,
    })
}

fn attempt(step: &str) -> Entry {
    Entry::Attempt(AttemptRecord {
        step: step.to_owned(),
        attempt: 1,
        started: 1,
        finished: 2,
        next: None,
        error: Payload::from_json(r#"{"kind":"Failed","message":"no"}"#),
    })
}

/// An engine on a file with a run that this process drives, and what is asked of the file.
struct Large {
    engine: Engine,
    asked: Asked,
    _folder: tempfile::TempDir,
}

impl Large {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let asked = Asked::in_folder(folder.path());
        let path = folder.path().join("s.db");
        let store = crate::store::sqlite::open(&path, Options::new(this_process())).unwrap();
        let engine = Engine::with_clock(store, Clock::fake(1_000), false).unwrap();
        let large = Self {
            engine,
            asked,
            _folder: folder,
        };
        let store = &large.engine.shared.store;
        store.create_run(new_run(1, None)).await.unwrap();
        store.claim(id(1), 0, false, 2).await.unwrap().unwrap();
        large
    }

    async fn write(&self, entries: Vec<Entry>) {
        let store = &self.engine.shared.store;
        store
            .record(id(1), 1, entries, Durability::Soon)
            .await
            .unwrap();
    }

    async fn write_steps(&self) {
        self.write((0..STEPS).map(|seq| Entry::Step(step(seq))).collect())
            .await;
    }

    async fn record(&self) -> RunRecord {
        self.engine.record(id(1)).await.unwrap()
    }
}

#[tokio::test]
async fn who_follows_a_run_reads_what_is_new() {
    let large = Large::new().await;
    let (engine, store) = (&large.engine, &large.engine.shared.store);
    large.write_steps().await;
    for child in 0..CHILDREN {
        let parent = Some((id(1), format!("call[{child}]")));
        store.create_run(new_run(2 + child, parent)).await.unwrap();
        store.request_cancel(id(2 + child), 3).await.unwrap();
    }
    let mut retold = Retold::new(id(1));
    let told = retold.more(engine).await.unwrap();
    let (starts, ends) = (1 + CHILDREN, CHILDREN);
    assert_eq!(told.len() as u64, STEPS + starts + ends);
    large.asked.take();
    large
        .write(vec![Entry::Step(step(STEPS)), attempt("b"), wait("c")])
        .await;
    let line = LogLine {
        run: id(1),
        step: "b".to_owned(),
        attempt: 1,
        time: 3,
        level: "INFO".to_owned(),
        target: "t".to_owned(),
        message: "m".to_owned(),
    };
    store.append_logs(vec![line]).await.unwrap();
    large.asked.take();
    let told = retold.more(engine).await.unwrap();
    let cost = large.asked.take_steps();
    assert_eq!(
        told.len(),
        4,
        "an end, a failed attempt, a wait and a line: {told:?}"
    );
    assert!(cost < FEW, "{cost} steps for four events");
    assert!(
        engine
            .logs(id(1), LogFilter::default())
            .await
            .unwrap()
            .len()
            == 1
    );
}

#[tokio::test]
async fn a_run_that_is_resumed_is_told_on() {
    let large = Large::new().await;
    let (engine, store) = (&large.engine, &large.engine.shared.store);
    large
        .write(vec![Entry::Step(step(0)), Entry::Step(step(1))])
        .await;
    let mut retold = Retold::new(id(1));
    assert_eq!(retold.more(engine).await.unwrap().len(), 3);
    // Another process takes it over, and this one goes on with it.
    store.claim(id(1), 1, false, 4).await.unwrap().unwrap();
    let more = vec![Entry::Step(step(2))];
    store
        .record(id(1), 2, more, Durability::Soon)
        .await
        .unwrap();
    let told = retold.more(engine).await.unwrap();
    assert_eq!(told.len(), 1, "what was told is not told again: {told:?}");
}

#[tokio::test]
async fn the_last_lines_read_counts_and_a_few_names() {
    let large = Large::new().await;
    let (engine, store) = (&large.engine, &large.engine.shared.store);
    large.write_steps().await;
    let mut failed = step(STEPS);
    failed.state = TaskState::Failed;
    failed.attempts = 3;
    failed.output = Some(Payload::from_json(r#"{"kind":"Failed","message":"no"}"#));
    large.write(vec![Entry::Step(failed)]).await;
    let ending = Ending {
        state: RunState::Failed,
        output: None,
        error: Some(Payload::from_json(r#"{"kind":"Failed","message":"no"}"#)),
        at: 5,
    };
    store.finish(id(1), 1, vec![], ending).await.unwrap();
    let recap = engine.recap(&large.record().await).await.unwrap();
    assert_eq!(
        (recap.tasks, recap.kept, recap.retried, recap.failed),
        (STEPS + 1, STEPS, 1, 1)
    );
    assert_eq!(recap.redone.first, [format!("fetch[{STEPS}]")]);
    assert_eq!((recap.redone.count, recap.failed_in.as_str()), (1, "run-1"));
    large.asked.take();
    assert_eq!(engine.recap(&large.record().await).await.unwrap(), recap);
    let cost = large.asked.take_steps();
    assert!(cost < FEW, "{cost} steps once the steps are counted");
}

#[tokio::test]
async fn why_names_some_waits_and_says_that_there_are_more() {
    let large = Large::new().await;
    let (engine, store) = (&large.engine, &large.engine.shared.store);
    large.write_steps().await;
    large
        .write(
            (0..STEPS)
                .map(|number| wait(&format!("nap[{number}]")))
                .collect(),
        )
        .await;
    for child in 0..CHILDREN {
        let parent = Some((id(1), format!("call[{child}]")));
        store.create_run(new_run(2 + child, parent)).await.unwrap();
    }
    large.asked.take();
    let reasons = engine.why(id(1)).await.unwrap();
    let cost = large.asked.take_steps();
    let more: Vec<_> = reasons
        .iter()
        .filter_map(|reason| match reason.why {
            Why::More { steps, runs } => Some((steps, runs)),
            _ => None,
        })
        .collect();
    assert_eq!(more, [(STEPS - 200, true)]);
    let slept = reasons
        .iter()
        .filter(|reason| matches!(reason.why, Why::Time { .. }));
    assert_eq!(slept.count(), 200);
    // Counting the waits takes a few steps for each; to read them would take many more.
    assert!(cost < 20 * STEPS, "{cost} steps");
    assert!(reasons.len() < 1_000, "{} reasons", reasons.len());
}
