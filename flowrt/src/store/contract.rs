//! What every store must do. One suite, run against each of them.

use std::sync::Arc;

use uuid::Uuid;

use super::sample::{attempt, claimed, ending, line, new_run, payload, run_id, step, wait};
use super::{Durability, Ending, Error, LogFilter, PAYLOAD_BYTES_MAX, Reopening, RunFilter, Store};
use crate::model::payload::Payload;
use crate::model::record::{ASIDE, Entry, StepKind, StepRecord};
use crate::model::state::{RunState, TaskState};

const SOON: Durability = Durability::Soon;

/// Runs the whole suite, each case on a fresh store.
pub(super) async fn check_all<G>(fresh: impl Fn() -> (Arc<dyn Store>, G)) {
    macro_rules! check {
        ($($case:ident),* $(,)?) => {$(
            let (store, guard) = fresh();
            $case(&*store).await;
            store.close().await.expect(stringify!($case));
            assert!(matches!(store.run(run_id(1)).await, Err(Error::Closed)), "closed");
            assert!(matches!(store.close().await, Err(Error::Closed)), "closed twice");
            drop(guard);
        )*};
    }
    check!(
        a_run_is_accepted_once,
        names_are_made_unique,
        runs_are_found_by_name_and_id,
        lists_are_newest_first_and_paged,
        a_claim_needs_the_epoch,
        writes_under_an_old_epoch_change_nothing,
        the_journal_holds_what_was_recorded,
        entries_are_all_or_none,
        a_step_cannot_be_rewritten,
        a_step_ends_its_wait_and_counts_as_progress,
        an_ended_run_takes_no_writes,
        an_interrupted_run_goes_on_with_its_waits,
        reopening_sets_records_aside,
        records_set_aside_are_reused,
        cancel_reaches_all_below,
        signals_are_numbered_and_repeat_by_key,
        logs_are_read_by_cursor,
        only_ended_families_are_deleted,
        counts_are_by_outcome,
        large_values_are_refused,
        flows_are_remembered,
        this_process_lives,
    );
}

