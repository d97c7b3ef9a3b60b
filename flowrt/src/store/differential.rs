//! Random sequences of operations must give the same answers in memory and in a file, which is closed and opened again
//! in between.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::memory::Memory;
use super::sample::{attempt, ending, line, new_run, options, payload, run_id, step, wait};
use super::{Durability, Error, LogFilter, Reopening, RunFilter, Store, sqlite};
use crate::model::record::{ASIDE, Entry, StepRecord};
use crate::model::state::{RunState, TaskState};

const KINDS: &[&str] = &[
    "create",
    "claim",
    "reopen",
    "record",
    "set_state",
    "finish",
    "cancel",
    "signal",
    "log",
    "delete",
    "remember",
    "restart",
];

#[derive(Debug, Clone)]
enum Operation {
    Create {
        run: u64,
        parent: Option<u64>,
        key: Option<u8>,
        copied: bool,
    },
    Claim {
        run: u64,
        stale: bool,
        after_crash: bool,
    },
    Reopen {
        run: u64,
        stale: bool,
        redo: Vec<u8>,
    },
    Record {
        run: u64,
        stale: bool,
        entries: Vec<Entry>,
    },
    SetState {
        run: u64,
        stale: bool,
        state: RunState,
    },
    Finish {
        run: u64,
        stale: bool,
        state: RunState,
        entries: Vec<Entry>,
    },
    Cancel {
        run: u64,
    },
    Signal {
        run: u64,
        key: Option<u8>,
    },
    Log {
        run: u64,
    },
    Delete {
        run: u64,
    },
    Remember {
        flow: u8,
    },
    Restart,
}

fn name(number: u8) -> String {
    format!("s{number}")
}

