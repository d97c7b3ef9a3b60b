//! Reads what is recorded of a run's inside.

use rusqlite::types::Value;
use rusqlite::{Connection, Params, Row, params, params_from_iter};

use super::super::{LogFilter, Process};
use super::fault::Outcome;
use super::{read_runs, rows, tail};
use crate::model::ids::{ProcessId, RunId};
use crate::model::record::{Journal, LogLine, SignalRecord, StepRecord};

pub(super) fn journal(connection: &Connection, run: RunId) -> Outcome<Journal> {
    let run = read_runs::number(connection, run)?;
    Ok(Journal {
        steps: steps(connection, run)?,
        attempts: all(
            connection,
            "SELECT step, attempt, started, finished, error, next FROM attempt WHERE run = ?1 ORDER BY step, attempt",
            [run],
            rows::attempt,
        )?,
        waits: all(
            connection,
            "SELECT step, kind, due, detail FROM wait WHERE run = ?1 ORDER BY step",
            [run],
            rows::wait,
        )?,
        scopes: all(
            connection,
            "SELECT scope, length FROM scope_end WHERE run = ?1 ORDER BY scope",
            [run],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?,
        signals: signals_from(connection, run, 0)?,
    })
}

/// By number. They lie in the order of writing, which is that of their numbers but for what is aside.
fn steps(connection: &Connection, run: i64) -> Outcome<Vec<StepRecord>> {
    let mut statement = connection.prepare_cached(concat!(
        include_str!("sql/select_step.sql"),
        " WHERE step.id BETWEEN ?2 AND ?3 AND step.run = ?1 ORDER BY step.id"
    ))?;
    let mut steps = Vec::new();
    for range in tail::ranges(connection, run)? {
        let mut found = statement.query(params![run, range.start(), range.end()])?;
        while let Some(row) = found.next()? {
            steps.push(rows::step(row)?);
        }
    }
    steps.sort_by_key(|step| step.seq);
    Ok(steps)
}

pub(super) fn signals(
    connection: &Connection,
    run: RunId,
    from: u64,
) -> Outcome<Vec<SignalRecord>> {
    let run = read_runs::number(connection, run)?;
    signals_from(connection, run, from)
}

fn signals_from(connection: &Connection, run: i64, from: u64) -> Outcome<Vec<SignalRecord>> {
    all(
        connection,
        "SELECT seq, name, payload, sent FROM signal WHERE run = ?1 AND seq >= ?2 ORDER BY seq",
        params![run, i64::try_from(from).unwrap_or(i64::MAX)],
        rows::signal,
    )
}

pub(super) fn logs(
    connection: &Connection,
    run: RunId,
    filter: &LogFilter,
) -> Outcome<Vec<(i64, LogLine)>> {
    let mut sql =
        "SELECT id, step, attempt, time, level, target, message FROM log WHERE run = ?".to_owned();
    let mut values = vec![Value::from(read_runs::number(connection, run)?)];
    if let Some(after) = filter.after {
        sql.push_str(" AND id > ?");
        values.push(Value::from(after));
    }
    if let Some(before) = filter.before {
        sql.push_str(" AND id < ?");
        values.push(Value::from(before));
    }
    if let Some(step) = &filter.step {
        sql.push_str(" AND step = ?");
        values.push(Value::from(step.clone()));
    }
    sql.push_str(if filter.newest {
        " ORDER BY id DESC"
    } else {
        " ORDER BY id"
    });
    if filter.limit > 0 {
        sql.push_str(&format!(" LIMIT {}", filter.limit));
    }
    let mut lines = all(connection, &sql, params_from_iter(values), |row| {
        rows::line(row, run)
    })?;
    if filter.newest {
        lines.reverse();
    }
    Ok(lines)
}

pub(super) fn processes(connection: &Connection) -> Outcome<Vec<Process>> {
    all(
        connection,
        "SELECT id, pid, host, started, build FROM process ORDER BY started, id",
        [],
        |row| {
            Ok(Process {
                id: ProcessId(rows::run_id(row, 0)?.0),
                pid: row.get(1)?,
                host: row.get(2)?,
                started: row.get(3)?,
                build: row.get(4)?,
            })
        },
    )
}

/// What SQLite finds damaged, at most a few places of it.
pub(super) fn damage(connection: &Connection) -> Outcome<Vec<String>> {
    let found: Vec<String> = all(connection, "PRAGMA integrity_check(5)", [], |row| {
        Ok(row.get(0)?)
    })?;
    let lines = found.iter().flat_map(|text| text.lines());
    let told = lines.filter(|line| *line != "ok" && !line.starts_with("*** in database"));
    Ok(told.map(str::to_owned).collect())
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    record: impl Fn(&Row<'_>) -> Outcome<T>,
) -> Outcome<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(params)?;
    let mut records = Vec::new();
    while let Some(row) = found.next()? {
        records.push(record(row)?);
    }
    Ok(records)
}
