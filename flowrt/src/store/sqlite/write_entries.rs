//! Writes down what happened inside a run.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::super::{Error, aside_offset, check_owned, check_same_step, nothing_to_reuse};
use super::fault::Outcome;
use super::rows;
use super::session::{Names, Session};
use super::tail;
use super::tail::Tail;
use crate::model::ids::RunId;
use crate::model::record::{ASIDE, AttemptRecord, Entry, StepRecord, WaitRecord};
use crate::model::state::RunState;

const INSERT_STEP: &str = include_str!("sql/insert_step.sql");
const INSERT_ATTEMPT: &str = include_str!("sql/insert_attempt.sql");
const SELECT_STEP_BY_ROW: &str =
    concat!(include_str!("sql/select_step.sql"), " WHERE step.id = ?1");
const DELETE_WAIT: &str = "DELETE FROM wait WHERE run = ?1 AND step = ?2";

/// What a write needs to know of its run.
#[derive(Debug)]
pub(super) struct Head {
    pub id: i64,
    pub uid: RunId,
    pub state: RunState,
    pub epoch: u64,
    pub has_owner: bool,
    pub crashes: u32,
    pub is_left_to_workers: bool,
}

impl Head {
    pub fn read(connection: &Connection, run: RunId) -> Outcome<Self> {
        let mut statement = connection.prepare_cached(
            "SELECT id, state, epoch, owner IS NOT NULL, crashes, queue IS NOT NULL FROM run WHERE uid = ?1",
        )?;
        let mut found = statement.query([run.0.as_bytes()])?;
        let row = found.next()?.ok_or(Error::NoSuchRun(run))?;
        Ok(Self {
            id: row.get(0)?,
            uid: run,
            state: rows::run_state(row, 1)?,
            epoch: row.get::<_, i64>(2)?.cast_unsigned(),
            has_owner: row.get(3)?,
            crashes: row.get(4)?,
            is_left_to_workers: row.get(5)?,
        })
    }

    /// The same, if a write under `epoch` counts.
    pub fn read_owned(connection: &Connection, run: RunId, epoch: u64) -> Outcome<Self> {
        let head = Self::read(connection, run)?;
        check_owned(run, epoch, head.epoch, head.state, head.has_owner)?;
        Ok(head)
    }
}

/// Writes the entries of an owned run.
pub(super) fn write(session: &mut Session, head: &Head, entries: &[Entry]) -> Outcome<()> {
    let Session {
        connection,
        names,
        tails,
    } = session;
    let tail = tails.of(connection, head)?;
    let mut is_progress = false;
    for entry in entries {
        if let Some((step, attempt)) = entry.failed_attempt() {
            super::artifacts::mark_failed(connection, head.id, step, attempt)?;
        }
        match entry {
            Entry::Step(step) => {
                is_progress = true;
                write_step(connection, names, tail, head.id, step)?;
            }
            Entry::Reused { from, step } => {
                is_progress = true;
                reuse_step(connection, names, tail, head.id, *from, step)?;
            }
            Entry::Attempt(attempt) => write_attempt(connection, head.id, attempt)?,
            Entry::Wait(wait) => {
                tail.may_wait = true;
                write_wait(connection, head.id, wait)?;
            }
            Entry::WaitOver(step) => {
                connection
                    .prepare_cached(DELETE_WAIT)?
                    .execute(params![head.id, step])?;
            }
            Entry::ScopeEnd(scope, length) => {
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO scope_end (run, scope, length) VALUES (?1, ?2, ?3)",
                    )?
                    .execute(params![head.id, scope, length])?;
            }
        }
    }
    if is_progress && head.crashes > 0 {
        connection
            .prepare_cached("UPDATE run SET crashes = 0 WHERE id = ?1")?
            .execute([head.id])?;
    }
    Ok(())
}

