//! Writes what happens to a run as a whole.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::super::naming::free_name;
use super::super::{
    Ending, Error, Reopening, check_reopenable, check_transition, continued, due_after, taken,
};
use super::fault::Outcome;
use super::list_runs::note_time;
use super::session::{Session, find_name};
use super::tail::Tail;
use super::write_entries::{Head, set_aside, write, write_step};
use super::{read_runs, rows};
use crate::model::dispatch::Dispatch;
use crate::model::ids::{ProcessId, RunId};
use crate::model::record::{Entry, LogLine, Micros, NewRun, RunRecord};
use crate::model::state::RunState;

/// Accepts a run, or finds the one that it repeats.
pub(super) fn create(session: &mut Session, new: &NewRun) -> Outcome<RunRecord> {
    if let Some(there) = earlier(&session.connection, new)? {
        return read_runs::existing(&session.connection, there);
    }
    let Session {
        connection, names, ..
    } = session;
    let accepted = new.accept(free(connection, &new.name)?);
    let flow = names.intern(connection, &new.flow)?;
    let dispatch = &new.dispatch;
    let run = connection
        .prepare_cached(include_str!("sql/insert_run.sql"))?
        .insert(params![
            new.id.0.as_bytes(),
            accepted.name,
            flow,
            accepted.state.as_str(),
            new.created,
            new.logical_time,
            new.seed.cast_signed(),
            new.build,
            new.parent.as_ref().map(|(parent, _)| parent.0.as_bytes()),
            new.parent.as_ref().map(|(_, step)| step),
            new.origin.as_ref().map(|origin| origin.0.as_bytes()),
            new.idempotency_key,
            new.cache.as_str(),
            dispatch.queue,
            accepted.due,
            dispatch.deployment,
            dispatch.slot.as_ref().map(|slot| &slot.schedule),
            dispatch.slot.as_ref().map(|slot| slot.at),
            rows::tags(&dispatch.tags),
            dispatch.backfill,
            dispatch.shown,
        ])?;
    note_time(connection, run, new.created)?;
    connection
        .prepare_cached("INSERT INTO run_payload (run, input) VALUES (?1, ?2)")?
        .execute(params![run, &*new.input])?;
    let mut tail = Tail::default();
    for step in &new.steps {
        write_step(connection, names, &mut tail, run, step)?;
    }
    Ok(accepted)
}

fn earlier(connection: &Connection, new: &NewRun) -> Outcome<Option<RunId>> {
    if read_runs::one(connection, new.id)?.is_some() {
        return Ok(Some(new.id));
    }
    if let Some(run) = run_of_slot(connection, &new.dispatch)? {
        return Ok(Some(run));
    }
    let Some(key) = &new.idempotency_key else {
        return Ok(None);
    };
    let Some(flow) = find_name(connection, &new.flow)? else {
        return Ok(None);
    };
    let mut statement = connection
        .prepare_cached("SELECT uid FROM run WHERE flow = ?1 AND idempotency_key = ?2")?;
    let mut found = statement.query(params![flow, key])?;
    found.next()?.map(|row| rows::run_id(row, 0)).transpose()
}

fn run_of_slot(connection: &Connection, dispatch: &Dispatch) -> Outcome<Option<RunId>> {
    let Some(slot) = &dispatch.slot else {
        return Ok(None);
    };
    let mut statement = connection.prepare_cached(
        "SELECT uid FROM run WHERE ifnull(deployment, '') = ifnull(?1, '') AND schedule = ?2 AND slot = ?3",
    )?;
    let mut found = statement.query(params![dispatch.deployment, slot.schedule, slot.at])?;
    found.next()?.map(|row| rows::run_id(row, 0)).transpose()
}

/// A name that no run has yet.
pub(super) fn free(connection: &Connection, base: &str) -> Outcome<String> {
    free_name(base, |name| is_taken(connection, name))
}

fn is_taken(connection: &Connection, name: &str) -> Outcome<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM run WHERE name = ?1)")?
        .query_row([name], |row| row.get(0))?)
}

