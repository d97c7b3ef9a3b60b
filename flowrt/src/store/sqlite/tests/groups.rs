//! Groups: many callers, one transaction, and a failure that stays with its owner.

use std::sync::mpsc::channel;
use std::time::Duration;

use futures_util::future::join_all;

use super::super::super::sample::{claimed, new_run, options, run_id, step};
use super::super::super::{Durability, Error};
use super::super::handle::Handle;
use crate::model::record::Entry;

#[tokio::test]
async fn one_failure_in_a_group_stays_with_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let hour = Duration::from_secs(3600);
    let handle = Handle::open(
        &folder.path().join("s.db"),
        options(1),
        hour,
        Box::new(|_| {}),
    )
    .unwrap();
    let writer = handle.writer.clone();
    let ((held, is_held), (let_go, may_go)) = (channel(), channel());
    let holder = std::thread::spawn({
        let writer = writer.clone();
        move || {
            writer.with(|_| {
                held.send(()).unwrap();
                may_go.recv().unwrap();
            })
        }
    });
    is_held.recv().unwrap();
    let before = writer.durable.committed();
    let write = |number: u64| {
        let writer = writer.clone();
        async move {
            let work = move |session: &mut super::super::Session| {
                let name = format!("f{number}");
                session
                    .connection
                    .execute("INSERT INTO flow (name) VALUES (?1)", [&name])?;
                let id = session.names.intern(&session.connection, &name)?;
                if number == 3 {
                    Err(Error::Conflict("three".into()).into())
                } else {
                    Ok((number, id))
                }
            };
            writer.write(Durability::Soon, 0, work).await
        }
    };
    let release = async {
        let_go.send(()).unwrap();
    };
    let (answers, ()) = futures_util::future::join(join_all((0..8).map(write)), release).await;
    holder.join().unwrap().unwrap();
    for (number, answer) in (0..).zip(&answers) {
        match answer {
            Err(Error::Conflict(_)) => assert_eq!(number, 3),
            other => assert_eq!(other.as_ref().unwrap().0, number),
        }
    }
    assert_eq!(
        writer.durable.committed(),
        before + 2,
        "one transaction, and this count"
    );
    let names = |sql: &str| {
        let count = |connection: &rusqlite::Connection| {
            Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))?)
        };
        handle.readers.read(count).unwrap()
    };
    assert_eq!(names("SELECT count(*) FROM flow"), 7);
    assert_eq!(names("SELECT count(*) FROM name WHERE text = 'f3'"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = super::open(&folder.path().join("s.db"), 1);
    let tasks = (0..16).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            store.create_run(new_run(number, "n")).await.unwrap();
            claimed(&*store, number).await;
            for seq in 0..50 {
                let durability = if seq % 10 == 0 {
                    Durability::Synced
                } else {
                    Durability::Soon
                };
                let entries = vec![Entry::Step(step(seq, &format!("s{seq}")))];
                store
                    .record(run_id(number), 1, entries, durability)
                    .await
                    .unwrap();
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    for number in 0..16 {
        assert_eq!(store.journal(run_id(number)).await.unwrap().steps.len(), 50);
    }
    store.close().await.unwrap();
}