/// Writes a step, or finds that it is there already with the same content.
pub(super) fn write_step(
    connection: &Connection,
    names: &mut Names,
    tail: &mut Tail,
    run: i64,
    step: &StepRecord,
) -> Outcome<()> {
    if tail.may_wait {
        connection
            .prepare_cached(DELETE_WAIT)?
            .execute(params![run, step.step])?;
    }
    let is_new = tail.is_new(step.seq) || tail.row_of(connection, run, step.seq)?.is_none();
    if is_new && insert_step(connection, names, run, step)? {
        return tail.inserted(connection, run, step.seq, connection.last_insert_rowid());
    }
    let row = tail.row_of(connection, run, step.seq)?;
    let row = row.ok_or_else(|| Error::Failed("a step is neither new nor there".into()))?;
    let there = {
        let mut statement = connection.prepare_cached(SELECT_STEP_BY_ROW)?;
        let mut found = statement.query([row])?;
        match found.next()? {
            Some(row) => rows::step(row)?,
            None => return Err(Error::Failed("a step is neither new nor there".into()).into()),
        }
    };
    check_same_step(&there, step)?;
    connection
        .prepare_cached("UPDATE step SET tolerated = ?2 WHERE id = ?1")?
        .execute(params![row, step.tolerated])?;
    Ok(())
}

fn insert_step(
    connection: &Connection,
    names: &mut Names,
    run: i64,
    step: &StepRecord,
) -> Outcome<bool> {
    let task = names.intern(connection, &step.task)?;
    let inserted = connection.prepare_cached(INSERT_STEP)?.execute(params![
        run,
        step.seq.cast_signed(),
        step.step,
        step.scope,
        step.position,
        task,
        step.kind.as_str(),
        step.state.as_str(),
        step.attempts,
        step.started,
        step.finished,
        step.tolerated,
        step.signal.map(u64::cast_signed),
        step.reused_from.as_ref().map(|run| run.0.as_bytes()),
        step.fingerprint.cast_signed(),
        step.digest.0,
        step.input.as_deref(),
        step.output.as_deref(),
        step.label,
    ])?;
    Ok(inserted == 1)
}

fn reuse_step(
    connection: &Connection,
    names: &mut Names,
    tail: &mut Tail,
    run: i64,
    from: u64,
    step: &StepRecord,
) -> Outcome<()> {
    let was_there = tail.row_of(connection, run, step.seq)?.is_some();
    write_step(connection, names, tail, run, step)?;
    let reused = if from == step.seq {
        None
    } else {
        tail.row_of(connection, run, from)?
    };
    match reused {
        Some(row) => {
            connection
                .prepare_cached("DELETE FROM step WHERE id = ?1")?
                .execute([row])?;
            tail.deleted(from);
            Ok(())
        }
        None if was_there => Ok(()),
        None => Err(nothing_to_reuse(from, step).into()),
    }
}

fn write_attempt(connection: &Connection, run: i64, attempt: &AttemptRecord) -> Outcome<()> {
    connection.prepare_cached(INSERT_ATTEMPT)?.execute(params![
        run,
        attempt.step,
        attempt.attempt,
        attempt.started,
        attempt.finished,
        attempt.next,
        &*attempt.error,
    ])?;
    Ok(())
}

fn write_wait(connection: &Connection, run: i64, wait: &WaitRecord) -> Outcome<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO wait (run, step, kind, due, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![run, wait.step, wait.kind, wait.due, wait.detail.to_string()])?;
    Ok(())
}

/// Drops what is to be done again and sets the rest aside.
pub(super) fn set_aside(connection: &Connection, run: i64, redo: &[String]) -> Outcome<()> {
    drop_steps(connection, run, redo)?;
    for step in redo {
        connection
            .prepare_cached("DELETE FROM attempt WHERE run = ?1 AND step = ?2")?
            .execute(params![run, step])?;
        connection
            .prepare_cached(DELETE_WAIT)?
            .execute(params![run, step])?;
    }
    connection
        .prepare_cached("DELETE FROM scope_end WHERE run = ?1")?
        .execute([run])?;
    let highest: Option<i64> = connection
        .prepare_cached("SELECT max(seq) FROM step WHERE run = ?1 AND seq >= 1099511627776")?
        .query_row([run], |row| row.get(0))?;
    let offset = aside_offset(highest.map(i64::cast_unsigned)).cast_signed();
    let mut update = connection.prepare_cached(
        "UPDATE step SET seq = seq + ?4 WHERE id BETWEEN ?2 AND ?3 AND run = ?1 AND seq < ?5",
    )?;
    for rows in tail::ranges(connection, run)? {
        let (start, end) = (rows.start(), rows.end());
        update.execute(params![run, start, end, offset, ASIDE.cast_signed()])?;
    }
    Ok(())
}

