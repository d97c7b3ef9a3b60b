//! Reads runs: one, by what a person typed, or a page of them.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::super::naming::id_range;
use super::super::{Error, FOUND_AT_MOST, RunFilter, tally};
use super::fault::{Fault, Outcome};
use super::session::find_name;
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

pub(super) fn find(connection: &Connection, reference: &str) -> Outcome<Vec<RunRecord>> {
    let mut condition = "run.name = ?".to_owned();
    let mut values = vec![Value::from(reference.to_owned())];
    if let Some((low, high)) = id_range(reference) {
        condition.push_str(" OR run.uid BETWEEN ? AND ?");
        values.extend([low, high].map(|id| Value::from(id.as_bytes().to_vec())));
    }
    select(connection, &condition, values, FOUND_AT_MOST)
}

pub(super) fn list(connection: &Connection, filter: &RunFilter) -> Outcome<Vec<RunRecord>> {
    let mut conditions = vec!["TRUE".to_owned()];
    let mut values = Vec::new();
    if let Some(before) = filter.before {
        conditions.push("run.id < ?".into());
        values.push(Value::from(number(connection, before)?));
    }
    if let Some(flow) = &filter.flow {
        let Some(flow) = find_name(connection, flow)? else {
            return Ok(Vec::new());
        };
        conditions.push("run.flow = ?".into());
        values.push(Value::from(flow));
    }
    if !filter.states.is_empty() {
        let marks = vec!["?"; filter.states.len()].join(", ");
        conditions.push(format!("run.state IN ({marks})"));
        let states = filter.states.iter().map(|state| state.as_str().to_owned());
        values.extend(states.map(Value::from));
    }
    if let Some(parent) = filter.parent {
        conditions.push("run.parent = ?".into());
        values.push(Value::from(parent.0.as_bytes().to_vec()));
    }
    if let Some(deployment) = &filter.deployment {
        conditions.push("run.deployment = ?".into());
        values.push(Value::from(deployment.clone()));
    }
    if let Some(backfill) = &filter.backfill {
        conditions.push("run.backfill = ?".into());
        values.push(Value::from(backfill.clone()));
    }
    if filter.roots_only {
        conditions.push("run.parent IS NULL".into());
    }
    if let Some(text) = &filter.text {
        conditions.push(
            "(instr(lower(run.name), ?) > 0 OR instr(lower(run.shown), ?) > 0
              OR run.flow IN (SELECT id FROM name WHERE instr(lower(text), ?) > 0))"
                .into(),
        );
        let text = Value::from(text.to_ascii_lowercase());
        values.extend([text.clone(), text.clone(), text]);
    }
    let times = [
        ("run.created >= ?", filter.since),
        ("run.created < ?", filter.until),
    ];
    for (condition, time) in times {
        if let Some(time) = time {
            conditions.push(condition.into());
            values.push(Value::from(time));
        }
    }
    select(connection, &conditions.join(" AND "), values, filter.limit)
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

fn select(
    connection: &Connection,
    condition: &str,
    values: Vec<Value>,
    limit: usize,
) -> Outcome<Vec<RunRecord>> {
    let mut sql = format!("{SELECT_RUN} WHERE {condition} ORDER BY run.id DESC");
    if limit > 0 {
        sql.push_str(&format!(" LIMIT {limit}"));
    }
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
