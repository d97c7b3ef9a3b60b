//! Stores that earlier versions have written must open for ever.

use std::path::PathBuf;

use super::super::super::deployments::Change;
use super::super::super::sample::{
    attempt, claimed, deployment, ending, line, new_run, payload, run_id, schedule, step, wait,
};
use super::super::super::{Durability, LogFilter, Reopening, RunFilter, SecretRecord};
use crate::model::artifact::{Artifact, NewArtifact, Place};
use crate::model::record::{ASIDE, Entry};
use crate::model::state::RunState;

/// The first version that has it.
const SECRETS: i64 = 6;
const DEPLOYMENTS: i64 = 7;
const ARTIFACTS: i64 = 9;

fn secret() -> SecretRecord {
    SecretRecord {
        name: "API".to_owned(),
        key: "ab12".to_owned(),
        sealed: vec![1, 0, 255],
        changed: 7,
    }
}

fn published() -> NewArtifact {
    let place = Place {
        key: "notes".to_owned(),
        step: "a".to_owned(),
        attempt: 1,
        at: 7,
    };
    let artifact = Artifact::markdown("# Notes").describe("of a run");
    artifact.into_new(place).unwrap()
}

fn golden(version: i64) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/v{version}.db"))
}

#[tokio::test]
#[ignore = "writes the file of the current schema; run it once, when the schema changes"]
async fn write_the_golden_store() {
    let path = golden(super::super::migrate::latest());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = std::fs::remove_file(&path);
    let store = super::open(&path, 1);
    for number in 1..=3 {
        store.create_run(new_run(number, "calm")).await.unwrap();
    }
    claimed(&*store, 1).await;
    let entries = vec![
        Entry::Step(step(0, "a")),
        Entry::Step(step(1, "b")),
        Entry::Attempt(attempt("b", 1)),
        Entry::Wait(wait("w")),
        Entry::ScopeEnd(String::new(), 2),
    ];
    store
        .record(run_id(1), 1, entries, Durability::Synced)
        .await
        .unwrap();
    store
        .send_signal(run_id(1), "go".into(), payload("v"), Some("k".into()), 1)
        .await
        .unwrap();
    store.append_logs(vec![line(1, "a", "said")]).await.unwrap();
    let artifact = published();
    store.put_artifact(run_id(1), 1, artifact).await.unwrap();
    store
        .finish(run_id(1), 1, vec![], ending(RunState::Failed))
        .await
        .unwrap();
    store.request_cancel(run_id(2), 2).await.unwrap();
    store.remember_flows(vec!["offers".into()]).await.unwrap();
    store.set_secret(secret()).await.unwrap();
    let changes = vec![Change::Set(
        deployment("d").into(),
        vec![schedule("d", "s")],
    )];
    assert!(store.deploy(0, changes).await.unwrap());
    store.close().await.unwrap();
    std::fs::remove_dir(path.with_extension("db.locks")).unwrap();
}

#[tokio::test]
async fn every_golden_store_opens_and_goes_on() {
    for version in 1..=super::super::migrate::latest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        std::fs::copy(golden(version), &path).unwrap();
        let store = super::open(&path, 2);
        let runs = store.list_runs(RunFilter::default()).await.unwrap();
        let secrets = store.secrets().await.unwrap();
        assert_eq!(secrets.first(), (version >= SECRETS).then(secret).as_ref());
        let one = store.deployment("d".to_owned()).await.unwrap();
        let there = (deployment("d"), vec![schedule("d", "s")]);
        assert_eq!(one, (version >= DEPLOYMENTS).then_some(there));
        let artifacts = store.artifacts(run_id(1)).await.unwrap();
        let there = published().accept(run_id(1), 1);
        assert_eq!(artifacts.first(), (version >= ARTIFACTS).then_some(&there));
        let names: Vec<_> = runs.iter().map(|run| (&*run.name, run.state)).collect();
        let expected = [
            ("calm-3", RunState::Pending),
            ("calm-2", RunState::Cancelled),
            ("calm", RunState::Failed),
        ];
        assert_eq!(names, expected);
        assert_eq!(
            store.task_counts(vec![run_id(1)]).await.unwrap()[0].completed,
            2
        );
        assert_eq!(
            store.logs(run_id(1), LogFilter::default()).await.unwrap()[0].1,
            line(1, "a", "said")
        );
        let changes = Reopening {
            redo: vec!["b".into()],
            input: None,
            ..Reopening::default()
        };
        store
            .reopen(run_id(1), 1, changes, 9)
            .await
            .unwrap()
            .unwrap();
        let journal = store.journal(run_id(1)).await.unwrap();
        assert_eq!(journal.steps, [step(ASIDE, "a")]);
        assert_eq!(journal.signals[0].payload, payload("v"));
        store.close().await.unwrap();
    }
}
