//! Artifacts and blobs.

use std::time::Duration;

use super::super::sample::{attempt, claimed, ending, new_run, run_id, step};
use super::super::{Durability, Error, Store};
use crate::model::artifact::{Artifact, NewArtifact, Place};
use crate::model::blob::Blob;
use crate::model::payload::Payload;
use crate::model::record::Entry;
use crate::model::state::{RunState, TaskState};

fn new(artifact: Artifact, key: &str, step: &str, attempt: u32) -> NewArtifact {
    let place = Place {
        key: key.into(),
        step: step.into(),
        attempt,
        at: 7,
    };
    artifact.into_new(place).unwrap()
}

pub(super) async fn artifacts_have_versions_over_all_runs(store: &dyn Store) {
    for number in [1, 2] {
        store.create_run(new_run(number, "n")).await.unwrap();
        claimed(store, number).await;
    }
    let put = async |run: u64, text: &str, key: &str| {
        let artifact = new(Artifact::markdown(text), key, "a", 1);
        store.put_artifact(run_id(run), 1, artifact).await.unwrap()
    };
    let first = put(1, "one", "k").await;
    assert_eq!((first.version, first.failed), (1, false));
    assert_eq!(put(2, "two", "k").await.version, 2);
    assert_eq!(put(1, "else", "a").await.version, 1);
    let versions = store.artifact_versions(Some("k".into())).await.unwrap();
    let seen: Vec<_> = versions.iter().map(|v| (v.version, v.run)).collect();
    assert_eq!(seen, [(2, run_id(2)), (1, run_id(1))]);
    assert_eq!(versions[1], first);
    let newest = store.artifact_versions(None).await.unwrap();
    let seen: Vec<_> = newest.iter().map(|v| (&*v.place.key, v.version)).collect();
    assert_eq!(seen, [("a", 1), ("k", 2)]);
    assert_eq!(store.artifacts(run_id(1)).await.unwrap().len(), 2);
    assert!(matches!(
        store.artifacts(run_id(9)).await,
        Err(Error::NoSuchRun(_))
    ));
    let late = new(Artifact::markdown("x"), "k", "a", 1);
    let refused = store.put_artifact(run_id(1), 0, late).await;
    assert!(matches!(refused, Err(Error::LeaseLost)));
}

pub(super) async fn progress_is_kept_in_place(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    for done in [1, 2] {
        let artifact = new(Artifact::progress(done, 9), "copied", "a", 1);
        store.put_artifact(run_id(1), 1, artifact).await.unwrap();
    }
    let there = store.artifacts(run_id(1)).await.unwrap();
    assert_eq!(there.len(), 1);
    assert_eq!(there[0].value()["done"], 2);
    assert_eq!(store.artifact_versions(None).await.unwrap(), []);
}

pub(super) async fn a_failure_marks_what_its_attempt_published(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    for (name, number) in [("a", 1), ("a", 2), ("b", 1)] {
        let artifact = new(Artifact::markdown("x"), "k", name, number);
        store.put_artifact(run_id(1), 1, artifact).await.unwrap();
    }
    let mut failed = step(0, "b");
    failed.state = TaskState::Failed;
    let entries = vec![
        Entry::Attempt(attempt("a", 1)),
        Entry::Step(failed),
        Entry::Step(crate::model::record::StepRecord {
            attempts: 2,
            ..step(1, "a")
        }),
    ];
    let recorded = store.record(run_id(1), 1, entries, Durability::Soon).await;
    recorded.unwrap();
    let there = store.artifacts(run_id(1)).await.unwrap();
    let failed: Vec<_> = there.iter().map(|there| there.failed).collect();
    assert_eq!(failed, [true, false, true]);
}

pub(super) async fn bytes_stay_as_long_as_a_run_needs_them(store: &dyn Store) {
    let blob = Blob::new(*b"picture");
    let whose = || "of a test".to_owned();
    for number in [1, 2] {
        store.create_run(new_run(number, "n")).await.unwrap();
        claimed(store, number).await;
    }
    let file = Artifact::file("a.txt", *b"picture");
    let kept = store
        .put_artifact(run_id(1), 1, new(file, "k", "a", 1))
        .await;
    assert_eq!(kept.unwrap().blob, Some(blob.id()));
    let blobs = vec![blob.clone()];
    store.keep_blobs(run_id(2), 1, blobs).await.unwrap();
    for number in [1, 2] {
        assert_eq!(&*store.blob(blob.id(), whose()).await.unwrap(), b"picture");
        let end = ending(RunState::Completed);
        store.finish(run_id(number), 1, vec![], end).await.unwrap();
        assert!(store.delete_run(run_id(number)).await.unwrap());
    }
    assert_eq!(store.artifact_versions(None).await.unwrap(), []);
    let lost = store.blob(blob.id(), whose()).await.unwrap_err();
    assert!(matches!(&lost, Error::BlobLost { whose, .. } if whose == "of a test"));
    let swept = store.sweep_blobs(Duration::ZERO).await.unwrap();
    assert_eq!(swept.files, 0, "the run's end has cleared them away");
}

pub(super) async fn large_values_are_read_as_they_were_written(store: &dyn Store) {
    let large = |c: &str| Payload::from_json(format!("\"{}\"", c.repeat(1 << 20)));
    let mut run = new_run(1, "n");
    run.input = large("i");
    let accepted = store.create_run(run.clone()).await.unwrap();
    assert!(accepted.input == run.input);
    claimed(store, 1).await;
    let entry = |mut step: crate::model::record::StepRecord| {
        step.input = Some(large("x"));
        step.output = Some(large("y"));
        Entry::Step(step)
    };
    let entries = vec![entry(step(0, "a")), entry(step(1, "b"))];
    for _ in 0..2 {
        let recorded = store.record(run_id(1), 1, entries.clone(), Durability::Soon);
        recorded.await.unwrap();
    }
    store
        .send_signal(run_id(1), "go".into(), large("s"), None, 1)
        .await
        .unwrap();
    let mut end = ending(RunState::Completed);
    end.output = Some(large("o"));
    store.finish(run_id(1), 1, vec![], end).await.unwrap();
    let journal = store.journal(run_id(1)).await.unwrap();
    assert!(journal.steps[1].output == Some(large("y")));
    assert!(journal.signals[0].payload == large("s"));
    let record = store.run(run_id(1)).await.unwrap().unwrap();
    assert!(record.output == Some(large("o")) && record.input == large("i"));
    let listed = store.list_runs(super::super::RunFilter::default()).await;
    assert!(listed.unwrap() == [record]);
}

pub(super) async fn bytes_that_come_with_a_value_are_kept(store: &dyn Store) {
    let blob = Blob::new(*b"attached");
    let handle = format!(r#"{{"$blob":"{}","size":8}}"#, blob.id().digest());
    let mut first = step(0, "a");
    first.output =
        Some(Payload::from_json(handle.clone()).with_attached(std::slice::from_ref(&blob)));
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    let recorded = store.record(run_id(1), 1, vec![Entry::Step(first)], Durability::Soon);
    recorded.await.unwrap();
    let mut copy = new_run(2, "m");
    copy.input = Payload::from_json(format!("{{\"handle\":{handle}}}"));
    store.create_run(copy).await.unwrap();
    let end = ending(RunState::Completed);
    store.finish(run_id(1), 1, vec![], end).await.unwrap();
    assert!(store.delete_run(run_id(1)).await.unwrap());
    let there = store.blob(blob.id(), String::new()).await.unwrap();
    assert_eq!(&*there, b"attached", "another run has a handle to it");
}