fn entry() -> impl Strategy<Value = Entry> {
    let a_step = (0..6_u64, 0..4_u8, any::<bool>(), any::<bool>()).prop_map(
        |(seq, number, failed, tolerated)| {
            let state = if failed {
                TaskState::Failed
            } else {
                TaskState::Completed
            };
            StepRecord {
                state,
                tolerated,
                ..step(seq, &name(number))
            }
        },
    );
    prop_oneof![
        6 => a_step.clone().prop_map(Entry::Step),
        2 => (0..3_u64, a_step).prop_map(|(from, step)| Entry::Reused { from: ASIDE + from, step }),
        1 => (0..4_u8, 1..3_u32).prop_map(|(number, count)| Entry::Attempt(attempt(&name(number), count))),
        1 => (0..4_u8).prop_map(|number| Entry::Wait(wait(&name(number)))),
        1 => (0..4_u8).prop_map(|number| Entry::WaitOver(name(number))),
        1 => (0..2_u8, 0..4_u32).prop_map(|(scope, length)| Entry::ScopeEnd(name(scope), length)),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::{
        Cancel, Claim, Create, Delete, Finish, Log, Record, Remember, Reopen, Restart, SetState,
        Signal,
    };
    let run = || 0..4_u64;
    let stale = || prop::bool::weighted(0.1);
    let entries = || prop::collection::vec(entry(), 0..4);
    let key = || prop::option::weighted(0.3, 0..2_u8);
    let end = prop::sample::select(vec![
        RunState::Completed,
        RunState::Failed,
        RunState::Parked,
        RunState::Interrupted,
        RunState::Waiting,
    ]);
    let state = prop::sample::select(vec![
        RunState::Waiting,
        RunState::Retrying,
        RunState::Running,
        RunState::Failed,
    ]);
    prop_oneof![
        4 => (run(), prop::option::weighted(0.3, run()), key(), any::<bool>())
            .prop_map(|(run, parent, key, copied)| Create { run, parent, key, copied }),
        4 => (run(), stale(), any::<bool>()).prop_map(|(run, stale, after_crash)| Claim { run, stale, after_crash }),
        3 => (run(), stale(), prop::collection::vec(0..4_u8, 0..3))
            .prop_map(|(run, stale, redo)| Reopen { run, stale, redo }),
        8 => (run(), stale(), entries()).prop_map(|(run, stale, entries)| Record { run, stale, entries }),
        2 => (run(), stale(), state).prop_map(|(run, stale, state)| SetState { run, stale, state }),
        3 => (run(), stale(), end, entries())
            .prop_map(|(run, stale, state, entries)| Finish { run, stale, state, entries }),
        1 => run().prop_map(|run| Cancel { run }),
        2 => (run(), key()).prop_map(|(run, key)| Signal { run, key }),
        1 => run().prop_map(|run| Log { run }),
        1 => run().prop_map(|run| Delete { run }),
        1 => (0..3_u8).prop_map(|flow| Remember { flow }),
        1 => Just(Restart),
    ]
}

/// What an operation was, its answer as text, and whether it was accepted and had an effect.
type Applied = (&'static str, String, bool);

fn applied<T: std::fmt::Debug>(
    kind: &'static str,
    answer: Result<T, Error>,
    has_effect: impl FnOnce(&T) -> bool,
) -> Applied {
    let accepted = answer.as_ref().is_ok_and(has_effect);
    (kind, format!("{answer:?}"), accepted)
}

/// The epoch to write under: the current one, or one that nobody has.
async fn epoch(store: &dyn Store, run: u64, stale: bool) -> u64 {
    let record = store.run(run_id(run)).await.expect("an open store");
    record.map_or(0, |record| record.epoch) + u64::from(stale)
}

async fn apply(store: &dyn Store, operation: &Operation) -> Applied {
    match operation.clone() {
        Operation::Create {
            run,
            parent,
            key,
            copied,
        } => {
            let mut new = new_run(run, "calm");
            let parent = parent.filter(|parent| *parent != run);
            new.parent = parent.map(|parent| (run_id(parent), "call".into()));
            new.idempotency_key = key.map(name);
            new.steps = if copied {
                vec![step(ASIDE, "s0"), step(ASIDE + 1, "s1")]
            } else {
                vec![]
            };
            let answer = store.create_run(new).await;
            applied("create", answer, |record| record.id == run_id(run))
        }
        Operation::Cancel { run } => {
            let answer = store.request_cancel(run_id(run), 40).await;
            applied("cancel", answer, |ids| !ids.is_empty())
        }
        Operation::Signal { run, key } => {
            let (name, value) = ("go".to_owned(), payload("v"));
            let answer = store
                .send_signal(run_id(run), name, value, key.map(self::name), 50)
                .await;
            applied("signal", answer, |_| true)
        }
        Operation::Log { run } => {
            let answer = store
                .append_logs(vec![line(run, "a", "m"), line(run, "b", "m")])
                .await;
            let there = store.logs(run_id(run), LogFilter::default()).await;
            applied("log", answer, |()| {
                there.is_ok_and(|lines| !lines.is_empty())
            })
        }
        Operation::Delete { run } => {
            applied("delete", store.delete_run(run_id(run)).await, |deleted| {
                *deleted
            })
        }
        Operation::Remember { flow } => applied(
            "remember",
            store.remember_flows(vec![name(flow)]).await,
            |_| true,
        ),
        Operation::Restart => ("restart", String::new(), true),
        owned => apply_owned(store, owned).await,
    }
}

/// The operations under an epoch.
async fn apply_owned(store: &dyn Store, operation: Operation) -> Applied {
    let soon = Durability::Soon;
    match operation {
        Operation::Claim {
            run,
            stale,
            after_crash,
        } => {
            let seen = epoch(store, run, stale).await;
            let answer = store.claim(run_id(run), seen, after_crash, 20).await;
            applied("claim", answer, Option::is_some)
        }
        Operation::Reopen { run, stale, redo } => {
            let redo = redo.into_iter().map(name).collect();
            let changes = Reopening {
                redo,
                input: Some(payload("new")),
                ..Reopening::default()
            };
            let seen = epoch(store, run, stale).await;
            let answer = store.reopen(run_id(run), seen, changes, 30).await;
            applied("reopen", answer, Option::is_some)
        }
        Operation::Record {
            run,
            stale,
            entries,
        } => {
            let had_some = !entries.is_empty();
            let seen = epoch(store, run, stale).await;
            let answer = store.record(run_id(run), seen, entries, soon).await;
            applied("record", answer, |()| had_some)
        }
        Operation::SetState { run, stale, state } => {
            let seen = epoch(store, run, stale).await;
            let answer = store.set_state(run_id(run), seen, state, 2, soon).await;
            applied("set_state", answer, |()| true)
        }
        Operation::Finish {
            run,
            stale,
            state,
            entries,
        } => {
            let seen = epoch(store, run, stale).await;
            let answer = store
                .finish(run_id(run), seen, entries, ending(state))
                .await;
            applied("finish", answer, |()| true)
        }
        other => unreachable!("{other:?} has no epoch"),
    }
}

/// All that can be read, as text.
async fn contents(store: &dyn Store) -> String {
    let runs = store.list_runs(RunFilter::default()).await.expect("a list");
    let mut text = format!("{runs:#?}");
    for run in &runs {
        let inside = (
            store.journal(run.id).await,
            store.task_counts(vec![run.id]).await,
            store.logs(run.id, LogFilter::default()).await,
        );
        text.push_str(&format!("{inside:#?}"));
    }
    text
}

async fn compare(
    operations: &[Operation],
    file: &Path,
    accepted: &mut BTreeSet<&'static str>,
) -> Result<(), TestCaseError> {
    let memory = Memory::open(options(1));
    let open = || sqlite::open(file, options(1)).expect("a store");
    let mut on_disk: Arc<dyn Store> = open();
    for operation in operations {
        if matches!(operation, Operation::Restart) {
            on_disk.close().await.expect("an open store");
            on_disk = open();
        }
        let expected = apply(&*memory, operation).await;
        let actual = apply(&*on_disk, operation).await;
        if expected.2 {
            accepted.insert(expected.0);
        }
        prop_assert_eq!(expected, actual);
    }
    prop_assert_eq!(contents(&*memory).await, contents(&*on_disk).await);
    on_disk.close().await.expect("an open store");
    Ok(())
}

#[test]
fn memory_and_sqlite_agree() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let accepted = std::cell::RefCell::new(BTreeSet::new());
    let config = Config {
        cases: 96,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome =
        TestRunner::new(config).run(&prop::collection::vec(operation(), 20..60), |operations| {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("s.db");
            runtime.block_on(compare(&operations, &file, &mut accepted.borrow_mut()))
        });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    let accepted = accepted.into_inner();
    let never: Vec<_> = KINDS
        .iter()
        .filter(|kind| !accepted.contains(*kind))
        .collect();
    assert!(never.is_empty(), "never accepted: {never:?}");
}
