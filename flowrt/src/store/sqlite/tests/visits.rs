//! What a page costs in a store of 100,000 runs: counted in steps of SQLite's machine, of which each row that is looked at
//! takes several.

use std::sync::Arc;

use rusqlite::Connection;

use super::super::super::{RunFilter, Store};
use super::super::asked::Asked;
use crate::model::state::RunState;
use crate::store::sample::{new_run, run_id};

const RUNS: i64 = 100_000;
/// One look at each of the runs would be several times as many.
const STEPS_MAX: u64 = 20_000;

/// Half are children of one run, nearly all have completed, one in 10,000 has failed. Three flows: `offers` of the roots,
/// `part` of the children, and `both`, of which few are roots.
const FILL: &str = "
WITH RECURSIVE n (i) AS (VALUES (2) UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
INSERT INTO run (id, uid, name, flow, state, epoch, crashes, attempt, created, logical_time, seed, build, parent, parent_step,
                 deployment, finished)
SELECT i, unhex('0192000000007000' || printf('%016x', i)), 'run-' || i,
       CASE WHEN i % 2 = 0 THEN ?1 WHEN i % 1001 = 0 THEN ?3 ELSE ?2 END,
       CASE WHEN i % 10000 = 77 THEN 'Failed' WHEN i % 10000 = 78 THEN 'Failed' ELSE 'Completed' END,
       1, 0, 1, i * 1000, i, i, 'b1',
       CASE WHEN i % 2 = 1 AND i % 1001 <> 0 THEN unhex('01920000000070000000000000000001') END,
       CASE WHEN i % 2 = 1 AND i % 1001 <> 0 THEN 'part' END,
       CASE WHEN i % 2 = 0 THEN 'nightly' END, i * 1000
  FROM n";

fn filled(folder: &std::path::Path) -> (Arc<dyn Store>, Asked) {
    let path = folder.join("s.db");
    let asked = Asked::in_folder(folder);
    let store = super::open(&path, 1);
    (store, asked)
}

async fn fill(store: &dyn Store, path: &std::path::Path) {
    for (number, flow) in [(1, "offers"), (2, "part"), (3, "both")] {
        let mut new = new_run(1_000_000 + number, flow);
        new.flow = flow.to_owned();
        store.create_run(new).await.unwrap();
    }
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch("DELETE FROM run; DELETE FROM run_payload; DELETE FROM run_block; BEGIN")
        .unwrap();
    connection.execute(FILL, [1, 2, 3]).unwrap();
    connection
        .execute_batch(
            "INSERT INTO run_payload (run, input) SELECT id, '{}' FROM run;
             INSERT INTO run_block (block, first, last) SELECT id / 1024, min(created), max(created) FROM run GROUP BY 1;
             COMMIT",
        )
        .unwrap();
}

#[tokio::test]
async fn a_page_costs_the_same_however_many_runs_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let (store, asked) = filled(folder.path());
    fill(&*store, &folder.path().join("s.db")).await;
    let mut dear = Vec::new();
    for (what, filter, expected) in of_all_and_flows().into_iter().chain(of_places_and_times()) {
        asked.take();
        let found = store
            .list_runs(RunFilter {
                limit: 50,
                ..filter
            })
            .await
            .unwrap();
        let steps: u64 = asked.take().into_values().sum();
        println!("{what}: {} runs for {steps} steps", found.len());
        assert_eq!(found.len(), expected, "{what}");
        if steps > STEPS_MAX {
            dear.push((what, steps));
        }
    }
    asked.take();
    assert_eq!(store.find_runs("0192".to_owned()).await.unwrap().len(), 10);
    let steps: u64 = asked.take().into_values().sum();
    if steps > STEPS_MAX {
        dear.push(("the start of an id", steps));
    }
    assert!(dear.is_empty(), "more than {STEPS_MAX} steps: {dear:?}");
}

/// What is asked, and how many runs a page of 50 then has.
type Asking = (&'static str, RunFilter, usize);

fn all() -> RunFilter {
    RunFilter::default()
}

fn roots() -> RunFilter {
    RunFilter {
        roots_only: true,
        ..all()
    }
}

fn failed() -> Vec<RunState> {
    vec![RunState::Failed, RunState::Crashed, RunState::TimedOut]
}

fn that(is: fn(RunState) -> bool) -> Vec<RunState> {
    let all = RunState::ALL.iter().copied();
    all.filter(|state| is(*state)).collect()
}

fn of_all_and_flows() -> Vec<Asking> {
    let open = that(|state| !state.is_final());
    let ended = that(RunState::is_final);
    vec![
        ("all", all(), 50),
        ("roots", roots(), 50),
        (
            "roots in several states",
            RunFilter {
                states: ended.clone(),
                ..roots()
            },
            50,
        ),
        (
            "roots that failed",
            RunFilter {
                states: failed(),
                ..roots()
            },
            10,
        ),
        (
            "roots that are open",
            RunFilter {
                states: open.clone(),
                ..roots()
            },
            0,
        ),
        (
            "all that are open",
            RunFilter {
                states: open.clone(),
                ..all()
            },
            0,
        ),
        (
            "roots of a flow that is mostly called",
            RunFilter {
                flow: Some("part".to_owned()),
                ..roots()
            },
            0,
        ),
        (
            "roots of a flow",
            RunFilter {
                flow: Some("both".to_owned()),
                ..roots()
            },
            50,
        ),
        (
            "roots of a flow that failed",
            RunFilter {
                flow: Some("offers".to_owned()),
                states: failed(),
                ..roots()
            },
            10,
        ),
    ]
}

fn of_places_and_times() -> Vec<Asking> {
    let open = that(|state| !state.is_final());
    let ended = that(RunState::is_final);
    let recent = Some((RUNS - 20) * 1000);
    vec![
        (
            "a deployment's that failed",
            RunFilter {
                deployment: Some("nightly".to_owned()),
                states: failed(),
                ..roots()
            },
            10,
        ),
        (
            "open children of a run",
            RunFilter {
                parent: Some(run_id(1)),
                states: open,
                ..all()
            },
            0,
        ),
        (
            "children that failed",
            RunFilter {
                parent: Some(run_id(1)),
                states: failed(),
                ..all()
            },
            10,
        ),
        (
            "in several states since a moment ago",
            RunFilter {
                states: ended,
                since: recent,
                ..roots()
            },
            11,
        ),
        (
            "failed since a moment ago",
            RunFilter {
                states: failed(),
                since: recent,
                ..roots()
            },
            0,
        ),
        (
            "long ago",
            RunFilter {
                until: Some(100_000),
                ..roots()
            },
            49,
        ),
        (
            "a page far back",
            RunFilter {
                before: Some(run_id(1000)),
                ..roots()
            },
            50,
        ),
        (
            "since a moment ago",
            RunFilter {
                since: recent,
                ..all()
            },
            21,
        ),
    ]
}
