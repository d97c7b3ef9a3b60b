//! Runs as a whole: accepting, finding, claiming, cancelling, deleting.

use uuid::Uuid;

use super::super::sample::{claimed, ending, new_run, run_id, step};
use super::super::{Durability, Error, RunFilter, Store};
use crate::model::record::{CacheUse, Entry, StepKind, StepRecord};
use crate::model::state::{RunState, TaskState};

const SOON: Durability = Durability::Soon;

pub(super) async fn a_run_is_accepted_once(store: &dyn Store) {
    let mut new = new_run(1, "calm");
    new.idempotency_key = Some("k".into());
    new.cache = CacheUse::Refresh;
    let first = store.create_run(new.clone()).await.unwrap();
    assert_eq!(
        (first.state, first.epoch, first.attempt, first.cache),
        (RunState::Pending, 0, 1, CacheUse::Refresh)
    );
    assert_eq!(store.run(run_id(1)).await.unwrap(), Some(first.clone()));
    assert_eq!(
        store.create_run(new.clone()).await.unwrap(),
        first,
        "the same id"
    );
    new.id = run_id(2);
    assert_eq!(
        store.create_run(new.clone()).await.unwrap(),
        first,
        "the same key"
    );
    assert_eq!(store.run(run_id(2)).await.unwrap(), None);
    new.flow = "other".into();
    assert_eq!(
        store.create_run(new).await.unwrap().id,
        run_id(2),
        "a key is of one flow"
    );
}

pub(super) async fn names_are_made_unique(store: &dyn Store) {
    for (number, expected) in [(1, "calm"), (2, "calm-2"), (3, "calm-3")] {
        assert_eq!(
            store
                .create_run(new_run(number, "calm"))
                .await
                .unwrap()
                .name,
            expected
        );
    }
}

pub(super) async fn runs_are_found_by_name_and_id(store: &dyn Store) {
    let mut new = new_run(0, "calm");
    new.id.0 = Uuid::parse_str("abcdef01-0000-7000-8000-000000000001").unwrap();
    let one = store.create_run(new.clone()).await.unwrap();
    new.id.0 = Uuid::parse_str("abcdef02-0000-7000-8000-000000000001").unwrap();
    new.name = "abcdef01".into();
    let two = store.create_run(new).await.unwrap();
    let find = async |text: &str| store.find_runs(text.into()).await.unwrap();
    assert_eq!(find("calm").await, std::slice::from_ref(&one));
    assert_eq!(find("ABCDEF02").await, std::slice::from_ref(&two));
    assert_eq!(find("abcdef01").await, [two.clone(), one.clone()]);
    assert_eq!(
        find("abcdef01-0000-7000-8000-000000000001").await,
        std::slice::from_ref(&one)
    );
    assert_eq!(find("abc").await, []);
    assert_eq!(find("cal").await, []);
}

pub(super) async fn lists_are_newest_first_and_paged(store: &dyn Store) {
    for number in 1..=5 {
        let mut new = new_run(number, "n");
        // Older by its clock, and newer all the same.
        new.created = -i64::try_from(number).unwrap();
        new.flow = if number % 2 == 0 { "even" } else { "odd" }.into();
        new.parent = (number == 5).then(|| (run_id(1), "call".into()));
        store.create_run(new).await.unwrap();
    }
    claimed(store, 2).await;
    let list = async |filter: RunFilter| -> Vec<_> {
        store
            .list_runs(filter)
            .await
            .unwrap()
            .into_iter()
            .map(|run| run.id)
            .collect()
    };
    assert_eq!(
        list(RunFilter::default()).await,
        [5, 4, 3, 2, 1].map(run_id)
    );
    let page = RunFilter {
        before: Some(run_id(4)),
        limit: 2,
        ..RunFilter::default()
    };
    assert_eq!(list(page).await, [3, 2].map(run_id));
    let flow = RunFilter {
        flow: Some("even".into()),
        ..RunFilter::default()
    };
    assert_eq!(list(flow).await, [4, 2].map(run_id));
    let none = RunFilter {
        flow: Some("none".into()),
        ..RunFilter::default()
    };
    assert_eq!(list(none).await, []);
    let states = RunFilter {
        states: vec![RunState::Running, RunState::Failed],
        ..RunFilter::default()
    };
    assert_eq!(list(states).await, [run_id(2)]);
    let children = RunFilter {
        parent: Some(run_id(1)),
        ..RunFilter::default()
    };
    assert_eq!(list(children).await, [run_id(5)]);
    let roots = RunFilter {
        roots_only: true,
        limit: 1,
        ..RunFilter::default()
    };
    assert_eq!(list(roots).await, [run_id(4)]);
    let text = |text: &str| RunFilter {
        text: Some(text.into()),
        ..RunFilter::default()
    };
    assert_eq!(list(text("VEN")).await, [4, 2].map(run_id));
    let name = store.run(run_id(3)).await.unwrap().unwrap().name;
    assert_eq!(list(text(&name)).await, [run_id(3)], "{name}");
    assert_eq!(list(text("no%e")).await, []);
    let times = RunFilter {
        since: Some(-4),
        until: Some(-2),
        ..RunFilter::default()
    };
    assert_eq!(list(times).await, [4, 3].map(run_id));
    let gone = RunFilter {
        before: Some(run_id(9)),
        ..RunFilter::default()
    };
    assert!(matches!(
        store.list_runs(gone).await,
        Err(Error::NoSuchRun(_))
    ));
}

