//! Small questions about the inside of a run.

use super::super::sample::{attempt, claimed, ending, new_run, run_id, step, wait};
use super::super::{Durability, Error, Reopening, StepFilter, Store};
use crate::model::outline::Outline;
use crate::model::record::{Entry, StepRecord};
use crate::model::state::{RunState, TaskState};

async fn write(store: &dyn Store, number: u64, steps: Vec<StepRecord>) {
    let entries = steps.into_iter().map(Entry::Step).collect();
    store
        .record(run_id(number), 1, entries, Durability::Soon)
        .await
        .unwrap();
}

async fn two_runs(store: &dyn Store) {
    for number in 1..=2 {
        store.create_run(new_run(number, "n")).await.unwrap();
        claimed(store, number).await;
    }
}

fn item(seq: u64) -> StepRecord {
    StepRecord {
        scope: "fetch[]".into(),
        ..step(seq, &format!("fetch[{seq}]"))
    }
}

fn failed(seq: u64, tolerated: bool) -> StepRecord {
    StepRecord {
        state: TaskState::Failed,
        tolerated,
        ..item(seq)
    }
}

pub(super) async fn pages_show_each_step_once_while_steps_are_added(store: &dyn Store) {
    two_runs(store).await;
    let mut written = 0;
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        // Those of another run lie between them.
        for _ in 0..5 {
            if written < 300 {
                write(store, 2, vec![item(written)]).await;
                write(store, 1, vec![item(written)]).await;
                written += 1;
            }
        }
        let filter = StepFilter {
            after,
            limit: 3,
            ..StepFilter::default()
        };
        let page = store.steps(run_id(1), filter).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        assert!(page.len() <= 3 && after < Some(*last));
        after = Some(*last);
        seen.extend(page.into_iter().map(|(_, step)| step.seq));
    }
    assert_eq!(seen, (0..300).collect::<Vec<_>>());
}

pub(super) async fn steps_are_found_by_what_they_are(store: &dyn Store) {
    two_runs(store).await;
    write(store, 2, vec![failed(0, false)]).await;
    let steps = vec![item(0), failed(1, true), step(2, "save"), failed(3, false)];
    write(store, 1, steps).await;
    let found = async |filter: StepFilter| {
        let steps = store.steps(run_id(1), filter).await.unwrap();
        steps
            .into_iter()
            .map(|(_, step)| step.seq)
            .collect::<Vec<_>>()
    };
    let failures = StepFilter {
        failed: true,
        ..StepFilter::default()
    };
    assert_eq!(found(failures).await, [3]);
    assert_eq!(store.failures(run_id(1)).await.unwrap(), 1);
    let kind = StepFilter {
        kind: Some("fetch[]".into()),
        ..StepFilter::default()
    };
    assert_eq!(found(kind.clone()).await, [0, 1, 3]);
    assert_eq!(
        found(StepFilter {
            failed: true,
            ..kind
        })
        .await,
        [3]
    );
    let named = StepFilter {
        named: Some(vec!["save".into(), "none".into()]),
        values: true,
        ..StepFilter::default()
    };
    let there = store.steps(run_id(1), named).await.unwrap();
    assert_eq!(
        there.iter().map(|(_, step)| step).collect::<Vec<_>>(),
        [&step(2, "save")]
    );
    let at = StepFilter {
        at: Some(vec![there[0].0]),
        ..StepFilter::default()
    };
    let read = store.steps(run_id(1), at).await.unwrap().remove(0).1;
    assert_eq!((read.seq, read.input, read.output), (2, None, None));
    let nobody = store.steps(run_id(9), StepFilter::default()).await;
    assert!(matches!(nobody, Err(Error::NoSuchRun(_))));
    let ended = store.finish(run_id(1), 1, vec![], ending(RunState::Failed));
    ended.await.unwrap();
    let again = store.reopen(run_id(1), 1, Reopening::default(), 7).await;
    assert!(again.unwrap().is_some());
    let set_aside = "what is set aside is no part of what the run did";
    assert_eq!(
        found(StepFilter::default()).await,
        [0_u64; 0],
        "{set_aside}"
    );
    assert_eq!(store.failures(run_id(1)).await.unwrap(), 0, "{set_aside}");
    let left = store.outline(run_id(1), Outline::default()).await.unwrap();
    assert_eq!(left.total, 0, "{set_aside}");
}

pub(super) async fn an_outline_goes_on_where_it_stopped(store: &dyn Store) {
    two_runs(store).await;
    let mut counted = Outline::default();
    for seq in 0..200 {
        write(store, 2, vec![item(seq)]).await;
        write(store, 1, vec![item(seq)]).await;
        if seq % 37 == 0 {
            counted = store.outline(run_id(1), counted).await.unwrap();
            assert_eq!(counted.total, seq + 1);
        }
    }
    write(store, 1, vec![failed(200, false), step(201, "save")]).await;
    counted = store.outline(run_id(1), counted).await.unwrap();
    let afresh = store.outline(run_id(1), Outline::default()).await.unwrap();
    assert_eq!(counted, afresh);
    let kinds: Vec<_> = counted
        .kinds()
        .iter()
        .map(|kind| (&*kind.name, kind.total))
        .collect();
    assert_eq!(kinds, [("fetch[]", 201), ("save", 1)]);
    assert_eq!(counted.items("fetch[]"), Some(201));
}

pub(super) async fn waits_and_attempts_are_read_by_the_few(store: &dyn Store) {
    two_runs(store).await;
    let mut entries: Vec<Entry> = (1..=3).map(|n| Entry::Attempt(attempt("b", n))).collect();
    entries.push(Entry::Attempt(attempt("a", 1)));
    entries.extend(["x", "y", "z"].map(|name| Entry::Wait(wait(name))));
    entries.push(Entry::ScopeEnd("fetch[]".into(), 3));
    entries.push(Entry::ScopeEnd("fetch[1]/".into(), 3));
    let written = store.record(run_id(1), 1, entries, Durability::Soon);
    written.await.unwrap();
    let (waits, count) = store.waits(run_id(1), 2).await.unwrap();
    assert_eq!((waits, count), (vec![wait("x"), wait("y")], 3));
    assert_eq!(store.waits(run_id(1), 0).await.unwrap().0.len(), 3);
    let made = store
        .attempts(run_id(1), vec!["b".into(), "none".into()])
        .await
        .unwrap();
    assert_eq!(made, [attempt("b", 1), attempt("b", 2), attempt("b", 3)]);
    let written = store.attempts_after(run_id(1), None).await.unwrap();
    let last = written.last().map(|(place, _)| *place);
    let in_order = [("b", 1), ("b", 2), ("b", 3), ("a", 1)].map(|(step, n)| attempt(step, n));
    assert_eq!(
        written
            .into_iter()
            .map(|(_, made)| made)
            .collect::<Vec<_>>(),
        in_order
    );
    let more = vec![
        Entry::Attempt(attempt("a", 2)),
        Entry::Attempt(attempt("b", 1)),
    ];
    store
        .record(run_id(1), 1, more, Durability::Soon)
        .await
        .unwrap();
    let since = store.attempts_after(run_id(1), last).await.unwrap();
    let since: Vec<_> = since.into_iter().map(|(_, made)| made).collect();
    assert_eq!(
        since,
        [attempt("a", 2)],
        "one that is written again keeps its place"
    );
    assert_eq!(
        store.scopes(run_id(1)).await.unwrap(),
        [("fetch[]".to_owned(), 3)]
    );
}
