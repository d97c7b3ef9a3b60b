//! Runs that go from store to store, and what all of them take.

use super::super::sample::{attempt, claimed, ending, line, new_run, payload, run_id, step, wait};
use super::super::{Durability, Error, Import, LogFilter, RunFilter, Store, Whole};
use crate::model::artifact::{Artifact, NewArtifact, Place};
use crate::model::blob::{Blob, BlobId};
use crate::model::payload::Payload;
use crate::model::record::{ASIDE, Entry, Journal, RunRecord};
use crate::model::state::RunState;

fn published(key: &str, artifact: Artifact) -> NewArtifact {
    let place = Place {
        key: key.to_owned(),
        step: "b".to_owned(),
        attempt: 1,
        at: 5,
    };
    artifact.into_new(place).unwrap()
}

/// A run with something of everything, and its child.
async fn make_family(store: &dyn Store) {
    let mut new = new_run(1, "calm");
    new.idempotency_key = Some("once".into());
    new.steps = vec![step(ASIDE, "old")];
    store.create_run(new).await.unwrap();
    claimed(store, 1).await;
    let mut child = new_run(2, "child");
    child.parent = Some((run_id(1), "call".into()));
    store.create_run(child).await.unwrap();
    let signal = store.send_signal(run_id(1), "go".into(), payload("v"), Some("k".into()), 4);
    signal.await.unwrap();
    let entries = vec![
        Entry::Step(step(0, "a")),
        Entry::Attempt(attempt("b", 1)),
        Entry::Wait(wait("w")),
        Entry::ScopeEnd("b1".into(), 2),
    ];
    store
        .record(run_id(1), 1, entries, Durability::Soon)
        .await
        .unwrap();
    for (key, artifact) in [
        ("page", Artifact::file("p.html", *b"page")),
        ("far", Artifact::progress(1, 2)),
    ] {
        let artifact = published(key, artifact);
        store.put_artifact(run_id(1), 1, artifact).await.unwrap();
    }
    store
        .append_logs(vec![line(1, "a", "said"), line(1, "a", "more")])
        .await
        .unwrap();
    store
        .finish(run_id(1), 1, vec![], ending(RunState::Interrupted))
        .await
        .unwrap();
}

async fn taken_out(store: &dyn Store) -> Vec<Whole> {
    let mut family = Vec::new();
    for (record, journal) in store.family(run_id(1)).await.unwrap() {
        let logs = store.logs(record.id, LogFilter::default()).await.unwrap();
        family.push(Whole {
            logs: logs.into_iter().map(|(_, line)| line).collect(),
            artifacts: store.artifacts(record.id).await.unwrap(),
            definition: Payload::from_json(format!("{{\"of\":\"{}\"}}", record.name)),
            record,
            journal,
        });
    }
    family
}

fn import(runs: Vec<Whole>) -> Import {
    Import {
        blobs: vec![Blob::new(*b"page")],
        runs,
        exported: 70,
        at: 80,
    }
}

async fn clear(store: &dyn Store) {
    store.request_cancel(run_id(1), 90).await.unwrap();
    assert!(store.delete_run(run_id(1)).await.unwrap());
}

pub(super) async fn a_family_goes_from_store_to_store(store: &dyn Store) {
    make_family(store).await;
    let family = taken_out(store).await;
    assert_eq!(family.len(), 2);
    assert_eq!(store.imported(run_id(1)).await.unwrap(), None);
    clear(store).await;
    // Somebody else has the name and the key now.
    let mut other = new_run(9, "calm");
    other.idempotency_key = Some("once".into());
    store.create_run(other).await.unwrap();
    claimed(store, 9).await;
    let page = published("page", Artifact::markdown("other"));
    store.put_artifact(run_id(9), 1, page).await.unwrap();
    assert!(store.import(import(family.clone())).await.unwrap());
    let there = taken_out(store).await;
    let mut expected = family[0].artifacts.clone();
    assert_eq!((expected.len(), expected[0].failed), (2, false));
    expected[0].version = 2;
    assert_eq!(there[0].artifacts, expected);
    let page = store.blob(BlobId::of(b"page"), String::new()).await;
    assert_eq!(&*page.unwrap(), b"page");
    assert_eq!(there[0].journal, family[0].journal);
    assert_eq!(there[0].logs, family[0].logs);
    let expected = RunRecord {
        name: "calm-2".into(),
        idempotency_key: None,
        ..family[0].record.clone()
    };
    assert_eq!(there[0].record, expected);
    assert_eq!(there[1].record, family[1].record);
    let imported = store.imported(run_id(1)).await.unwrap().unwrap();
    assert_eq!((imported.exported, imported.at), (70, 80));
    assert_eq!(imported.definition, family[0].definition);
    let counts = store.task_counts(vec![run_id(1)]).await.unwrap();
    assert_eq!(counts[0].total, 1);
    clear(store).await;
    let page = store.blob(BlobId::of(b"page"), String::new()).await;
    assert!(matches!(page, Err(Error::BlobLost { .. })));
}

pub(super) async fn a_run_that_is_here_is_not_imported(store: &dyn Store) {
    make_family(store).await;
    let mut family = taken_out(store).await;
    family[0].record.state = RunState::Failed;
    assert!(!store.import(import(family.clone())).await.unwrap());
    let there = store.run(run_id(1)).await.unwrap().unwrap();
    assert_eq!(there.state, RunState::Interrupted);
    // A child alone is a run of its own.
    clear(store).await;
    let mut child = family.remove(1);
    child.record.state = RunState::Failed;
    assert!(store.import(import(vec![child])).await.unwrap());
    let roots = RunFilter {
        roots_only: true,
        ..RunFilter::default()
    };
    let roots = store.list_runs(roots).await.unwrap();
    assert_eq!(roots.len(), 1);
    assert!(!store.import(import(vec![])).await.unwrap());
}

pub(super) async fn an_import_is_all_or_none(store: &dyn Store) {
    make_family(store).await;
    let mut family = taken_out(store).await;
    clear(store).await;
    // Two outcomes under one number.
    family[1].journal = Journal {
        steps: vec![step(0, "a"), step(0, "b")],
        ..Journal::default()
    };
    assert!(store.import(import(family)).await.is_err());
    let there = store.list_runs(RunFilter::default()).await.unwrap();
    assert!(there.is_empty(), "{there:?}");
}

pub(super) async fn usage_tells_what_is_there(store: &dyn Store) {
    make_family(store).await;
    store.create_run(new_run(3, "other")).await.unwrap();
    let usage = store.usage(1).await.unwrap();
    let rows = |table: &str| {
        let found = usage.tables.iter().find(|(name, _)| name == table);
        found.map(|(_, rows)| *rows)
    };
    assert_eq!((rows("run"), rows("step")), (Some(3), Some(2)));
    let [largest] = &usage.largest[..] else {
        panic!("{usage:?}");
    };
    assert_eq!((&*largest.name, largest.steps), ("calm", 2));
    // Two steps with `"in"` and `"out"`, two lines of four letters, and `{}`.
    assert_eq!(largest.bytes, 2 * (4 + 5) + 2 * 4 + 2);
    clear(store).await;
    let usage = store.usage(5).await.unwrap();
    assert!(usage.tables.contains(&("step".to_owned(), 0)), "{usage:?}");
    assert_eq!(usage.largest.len(), 1);
}
