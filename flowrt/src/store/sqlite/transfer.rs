//! Runs that go to another store or came from one.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::super::care::entries;
use super::super::{Durability, Error, Import, Imported, Whole};
use super::fault::Outcome;
use super::held::{Held, hold};
use super::session::Session;
use super::write_entries::{Head, write};
use super::write_runs::{append_logs, free, with_descendants};
use super::writer::Writer;
use super::{artifacts, list_runs, read_inside, read_runs, rows};
use crate::model::blob::Blob;
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::{Journal, RunRecord, SignalRecord};

/// A run and all below it with their insides.
pub(super) fn family(connection: &Connection, root: RunId) -> Outcome<Vec<(RunRecord, Journal)>> {
    let mut family = Vec::new();
    for id in with_descendants(connection, root)? {
        let record = read_runs::existing(connection, id)?;
        family.push((record, read_inside::journal(connection, id)?));
    }
    Ok(family)
}

/// Puts runs in, all in one transaction.
pub(super) async fn import(
    writer: &Writer,
    mut import: Import,
    apart: impl Fn(&mut Whole, Vec<Blob>) -> Option<Arc<Held>>,
) -> Result<bool, Error> {
    // The first run needs the bytes of all: those below it go when it goes.
    let mut blobs = std::mem::take(&mut import.blobs);
    let runs = import.runs.iter_mut();
    let held: Vec<_> = runs
        .map(|run| apart(run, std::mem::take(&mut blobs)))
        .collect();
    for held in held.iter().flatten() {
        held.put()?;
    }
    let work = move |session: &mut Session| put_all(session, &import, &held);
    writer.write_patiently(0, Durability::Synced, work).await
}

/// Puts runs in, unless the first of them is here.
fn put_all(session: &mut Session, import: &Import, held: &[Option<Arc<Held>>]) -> Outcome<bool> {
    let Some(first) = import.runs.first() else {
        return Ok(false);
    };
    if read_runs::one(&session.connection, first.record.id)?.is_some() {
        return Ok(false);
    }
    // A run that was here before and came back has another record than the one that is remembered.
    session.tails.forget();
    for (run, held) in import.runs.iter().zip(held) {
        if read_runs::one(&session.connection, run.record.id)?.is_none() {
            put(session, run, import)?;
            hold(held, &session.connection, run.record.id)?;
        }
    }
    Ok(true)
}

/// How a run came here.
pub(super) fn imported(connection: &Connection, run: RunId) -> Outcome<Option<Imported>> {
    let run = read_runs::number(connection, run)?;
    Ok(connection
        .prepare_cached("SELECT exported, imported, definition FROM import WHERE run = ?1")?
        .query_row([run], |row| {
            Ok(Imported {
                exported: row.get(0)?,
                at: row.get(1)?,
                definition: Payload::from_json(row.get::<_, String>(2)?),
            })
        })
        .optional()?)
}

fn put(session: &mut Session, run: &Whole, import: &Import) -> Outcome<()> {
    let record = &run.record;
    let id = insert_run(session, record)?;
    let connection = &session.connection;
    connection
        .prepare_cached(
            "INSERT INTO run_payload (run, input, output, error) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            id,
            &*record.input,
            record.output.as_deref(),
            record.error.as_deref()
        ])?;
    connection
        .prepare_cached(
            "INSERT INTO import (run, imported, exported, definition) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![id, import.at, import.exported, &*run.definition])?;
    let head = Head {
        id,
        uid: record.id,
        state: record.state,
        epoch: record.epoch,
        has_owner: false,
        is_left_to_workers: false,
        crashes: 0,
    };
    write(session, &head, &entries(&run.journal))?;
    let connection = &session.connection;
    for signal in &run.journal.signals {
        insert_signal(connection, id, signal)?;
    }
    append_logs(connection, &run.logs)?;
    artifacts::take_in(connection, id, &run.artifacts)?;
    if record.state.is_final() || record.state.needs_person() {
        super::write_runs::keep_tally(connection, id)?;
    }
    Ok(())
}

fn insert_run(session: &mut Session, record: &RunRecord) -> Outcome<i64> {
    let Session {
        connection, names, ..
    } = session;
    let flow = names.intern(connection, &record.flow)?;
    let name = free(connection, &record.name)?;
    let parent = match &record.parent {
        Some((parent, step)) if read_runs::one(connection, *parent)?.is_some() => {
            Some((parent.0.as_bytes(), step))
        }
        _ => None,
    };
    let id = connection
        .prepare_cached(include_str!("sql/insert_run.sql"))?
        .insert(params![
            record.id.0.as_bytes(),
            name,
            flow,
            record.state.as_str(),
            record.created,
            record.logical_time,
            record.seed.cast_signed(),
            record.build,
            parent.map(|(parent, _)| parent),
            parent.map(|(_, step)| step),
            record.origin.as_ref().map(|origin| origin.0.as_bytes()),
            None::<String>,
            record.cache.as_str(),
            None::<String>,
            None::<i64>,
            record.dispatch.deployment,
            None::<String>,
            None::<i64>,
            rows::tags(&record.dispatch.tags),
            None::<String>,
            record.dispatch.shown,
        ])?;
    list_runs::note_time(connection, id, record.created)?;
    connection
        .prepare_cached(
            "UPDATE run SET epoch = ?2, crashes = ?3, attempt = ?4, started = ?5, finished = ?6, cancel_requested = ?7
              WHERE id = ?1",
        )?
        .execute(params![
            id,
            record.epoch.cast_signed(),
            record.crashes,
            record.attempt,
            record.started,
            record.finished,
            record.cancel_requested,
        ])?;
    Ok(id)
}

fn insert_signal(connection: &Connection, run: i64, signal: &SignalRecord) -> Outcome<()> {
    connection
        .prepare_cached(
            "INSERT INTO signal (run, seq, name, sent, payload) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            run,
            signal.seq.cast_signed(),
            signal.name,
            signal.sent,
            &*signal.payload
        ])?;
    Ok(())
}
