//! How SQLite finds what is asked for. A table that grows with use is not read from end to end, and what is given out a page
//! at a time is not sorted first.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::super::super::{RunFilter, Store, contract};
use super::super::asked::Asked;
use super::super::migrate;
use crate::model::state::RunState;
use crate::store::sample::{new_run, run_id};

/// Tables that stay small however long a store is used, or of which all is wanted whenever they are read.
const SMALL: &[&str] = &[
    "bucket",
    "deployments",
    "flow",
    "import",
    "limit_rule",
    "migration",
    "name",
    "notice_name",
    "process",
    "run_block",
    "secret",
    "trash",
    "worker",
];

/// What a statement makes for itself out of a few rows.
const MADE: &[&str] = &["CONSTANT", "first", "known", "newest", "wanted"];

/// Statements that may read or sort much, each with the reason: how it begins.
const MAY: &[(&str, &str)] = &[
    (
        "SELECT count(*) FROM \"",
        "`store usage` counts all rows, and says so",
    ),
    (
        "SELECT count(*) FROM run",
        "a backup is compared as a whole",
    ),
    (
        "WITH part (run, steps, bytes)",
        "`store usage` weighs all runs, and says so",
    ),
    (
        "SELECT id FROM run WHERE TRUE",
        "the last of all runs, from the end of the table; it stops at the limit",
    ),
    (
        "SELECT about, active, switched, created, changed FROM deployment ORDER BY name",
        "a list of all of them is asked for",
    ),
    (
        "SELECT deployment, slug, rule, parameters, catchup, active, switched, since, cursor FROM schedule ORDER BY",
        "a list of all of them is asked for",
    ),
    (
        "SELECT about, state, begun, reason FROM backfill  ORDER BY",
        "a list of all of them is asked for",
    ),
    (
        "SELECT id, state, begun FROM backfill",
        "its index holds only those that go on",
    ),
    (
        "SELECT name, key, run, body, created, due, tries, sent, error, id FROM notice ORDER BY id DESC LIMIT",
        "the last notices, from the end of the table; it stops at the limit",
    ),
    (
        "DELETE FROM notice WHERE id IN (SELECT id FROM notice ORDER BY id LIMIT",
        "the first notices, from the beginning of the table; it stops at the limit",
    ),
    (
        "SELECT key, task, run, step, octet_length(output)",
        "a list of all that is kept is asked for",
    ),
    (
        "DELETE FROM cache WHERE (?1 IS NULL",
        "all that is kept is to go",
    ),
    (
        "SELECT id, pid, host, started, build FROM process",
        "there are few processes",
    ),
    ("SELECT name FROM sqlite_schema", "there are few tables"),
    (
        "SELECT run.uid, key, version, kind, step, artifact.attempt, at, failed, description, data, blob FROM artifact JOIN run ON run.id = artifact.run WHERE artifact.run = ?1",
        "all of one run are asked for, of which there are so many at most",
    ),
];

#[tokio::test]
async fn nothing_that_grows_is_read_or_sorted_whole() {
    let folder = tempfile::tempdir().unwrap();
    let asked = Asked::in_folder(folder.path());
    contract::check_all(|| {
        let inside = tempfile::tempdir_in(folder.path()).unwrap();
        (super::open(&inside.path().join("s.db"), 1), inside)
    })
    .await;
    let path = folder.path().join("lists.db");
    let store = super::open(&path, 1);
    ask_for_all_lists(&*store).await;
    store.close().await.unwrap();
    let asked = asked.take();
    assert!(
        asked.len() > 200,
        "only {} statements were seen",
        asked.len()
    );
    let connection = Connection::open(&path).unwrap();
    let found: BTreeMap<String, Vec<String>> = asked
        .into_keys()
        .filter(|sql| !migrate::is_of_a_step(sql))
        .filter(|sql| {
            !MAY.iter()
                .any(|(begin, _)| sql.trim_start().starts_with(begin))
        })
        .filter_map(|sql| {
            let bad = bad_steps(&connection, &sql);
            (!bad.is_empty()).then_some((sql, bad))
        })
        .collect();
    assert!(found.is_empty(), "schema {}: {found:#?}", migrate::latest());
}

/// The steps of a statement's plan that read a table that grows from end to end, or sort.
fn bad_steps(connection: &Connection, sql: &str) -> Vec<String> {
    let verbs = ["SELECT", "WITH", "UPDATE", "DELETE", "INSERT"];
    if !verbs.iter().any(|verb| sql.trim_start().starts_with(verb)) {
        return Vec::new();
    }
    // What is about a file that a test has made by itself.
    let Ok(mut statement) = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")) else {
        return Vec::new();
    };
    let steps = statement.raw_query().mapped(|row| row.get::<_, String>(3));
    steps
        .map(Result::unwrap)
        .filter(|step| is_bad(step))
        .collect()
}

fn is_bad(step: &str) -> bool {
    // That of a last term only puts those in order that are equal in all before it.
    if step.contains("TEMP B-TREE FOR ORDER BY") {
        return true;
    }
    let Some(scanned) = step.strip_prefix("SCAN ") else {
        return false;
    };
    let table = scanned.split(' ').next().unwrap_or_default();
    let is_made =
        MADE.contains(&table) || table.starts_with('(') || scanned.contains("VIRTUAL TABLE");
    !SMALL.contains(&table) && !is_made
}

/// Every way to filter a list of runs, for the pages of which there are many.
async fn ask_for_all_lists(store: &dyn Store) {
    let parent = store.create_run(new_run(1, "parent")).await.unwrap();
    let states = [
        vec![],
        vec![RunState::Failed],
        RunState::ALL
            .iter()
            .copied()
            .filter(|state| state.is_final())
            .collect(),
    ];
    for states in states {
        for filter in narrowed() {
            for (roots_only, before) in [
                (true, None),
                (false, Some(parent.id)),
                (true, Some(parent.id)),
            ] {
                let filter = RunFilter {
                    states: states.clone(),
                    roots_only,
                    before,
                    limit: 50,
                    ..filter.clone()
                };
                store.list_runs(filter).await.unwrap();
            }
        }
    }
    store.find_runs("0192".into()).await.unwrap();
}

fn narrowed() -> Vec<RunFilter> {
    let all = RunFilter::default();
    let flow = Some("offers".to_owned());
    let deployment = Some("nightly".to_owned());
    vec![
        all.clone(),
        RunFilter {
            flow: flow.clone(),
            ..all.clone()
        },
        RunFilter {
            deployment: deployment.clone(),
            ..all.clone()
        },
        RunFilter {
            deployment,
            flow: flow.clone(),
            ..all.clone()
        },
        RunFilter {
            parent: Some(run_id(1)),
            ..all.clone()
        },
        RunFilter {
            backfill: Some("b".to_owned()),
            ..all.clone()
        },
        RunFilter {
            since: Some(1),
            ..all.clone()
        },
        RunFilter {
            since: Some(0),
            until: Some(9),
            flow,
            ..all.clone()
        },
        RunFilter {
            text: Some("par".to_owned()),
            ..all
        },
    ]
}
