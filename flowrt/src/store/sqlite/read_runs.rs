//! Reads runs: one, or those that fit what a person typed.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Params, params, params_from_iter};

use super::super::naming::id_range;
use super::super::{Error, FOUND_AT_MOST, tally};
use super::fault::{Fault, Outcome};
use super::{rows, tail};
use crate::model::ids::RunId;
use crate::model::record::{ASIDE, Micros, RunRecord, TaskCounts};
use crate::model::state::RunState;

const SELECT_RUN: &str = include_str!("sql/select_run.sql");

pub(super) fn one(connection: &Connection, run: RunId) -> Outcome<Option<RunRecord>> {
    let mut statement = connection.prepare_cached(concat!(
        include_str!("sql/select_run.sql"),
        " WHERE run.uid = ?1"
    ))?;
    let mut found = statement.query([run.0.as_bytes()])?;
    found.next()?.map(rows::run).transpose()
}

pub(super) fn existing(connection: &Connection, run: RunId) -> Outcome<RunRecord> {
    one(connection, run)?.ok_or_else(|| Error::NoSuchRun(run).into())
}

/// The row's number of a run.
pub(super) fn number(connection: &Connection, run: RunId) -> Outcome<i64> {
    connection
        .prepare_cached("SELECT id FROM run WHERE uid = ?1")?
        .query_row([run.0.as_bytes()], |row| row.get(0))
        .optional()?
        .ok_or_else(|| Error::NoSuchRun(run).into())
}

/// By name, and by the start of the id. Ids begin with the time, so of a short start there may be as many as there are runs.
pub(super) fn find(connection: &Connection, reference: &str) -> Outcome<Vec<RunRecord>> {
    let mut numbers = numbers(
        connection,
        "SELECT id FROM run WHERE name = ?1",
        [reference],
    )?;
    if let Some((low, high)) = id_range(reference) {
        numbers.extend(self::numbers(
            connection,
            "SELECT id FROM run WHERE uid BETWEEN ?1 AND ?2 ORDER BY uid DESC LIMIT ?3",
            params![low.as_bytes(), high.as_bytes(), FOUND_AT_MOST as i64],
        )?);
    }
    numbers.sort_unstable_by(|one, other| other.cmp(one));
    numbers.dedup();
    numbers.truncate(FOUND_AT_MOST);
    by_number(connection, &numbers)
}

fn numbers(connection: &Connection, sql: &str, given: impl Params) -> Outcome<Vec<i64>> {
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(given, |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The runs of those numbers, in that order.
pub(super) fn by_number(connection: &Connection, numbers: &[i64]) -> Outcome<Vec<RunRecord>> {
    let mut statement = connection.prepare_cached(concat!(
        include_str!("sql/select_run.sql"),
        " WHERE run.id = ?1"
    ))?;
    let mut runs = Vec::with_capacity(numbers.len());
    for number in numbers {
        let mut found = statement.query([number])?;
        if let Some(row) = found.next()? {
            runs.push(rows::run(row)?);
        }
    }
    Ok(runs)
}

/// Roots in these states by that time of theirs and their id, those behind that place and not later than `until`.
pub(super) fn behind(
    connection: &Connection,
    column: &str,
    place: (Micros, RunId),
    until: Micros,
    states: &[RunState],
    limit: usize,
) -> Outcome<Vec<RunRecord>> {
    let marks = vec!["?"; states.len()].join(", ");
    // The index of states is no way here: of those that ended in one state there may be millions.
    let sql = format!(
        "{SELECT_RUN} WHERE ({column}, run.uid) > (?, ?) AND {column} <= ? AND {column} IS NOT NULL
            AND run.parent IS NULL AND +run.state IN ({marks})
          ORDER BY {column}, run.uid LIMIT {limit}"
    );
    let mut values = vec![
        Value::from(place.0),
        Value::from(place.1.0.as_bytes().to_vec()),
        Value::from(until),
    ];
    values.extend(
        states
            .iter()
            .map(|state| Value::from(state.as_str().to_owned())),
    );
    read(connection, &sql, values)
}

fn read(connection: &Connection, sql: &str, values: Vec<Value>) -> Outcome<Vec<RunRecord>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(params_from_iter(values))?;
    let mut runs = Vec::new();
    while let Some(row) = found.next()? {
        runs.push(rows::run(row)?);
    }
    Ok(runs)
}

/// The counts of each run: kept for those that ended, counted for the others.
pub(super) fn task_counts(connection: &Connection, runs: &[RunId]) -> Outcome<Vec<TaskCounts>> {
    let mut kept = connection.prepare_cached("SELECT id, tally FROM run WHERE uid = ?1")?;
    let mut answer = Vec::with_capacity(runs.len());
    for run in runs {
        let there: Option<(i64, Option<String>)> = kept
            .query_row([run.0.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        answer.push(match there {
            None => TaskCounts::default(),
            Some((id, None)) => count(connection, id)?,
            Some((_, Some(tally))) => serde_json::from_str(&tally)
                .map_err(|_| Fault::damaged("the counts of a run are not JSON"))?,
        });
    }
    Ok(answer)
}

/// Counts the tasks of a run. Records set aside are not part of what it did, nor are hooks and rollbacks, whose scopes are
/// in parentheses.
pub(super) fn count(connection: &Connection, run: i64) -> Outcome<TaskCounts> {
    let mut statement = connection.prepare_cached(
        "SELECT kind, state, reused_from IS NOT NULL, count(*) FROM step
          WHERE id BETWEEN ?2 AND ?3 AND run = ?1 AND seq < ?4 AND substr(scope, 1, 1) <> '('
          GROUP BY 1, 2, 3",
    )?;
    let mut counts = TaskCounts::default();
    for range in tail::ranges(connection, run)? {
        let mut found = statement.query(params![
            run,
            range.start(),
            range.end(),
            ASIDE.cast_signed()
        ])?;
        while let Some(row) = found.next()? {
            let number = row.get::<_, i64>(3)?.cast_unsigned();
            let (kind, state) = (rows::step_kind(row, 0)?, rows::task_state(row, 1)?);
            tally::add_steps(&mut counts, kind, state, row.get(2)?, number);
        }
    }
    Ok(counts)
}