pub(super) fn claim(
    connection: &Connection,
    run: RunId,
    seen_epoch: u64,
    after_crash: bool,
    owner: ProcessId,
    now: Micros,
) -> Outcome<Option<RunRecord>> {
    let head = Head::read(connection, run)?;
    if head.epoch != seen_epoch {
        return Ok(None);
    }
    if head.state.is_final() {
        return Err(Error::Ended(run, head.state).into());
    }
    take(
        connection,
        &head,
        owner,
        head.crashes + u32::from(after_crash),
        now,
    )
    .map(Some)
}

pub(super) fn reopen(
    connection: &Connection,
    run: RunId,
    seen_epoch: u64,
    changes: &Reopening,
    owner: ProcessId,
    now: Micros,
) -> Outcome<Option<RunRecord>> {
    let head = Head::read(connection, run)?;
    if head.epoch != seen_epoch {
        return Ok(None);
    }
    check_reopenable(run, head.state, changes)?;
    set_aside(connection, head.id, &changes.redo)?;
    if let Some(input) = &changes.input {
        connection
            .prepare_cached("UPDATE run_payload SET input = ?2 WHERE run = ?1")?
            .execute(params![head.id, &**input])?;
    }
    if head.state != RunState::Retrying {
        connection
            .prepare_cached("UPDATE run SET cancel_requested = NULL WHERE id = ?1")?
            .execute([head.id])?;
    }
    take(connection, &head, owner, 0, now).map(Some)
}

fn take(
    connection: &Connection,
    head: &Head,
    owner: ProcessId,
    crashes: u32,
    now: Micros,
) -> Outcome<RunRecord> {
    connection
        .prepare_cached(include_str!("sql/take_run.sql"))?
        .execute(params![
            head.id,
            owner.0.as_bytes(),
            now,
            crashes,
            taken(head.state).as_str()
        ])?;
    connection
        .prepare_cached("UPDATE run_payload SET output = NULL, error = NULL WHERE run = ?1 AND (output IS NOT NULL OR error IS NOT NULL)")?
        .execute([head.id])?;
    super::tickets::leave_run(connection, head.uid)?;
    read_runs::existing(connection, head.uid)
}

pub(super) fn set_state(
    connection: &Connection,
    head: &Head,
    state: RunState,
    attempt: u32,
) -> Outcome<()> {
    check_transition(head.uid, head.state, state)?;
    connection
        .prepare_cached("UPDATE run SET state = ?2, attempt = ?3 WHERE id = ?1")?
        .execute(params![head.id, state.as_str(), attempt])?;
    Ok(())
}

pub(super) fn finish(
    session: &mut Session,
    run: RunId,
    epoch: u64,
    entries: &[Entry],
    ending: &Ending,
) -> Outcome<()> {
    let head = Head::read_owned(&session.connection, run, epoch)?;
    check_transition(run, head.state, ending.state)?;
    write(session, &head, entries)?;
    super::tickets::leave_run(&session.connection, run)?;
    end(&session.connection, &head, ending)
}

/// Ends a run and accepts the one in which it goes on.
pub(super) fn continue_as(
    session: &mut Session,
    run: RunId,
    epoch: u64,
    entries: &[Entry],
    successor: &NewRun,
    at: Micros,
) -> Outcome<RunRecord> {
    finish(session, run, epoch, entries, &continued(at))?;
    let next = create(session, successor)?.id;
    let (from, to) = (
        Head::read(&session.connection, run)?.id,
        Head::read(&session.connection, next)?.id,
    );
    for statement in include_str!("sql/go_on.sql").split(';') {
        session
            .connection
            .prepare_cached(statement)?
            .execute([from, to])?;
    }
    read_runs::existing(&session.connection, next)
}

/// Keeps the counts of a run that ended, so that a list of runs need not count them.
pub(super) fn keep_tally(connection: &Connection, run: i64) -> Outcome<()> {
    connection
        .prepare_cached("UPDATE run SET tally = ?2 WHERE id = ?1")?
        .execute(params![run, tally(connection, run)?])?;
    Ok(())
}

fn tally(connection: &Connection, run: i64) -> Outcome<String> {
    let counts = read_runs::count(connection, run)?;
    Ok(serde_json::to_string(&counts).map_err(|error| Error::Failed(error.to_string()))?)
}

