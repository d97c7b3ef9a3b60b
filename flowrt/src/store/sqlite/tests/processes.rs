//! Several processes with one file.

use std::sync::{Arc, Barrier};

use super::super::super::sample::{claimed, new_run, options, run_id, step};
use super::super::super::{Durability, Error};
use crate::model::record::Entry;

#[tokio::test]
async fn sixteen_race_and_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let stores: Vec<_> = (1..=4).map(|number| super::open(&path, number)).collect();
    for round in 0..8 {
        stores[0].create_run(new_run(round, "n")).await.unwrap();
        let barrier = Arc::new(Barrier::new(16));
        let threads: Vec<_> = (0..16)
            .map(|number| {
                let (store, barrier) = (stores[number % 4].clone(), barrier.clone());
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .build()
                        .unwrap();
                    barrier.wait();
                    let claim = runtime
                        .block_on(store.claim(run_id(round), 0, false, 1))
                        .unwrap();
                    claim.map(|run| (run.owner, store.process()))
                })
            })
            .collect();
        let won: Vec<_> = threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap())
            .collect();
        assert_eq!(won.len(), 1);
        let owner = stores[1].run(run_id(round)).await.unwrap().unwrap().owner;
        assert_eq!((won[0].0, Some(won[0].1)), (owner, owner));
    }
}

#[tokio::test]
async fn a_process_that_lost_its_lease_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let (one, two) = (super::open(&path, 1), super::open(&path, 2));
    one.create_run(new_run(1, "n")).await.unwrap();
    claimed(&*one, 1).await;
    let version = one.version().await.unwrap();
    two.claim(run_id(1), 1, true, 9).await.unwrap().unwrap();
    assert_ne!(
        one.version().await.unwrap(),
        version,
        "somebody else has written"
    );
    let entries = vec![Entry::Step(step(0, "a"))];
    let late = one.record(run_id(1), 1, entries, Durability::Soon).await;
    assert!(matches!(late, Err(Error::LeaseLost)), "{late:?}");
    assert_eq!(two.journal(run_id(1)).await.unwrap().steps, []);
}

#[tokio::test]
async fn who_lives_is_known_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let (one, two) = (super::open(&path, 1), super::open(&path, 2));
    one.create_run(new_run(1, "n")).await.unwrap();
    claimed(&*two, 1).await;
    let (first, second) = (one.process(), two.process());
    assert!(one.is_alive(second) && two.is_alive(first) && one.is_alive(first));
    assert_eq!(one.processes().await.unwrap().len(), 2);
    two.close().await.unwrap();
    assert!(!one.is_alive(second));
    let there: Vec<_> = one
        .processes()
        .await
        .unwrap()
        .into_iter()
        .map(|process| process.id)
        .collect();
    assert_eq!(
        there,
        [first, second],
        "one that still owns a run is remembered"
    );
    one.claim(run_id(1), 1, true, 9).await.unwrap().unwrap();
    drop(one);
    let three = super::open(&path, 3);
    let there = three.processes().await.unwrap();
    assert_eq!(
        there.iter().map(|process| process.id).collect::<Vec<_>>(),
        [first, options(3).process.id]
    );
}