async fn a_run_is_accepted_once(store: &dyn Store) {
    let mut new = new_run(1, "calm");
    new.idempotency_key = Some("k".into());
    let first = store.create_run(new.clone()).await.unwrap();
    assert_eq!(
        (first.state, first.epoch, first.attempt),
        (RunState::Pending, 0, 1)
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

async fn names_are_made_unique(store: &dyn Store) {
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

async fn runs_are_found_by_name_and_id(store: &dyn Store) {
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

async fn lists_are_newest_first_and_paged(store: &dyn Store) {
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
    let gone = RunFilter {
        before: Some(run_id(9)),
        ..RunFilter::default()
    };
    assert!(matches!(
        store.list_runs(gone).await,
        Err(Error::NoSuchRun(_))
    ));
}

async fn a_claim_needs_the_epoch(store: &dyn Store) {
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

async fn writes_under_an_old_epoch_change_nothing(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    let entries = || vec![Entry::Step(step(0, "a"))];
    let unclaimed = store.record(run_id(1), 0, entries(), SOON).await;
    assert!(matches!(unclaimed, Err(Error::LeaseLost)), "{unclaimed:?}");
    claimed(store, 1).await;
    store.claim(run_id(1), 1, true, 9).await.unwrap().unwrap();
    let before = (
        store.run(run_id(1)).await.unwrap(),
        store.journal(run_id(1)).await.unwrap(),
    );
    let lost = [
        store.record(run_id(1), 1, entries(), SOON).await,
        store
            .set_state(run_id(1), 1, RunState::Waiting, 2, SOON)
            .await,
        store
            .finish(run_id(1), 1, entries(), ending(RunState::Completed))
            .await,
    ];
    for outcome in lost {
        assert!(matches!(outcome, Err(Error::LeaseLost)), "{outcome:?}");
    }
    let after = (
        store.run(run_id(1)).await.unwrap(),
        store.journal(run_id(1)).await.unwrap(),
    );
    assert_eq!(before, after);
    let missing = store.record(run_id(2), 1, entries(), SOON).await;
    assert!(matches!(missing, Err(Error::NoSuchRun(_))));
}

async fn the_journal_holds_what_was_recorded(store: &dyn Store) {
    let mut new = new_run(1, "n");
    let copied = step(ASIDE, "copied");
    new.steps = vec![copied.clone()];
    store.create_run(new).await.unwrap();
    claimed(store, 1).await;
    let full = StepRecord {
        kind: StepKind::Receive,
        signal: Some(u64::MAX),
        fingerprint: u64::MAX,
        reused_from: Some(run_id(7)),
        scope: "b1".into(),
        position: u32::MAX,
        tolerated: true,
        state: TaskState::Failed,
        started: -1,
        output: None,
        ..step(1, "b1/x#2")
    };
    let entries = vec![
        Entry::Wait(wait("w2")),
        Entry::Wait(wait("w1")),
        Entry::Wait(wait("w3")),
        Entry::Step(full.clone()),
        Entry::Step(step(0, "ü")),
        Entry::Attempt(attempt("ü", 2)),
        Entry::Attempt(attempt("ü", 1)),
        Entry::WaitOver("w3".into()),
        Entry::ScopeEnd("b1".into(), 2),
        Entry::ScopeEnd(String::new(), 1),
        Entry::ScopeEnd(String::new(), 3),
    ];
    store
        .record(run_id(1), 1, entries, Durability::Synced)
        .await
        .unwrap();
    let journal = store.journal(run_id(1)).await.unwrap();
    assert_eq!(journal.steps, [step(0, "ü"), full, copied]);
    assert_eq!(journal.attempts, [attempt("ü", 1), attempt("ü", 2)]);
    assert_eq!(journal.waits, [wait("w1"), wait("w2")]);
    assert_eq!(journal.scopes, [(String::new(), 3), ("b1".into(), 2)]);
    assert!(matches!(
        store.journal(run_id(2)).await,
        Err(Error::NoSuchRun(_))
    ));
}

async fn entries_are_all_or_none(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    store
        .record(run_id(1), 1, vec![Entry::Step(step(0, "a"))], SOON)
        .await
        .unwrap();
    let before = store.journal(run_id(1)).await.unwrap();
    let clashing = [
        vec![
            Entry::Step(step(1, "b")),
            Entry::Wait(wait("w")),
            Entry::Step(step(0, "other")),
        ],
        vec![Entry::Step(step(1, "b")), Entry::Step(step(1, "c"))],
        vec![
            Entry::Step(step(1, "b")),
            Entry::Reused {
                from: ASIDE,
                step: step(2, "c"),
            },
        ],
    ];
    for entries in clashing {
        let outcome = store.record(run_id(1), 1, entries, SOON).await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
        assert_eq!(store.journal(run_id(1)).await.unwrap(), before);
    }
}

async fn a_step_cannot_be_rewritten(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    let record = async |step| {
        store
            .record(run_id(1), 1, vec![Entry::Step(step)], SOON)
            .await
    };
    record(step(3, "a")).await.unwrap();
    record(step(3, "a")).await.unwrap();
    let other = StepRecord {
        output: Some(payload("other")),
        ..step(3, "a")
    };
    assert!(matches!(record(other).await, Err(Error::Conflict(_))));
    let tolerated = StepRecord {
        tolerated: true,
        ..step(3, "a")
    };
    record(tolerated.clone()).await.unwrap();
    assert_eq!(store.journal(run_id(1)).await.unwrap().steps, [tolerated]);
}

async fn a_step_ends_its_wait_and_counts_as_progress(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    store
        .record(
            run_id(1),
            1,
            vec![Entry::Wait(wait("a")), Entry::Wait(wait("b"))],
            SOON,
        )
        .await
        .unwrap();
    store.claim(run_id(1), 1, true, 5).await.unwrap().unwrap();
    let crashes = async || store.run(run_id(1)).await.unwrap().unwrap().crashes;
    store
        .record(run_id(1), 2, vec![Entry::Attempt(attempt("a", 1))], SOON)
        .await
        .unwrap();
    assert_eq!(crashes().await, 1, "an attempt is no progress");
    store
        .record(run_id(1), 2, vec![Entry::Step(step(0, "a"))], SOON)
        .await
        .unwrap();
    assert_eq!(crashes().await, 0);
    assert_eq!(store.journal(run_id(1)).await.unwrap().waits, [wait("b")]);
}

async fn an_ended_run_takes_no_writes(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    let not_an_end = store
        .finish(run_id(1), 1, vec![], ending(RunState::Waiting))
        .await;
    assert!(
        matches!(not_an_end, Err(Error::Failed(_))),
        "{not_an_end:?}"
    );
    let an_end = store
        .set_state(run_id(1), 1, RunState::Failed, 1, SOON)
        .await;
    assert!(matches!(an_end, Err(Error::Failed(_))), "{an_end:?}");
    store
        .set_state(run_id(1), 1, RunState::Retrying, 2, SOON)
        .await
        .unwrap();
    store
        .record(run_id(1), 1, vec![Entry::Wait(wait("w"))], SOON)
        .await
        .unwrap();
    let end = Ending {
        output: Some(payload("out")),
        error: Some(payload("why")),
        ..ending(RunState::Completed)
    };
    store
        .finish(run_id(1), 1, vec![Entry::Step(step(0, "a"))], end)
        .await
        .unwrap();
    let run = store.run(run_id(1)).await.unwrap().unwrap();
    assert_eq!(
        (run.state, run.attempt, run.owner, run.finished),
        (RunState::Completed, 2, None, Some(99))
    );
    assert_eq!(
        (run.output, run.error),
        (Some(payload("out")), Some(payload("why")))
    );
    let journal = store.journal(run_id(1)).await.unwrap();
    assert_eq!((journal.steps.len(), journal.waits.len()), (1, 0));
    let refused = [
        store.record(run_id(1), 1, vec![], SOON).await.err(),
        store
            .set_state(run_id(1), 1, RunState::Running, 1, SOON)
            .await
            .err(),
        store
            .finish(run_id(1), 1, vec![], ending(RunState::Failed))
            .await
            .err(),
        store.claim(run_id(1), 1, false, 0).await.err(),
        store
            .reopen(run_id(1), 1, Reopening::default(), 0)
            .await
            .err(),
        store
            .send_signal(run_id(1), "s".into(), payload("v"), None, 0)
            .await
            .err(),
    ];
    for error in refused {
        assert!(
            matches!(error, Some(Error::Ended(_, RunState::Completed))),
            "{error:?}"
        );
    }
}

async fn an_interrupted_run_goes_on_with_its_waits(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    store
        .record(run_id(1), 1, vec![Entry::Wait(wait("w"))], SOON)
        .await
        .unwrap();
    store
        .finish(run_id(1), 1, vec![], ending(RunState::Interrupted))
        .await
        .unwrap();
    assert!(matches!(
        store.record(run_id(1), 1, vec![], SOON).await,
        Err(Error::Ended(..))
    ));
    let run = store
        .claim(run_id(1), 1, false, 100)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (run.state, run.finished, run.error),
        (RunState::Running, None, None)
    );
    assert_eq!(store.journal(run_id(1)).await.unwrap().waits, [wait("w")]);
}

async fn reopening_sets_records_aside(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    let running = store.reopen(run_id(1), 1, Reopening::default(), 0).await;
    assert!(matches!(running, Err(Error::Conflict(_))), "{running:?}");
    let entries = vec![
        Entry::Step(step(0, "a")),
        Entry::Step(step(1, "b")),
        Entry::Step(step(2, "c")),
        Entry::Attempt(attempt("a", 1)),
        Entry::Attempt(attempt("b", 1)),
        Entry::ScopeEnd(String::new(), 3),
    ];
    store.record(run_id(1), 1, entries, SOON).await.unwrap();
    store.request_cancel(run_id(1), 3).await.unwrap();
    store
        .finish(run_id(1), 1, vec![], ending(RunState::Failed))
        .await
        .unwrap();
    let changes = || Reopening {
        redo: vec!["b".into()],
        input: Some(payload("new")),
    };
    assert_eq!(
        store.reopen(run_id(1), 0, changes(), 5).await.unwrap(),
        None
    );
    let run = store
        .reopen(run_id(1), 1, changes(), 5)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (run.epoch, run.state, run.finished),
        (2, RunState::Running, None)
    );
    assert_eq!(
        (run.input, run.error, run.cancel_requested),
        (payload("new"), None, None)
    );
    let journal = store.journal(run_id(1)).await.unwrap();
    assert_eq!(journal.steps, [step(ASIDE, "a"), step(ASIDE + 2, "c")]);
    assert_eq!(
        (journal.attempts, journal.scopes),
        (vec![attempt("a", 1)], vec![])
    );
    // A second drive that ends early leaves records of both drives, in the order of the drives.
    store
        .record(run_id(1), 2, vec![Entry::Step(step(0, "b"))], SOON)
        .await
        .unwrap();
    store
        .finish(run_id(1), 2, vec![], ending(RunState::Parked))
        .await
        .unwrap();
    store
        .reopen(run_id(1), 2, Reopening::default(), 6)
        .await
        .unwrap()
        .unwrap();
    let steps = store.journal(run_id(1)).await.unwrap().steps;
    assert_eq!(
        steps,
        [step(ASIDE, "a"), step(ASIDE + 2, "c"), step(ASIDE + 3, "b")]
    );
}

async fn records_set_aside_are_reused(store: &dyn Store) {
    let mut new = new_run(1, "n");
    new.steps = vec![step(ASIDE, "a"), step(ASIDE + 1, "b")];
    store.create_run(new).await.unwrap();
    claimed(store, 1).await;
    assert_eq!(
        store.task_counts(vec![run_id(1)]).await.unwrap()[0].total,
        0,
        "not done yet"
    );
    let reuse = || {
        vec![Entry::Reused {
            from: ASIDE + 1,
            step: step(0, "b#2"),
        }]
    };
    store.record(run_id(1), 1, reuse(), SOON).await.unwrap();
    store.record(run_id(1), 1, reuse(), SOON).await.unwrap();
    let steps = store.journal(run_id(1)).await.unwrap().steps;
    assert_eq!(steps, [step(0, "b#2"), step(ASIDE, "a")]);
    let gone = vec![Entry::Reused {
        from: ASIDE + 1,
        step: step(1, "c"),
    }];
    assert!(matches!(
        store.record(run_id(1), 1, gone, SOON).await,
        Err(Error::Conflict(_))
    ));
}

async fn cancel_reaches_all_below(store: &dyn Store) {
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

async fn signals_are_numbered_and_repeat_by_key(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    let send = async |name: &str, key: Option<&str>| {
        store
            .send_signal(
                run_id(1),
                name.into(),
                payload(name),
                key.map(Into::into),
                4,
            )
            .await
    };
    assert_eq!(send("go", None).await.unwrap(), 0);
    assert_eq!(send("go", Some("k")).await.unwrap(), 1);
    assert_eq!(send("other", Some("k")).await.unwrap(), 1);
    assert_eq!(send("go", None).await.unwrap(), 2);
    let signals = store.signals(run_id(1), 1).await.unwrap();
    assert_eq!(
        signals.iter().map(|signal| signal.seq).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(
        (&*signals[0].name, &signals[0].payload, signals[0].sent),
        ("go", &payload("go"), 4)
    );
    assert_eq!(store.journal(run_id(1)).await.unwrap().signals.len(), 3);
    store.request_cancel(run_id(1), 5).await.unwrap();
    assert_eq!(
        send("go", Some("k")).await.unwrap(),
        1,
        "a repeated call is no new signal"
    );
    assert!(matches!(send("go", None).await, Err(Error::Ended(..))));
    assert!(matches!(
        store.signals(run_id(2), 0).await,
        Err(Error::NoSuchRun(_))
    ));
}

async fn logs_are_read_by_cursor(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    let lines = vec![
        line(1, "a", "one"),
        line(9, "a", "of no run"),
        line(1, "b", "two"),
        line(1, "a", "three"),
    ];
    store.append_logs(lines).await.unwrap();
    let read = async |filter| store.logs(run_id(1), filter).await.unwrap();
    let all = read(LogFilter::default()).await;
    let lines: Vec<_> = all.iter().map(|(_, line)| line.clone()).collect();
    assert_eq!(
        lines,
        [
            line(1, "a", "one"),
            line(1, "b", "two"),
            line(1, "a", "three")
        ]
    );
    let rest = LogFilter {
        after: Some(all[0].0),
        limit: 1,
        ..LogFilter::default()
    };
    assert_eq!(read(rest).await, all[1..2]);
    let of_step = LogFilter {
        step: Some("a".into()),
        ..LogFilter::default()
    };
    assert_eq!(read(of_step).await, [all[0].clone(), all[2].clone()]);
}

async fn only_ended_families_are_deleted(store: &dyn Store) {
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

async fn counts_are_by_outcome(store: &dyn Store) {
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

async fn large_values_are_refused(store: &dyn Store) {
    store.create_run(new_run(1, "n")).await.unwrap();
    claimed(store, 1).await;
    let large = Payload::from_json("1".repeat(PAYLOAD_BYTES_MAX + 1));
    let entry = Entry::Step(StepRecord {
        output: Some(large),
        ..step(0, "a")
    });
    let error = store
        .record(run_id(1), 1, vec![entry], SOON)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::TooLarge {
                setting: "payload_bytes_max",
                ..
            }
        ),
        "{error}"
    );
}

async fn flows_are_remembered(store: &dyn Store) {
    assert_eq!(
        store
            .remember_flows(vec!["b".into(), "a".into()])
            .await
            .unwrap(),
        ["a", "b"]
    );
    assert_eq!(
        store
            .remember_flows(vec!["a".into(), "c".into()])
            .await
            .unwrap(),
        ["a", "b", "c"]
    );
}

async fn this_process_lives(store: &dyn Store) {
    let processes = store.processes().await.unwrap();
    assert_eq!(
        processes
            .iter()
            .map(|process| process.id)
            .collect::<Vec<_>>(),
        [store.process()]
    );
    assert!(store.is_alive(store.process()));
    assert!(!store.is_alive(crate::model::ids::ProcessId(Uuid::from_u128(1))));
    store.sync().await.unwrap();
    assert_eq!(
        store.version().await.unwrap(),
        store.version().await.unwrap()
    );
}