fn end(connection: &Connection, head: &Head, ending: &Ending) -> Outcome<()> {
    let tally = tally(connection, head.id)?;
    connection
        .prepare_cached(include_str!("sql/end_run.sql"))?
        .execute(params![
            head.id,
            ending.state.as_str(),
            ending.at,
            tally,
            due_after(ending, head.is_left_to_workers)
        ])?;
    connection
        .prepare_cached("UPDATE run_payload SET output = ?2, error = ?3 WHERE run = ?1")?
        .execute(params![
            head.id,
            ending.output.as_deref(),
            ending.error.as_deref()
        ])?;
    if ending.state != RunState::Interrupted {
        connection
            .prepare_cached("DELETE FROM wait WHERE run = ?1")?
            .execute([head.id])?;
    }
    Ok(())
}

pub(super) fn request_cancel(
    connection: &Connection,
    root: RunId,
    now: Micros,
) -> Outcome<Vec<RunId>> {
    let mut changed = Vec::new();
    for id in with_descendants(connection, root)? {
        let head = Head::read(connection, id)?;
        if head.state.is_final() {
            continue;
        }
        let first = connection
            .prepare_cached(
                "UPDATE run SET cancel_requested = ?2 WHERE id = ?1 AND cancel_requested IS NULL",
            )?
            .execute(params![head.id, now])?;
        if !head.has_owner {
            let ending = Ending {
                state: RunState::Cancelled,
                output: None,
                error: None,
                at: now,
            };
            end(connection, &head, &ending)?;
        }
        if first == 1 || !head.has_owner {
            changed.push(id);
        }
    }
    Ok(changed)
}

/// The blobs that a run and all below it need; none of a run that is gone.
pub(super) fn blobs_below(connection: &Connection, root: RunId) -> Outcome<Vec<String>> {
    let mut blobs = Vec::new();
    for id in with_descendants(connection, root)? {
        let run = read_runs::number(connection, id)?;
        let mut statement =
            connection.prepare_cached("SELECT blob FROM blob_use WHERE run = ?1")?;
        let found = statement.query_map([run], |row| row.get(0))?;
        blobs.extend(found.collect::<Result<Vec<String>, _>>()?);
    }
    Ok(blobs)
}

/// The run and all below it, a generation after the other, each in the order of creation.
pub(super) fn with_descendants(connection: &Connection, root: RunId) -> Outcome<Vec<RunId>> {
    Head::read(connection, root)?;
    let mut seen = HashSet::from([root]);
    let mut found = vec![root];
    let mut generation = vec![root];
    let mut statement = connection.prepare_cached("SELECT id, uid FROM run WHERE parent = ?1")?;
    while !generation.is_empty() {
        let mut children = Vec::new();
        for parent in generation {
            let mut below = statement.query([parent.0.as_bytes()])?;
            while let Some(row) = below.next()? {
                children.push((row.get::<_, i64>(0)?, rows::run_id(row, 1)?));
            }
        }
        children.sort_unstable();
        generation = children
            .into_iter()
            .map(|(_, id)| id)
            .filter(|id| seen.insert(*id))
            .collect();
        found.extend(&generation);
    }
    Ok(found)
}

/// Lines of runs that are gone are dropped.
pub(super) fn append_logs(connection: &Connection, lines: &[LogLine]) -> Outcome<()> {
    let mut insert = connection.prepare_cached(include_str!("sql/insert_log.sql"))?;
    for line in lines {
        insert.execute(params![
            line.run.0.as_bytes(),
            line.attempt,
            line.time,
            line.step,
            line.level,
            line.target,
            line.message,
        ])?;
    }
    Ok(())
}

pub(super) fn remember_flows(connection: &Connection, flows: &[String]) -> Outcome<Vec<String>> {
    let mut insert = connection.prepare_cached("INSERT OR IGNORE INTO flow (name) VALUES (?1)")?;
    for flow in flows {
        insert.execute([flow])?;
    }
    let mut statement = connection.prepare_cached("SELECT name FROM flow ORDER BY name")?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// Whether the process drives a run.
pub(super) fn owns_any(connection: &Connection, process: ProcessId) -> Outcome<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM run WHERE owner = ?1 LIMIT 1")?
        .query_row([process.0.as_bytes()], |_| Ok(()))
        .optional()?
        .is_some())
}