/// Steps have no index by their id, so all of the run are looked at once.
fn drop_steps(connection: &Connection, run: i64, redo: &[String]) -> Outcome<()> {
    if redo.is_empty() {
        return Ok(());
    }
    let redo: HashSet<_> = redo.iter().map(String::as_str).collect();
    let mut dropped = Vec::new();
    {
        let mut statement = connection
            .prepare_cached("SELECT id, step FROM step WHERE id BETWEEN ?2 AND ?3 AND run = ?1")?;
        for rows in tail::ranges(connection, run)? {
            let mut found = statement.query(params![run, rows.start(), rows.end()])?;
            while let Some(row) = found.next()? {
                let step = row.get_ref(1)?.as_str().unwrap_or_default();
                if redo.contains(step) {
                    dropped.push(row.get::<_, i64>(0)?);
                }
            }
        }
    }
    let mut delete = connection.prepare_cached("DELETE FROM step WHERE id = ?1")?;
    for id in dropped {
        delete.execute([id])?;
    }
    Ok(())
}

/// Adds a signal and returns its number; a key that was used returns the number of that signal.
pub(super) fn send_signal(connection: &Connection, run: RunId, signal: &NewSignal) -> Outcome<u64> {
    let head = Head::read(connection, run)?;
    let earlier: Option<i64> = connection
        .prepare_cached("SELECT seq FROM signal WHERE run = ?1 AND idempotency_key = ?2")?
        .query_row(params![head.id, signal.key], |row| row.get(0))
        .optional()?;
    if let Some(seq) = earlier {
        return Ok(seq.cast_unsigned());
    }
    if head.state.is_final() {
        return Err(Error::Ended(run, head.state).into());
    }
    let seq: i64 = connection
        .prepare_cached("SELECT coalesce(max(seq) + 1, 0) FROM signal WHERE run = ?1")?
        .query_row([head.id], |row| row.get(0))?;
    connection
        .prepare_cached(
            "INSERT INTO signal (run, seq, name, sent, idempotency_key, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![head.id, seq, signal.name, signal.sent, signal.key, &*signal.payload])?;
    // A run that rests is due now.
    connection
        .prepare_cached(
            "UPDATE run SET due = min(ifnull(due, ?2), ?2)
              WHERE id = ?1 AND owner IS NULL AND state = 'Waiting' AND queue IS NOT NULL",
        )?
        .execute(params![head.id, signal.sent])?;
    Ok(seq.cast_unsigned())
}

/// Roughly what the entries take, for the size of a group.
pub(super) fn bytes_of(entries: &[Entry]) -> usize {
    let of = |payload: &Option<crate::model::payload::Payload>| {
        payload.as_ref().map_or(0, |payload| payload.len())
    };
    entries
        .iter()
        .map(|entry| match entry {
            Entry::Step(step) | Entry::Reused { step, .. } => of(&step.input) + of(&step.output),
            Entry::Attempt(attempt) => attempt.error.len(),
            Entry::Wait(_) | Entry::WaitOver(_) | Entry::ScopeEnd(..) => 0,
        })
        .sum()
}

/// A signal to be added.
#[derive(Debug)]
pub(super) struct NewSignal {
    pub name: String,
    pub payload: crate::model::payload::Payload,
    pub key: Option<String>,
    pub sent: crate::model::record::Micros,
}