pub(super) async fn each_change_of_a_run_is_counted(store: &dyn Store) {
    let mut seen = vec![store.changes().await.unwrap()];
    store.create_run(new_run(1, "n")).await.unwrap();
    seen.push(store.changes().await.unwrap());
    store.claim(run_id(1), 0, false, 7).await.unwrap().unwrap();
    seen.push(store.changes().await.unwrap());
    store.request_cancel(run_id(1), 8).await.unwrap();
    seen.push(store.changes().await.unwrap());
    let different: std::collections::HashSet<&u64> = seen.iter().collect();
    assert_eq!(different.len(), seen.len(), "{seen:?}");
}

pub(super) async fn a_claim_needs_the_epoch(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    let first = store.claim(run_id(1), 0, false, 7).await.unwrap().unwrap();
    assert_eq!(
        (first.epoch, first.state, first.started),
        (1, RunState::Running, Some(7))
    );
    assert_eq!(first.owner, Some(store.process()));
    assert_eq!(store.claim(run_id(1), 0, false, 8).await.unwrap(), None);
    let second = store.claim(run_id(1), 1, true, 9).await.unwrap().unwrap();
    assert_eq!(
        (second.epoch, second.crashes, second.started),
        (2, 1, Some(7))
    );
    assert_eq!(store.run(run_id(1)).await.unwrap(), Some(second));
    assert!(matches!(
        store.claim(run_id(2), 0, false, 0).await,
        Err(Error::NoSuchRun(_))
    ));
}

pub(super) async fn cancel_reaches_all_below(store: &dyn Store) {
    for (number, parent) in [
        (1, None),
        (2, Some(1)),
        (3, Some(2)),
        (4, Some(1)),
        (5, None),
    ] {
        let mut new = new_run(number, "n");
        new.parent = parent.map(|parent| (run_id(parent), "call".into()));
        store.create_run(new).await.unwrap();
    }
    claimed(store, 1).await;
    claimed(store, 2).await;
    store
        .finish(run_id(2), 1, vec![], ending(RunState::Failed))
        .await
        .unwrap();
    assert_eq!(
        store.request_cancel(run_id(1), 50).await.unwrap(),
        [1, 4, 3].map(run_id)
    );
    let run = async |number| store.run(run_id(number)).await.unwrap().unwrap();
    let one = run(1).await;
    assert_eq!(
        (one.state, one.cancel_requested),
        (RunState::Running, Some(50)),
        "its owner ends it"
    );
    for number in [3, 4] {
        let below = run(number).await;
        assert_eq!(
            (below.state, below.finished),
            (RunState::Cancelled, Some(50))
        );
    }
    assert_eq!(run(2).await.state, RunState::Failed);
    assert_eq!(run(5).await.cancel_requested, None);
    assert_eq!(store.request_cancel(run_id(1), 60).await.unwrap(), []);
    assert_eq!(run(1).await.cancel_requested, Some(50));
    let claim = store.claim(run_id(4), 0, false, 70).await;
    assert!(
        matches!(claim, Err(Error::Ended(_, RunState::Cancelled))),
        "{claim:?}"
    );
}

pub(super) async fn only_ended_families_are_deleted(store: &dyn Store) {
    for (number, parent) in [(1, None), (2, Some(1))] {
        let mut new = new_run(number, "n");
        new.parent = parent.map(|parent| (run_id(parent), "call".into()));
        store.create_run(new).await.unwrap();
    }
    claimed(store, 1).await;
    store
        .finish(
            run_id(1),
            1,
            vec![Entry::Step(step(0, "a"))],
            ending(RunState::Failed),
        )
        .await
        .unwrap();
    assert!(
        !store.delete_run(run_id(1)).await.unwrap(),
        "its child has not ended"
    );
    store.request_cancel(run_id(2), 5).await.unwrap();
    assert!(store.delete_run(run_id(1)).await.unwrap());
    for number in [1, 2] {
        assert_eq!(store.run(run_id(number)).await.unwrap(), None);
    }
    assert!(matches!(
        store.delete_run(run_id(1)).await,
        Err(Error::NoSuchRun(_))
    ));
    // Nothing is left that a new run of the same id would inherit.
    store.create_run(new_run(1, "n")).await.unwrap();
    assert_eq!(
        store.journal(run_id(1)).await.unwrap(),
        crate::model::record::Journal::default()
    );
}

pub(super) async fn counts_are_by_outcome(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    let outcomes = [
        (StepKind::Task, TaskState::Completed),
        (StepKind::Task, TaskState::Cached),
        (StepKind::Flow, TaskState::Failed),
        (StepKind::Node, TaskState::UpstreamFailed),
        (StepKind::Node, TaskState::Skipped),
        (StepKind::Sleep, TaskState::Completed),
    ];
    let entries = outcomes.iter().zip(0..).map(|((kind, state), seq)| {
        Entry::Step(StepRecord {
            kind: *kind,
            state: *state,
            ..step(seq, "a")
        })
    });
    store
        .record(run_id(1), 1, entries.collect(), SOON)
        .await
        .unwrap();
    let live = store.task_counts(vec![run_id(2), run_id(1)]).await.unwrap();
    let one = live[1];
    assert_eq!(
        (
            one.total,
            one.completed,
            one.cached,
            one.failed,
            one.skipped
        ),
        (5, 2, 1, 2, 1)
    );
    assert_eq!(live[0].total, 0);
    store
        .finish(run_id(1), 1, vec![], ending(RunState::Failed))
        .await
        .unwrap();
    assert_eq!(
        store.task_counts(vec![run_id(2), run_id(1)]).await.unwrap(),
        live
    );
}
