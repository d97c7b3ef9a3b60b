//! The queue in SQLite.

use rusqlite::{Connection, params};
use serde_json::Value;

use super::super::queue::{Queue, Rest, Taken, Wanted, WorkerRecord};
use super::super::{
    Answer, Durability, Store, check_transition, due_at_rest, limits::PayloadLimit,
};
use super::fault::{Fault, Outcome};
use super::held::hold;
use super::session::Session;
use super::write_entries::{Head, bytes_of, write};
use super::{Sqlite, rows, write_runs};
use crate::model::ids::{ProcessId, RunId};
use crate::model::record::{Entry, Micros, RunRecord};
use crate::model::state::RunState;

impl Queue for Sqlite {
    fn take_due(&self, wanted: Wanted, now: Micros) -> Answer<'_, Taken> {
        let own = self.process();
        let filter = Filter::of(&wanted);
        Box::pin(async move {
            let asked = filter.clone();
            // Mostly there is nothing to take, and then nothing is written.
            let (owners, next) = self
                .question(move |connection| {
                    Ok((asked.owners(connection)?, asked.next(connection)?))
                })
                .await?;
            let others = owners.into_iter().filter(|owner| *owner != own);
            let (elsewhere, dead): (Vec<_>, Vec<_>) =
                others.partition(|owner| self.is_alive(*owner) && !wanted.frozen.contains(owner));
            if wanted.at_most == 0 || (dead.is_empty() && next.is_none_or(|next| next > now)) {
                return Ok(Taken {
                    runs: Vec::new(),
                    next,
                    elsewhere,
                });
            }
            let taken = self.write(Durability::Soon, Ok(()), 0, move |session| {
                let connection = &session.connection;
                let runs = filter.take(connection, &dead, wanted.at_most, own, now)?;
                Ok(Taken {
                    runs,
                    next: filter.next(connection)?,
                    elsewhere: elsewhere.clone(),
                })
            });
            let mut taken = taken.await?;
            // One that has lost its parameters fails by that, and the others are driven.
            taken.runs = self.filled_each(taken.runs).await?;
            Ok(taken)
        })
    }

    fn rest(&self, run: RunId, epoch: u64, mut entries: Vec<Entry>, rest: Rest) -> Answer<'_, ()> {
        let limit: PayloadLimit = self.0.limit;
        let checked = limit.check_entries(&entries);
        let held = self.apart(|apart| apart.take_entries(&mut entries));
        let bytes = bytes_of(&entries);
        let put = held.clone();
        self.write_apart(Durability::Synced, checked, bytes, put, move |session| {
            leave_at_rest(session, run, epoch, &entries, &rest)?;
            hold(&held, &session.connection, run)
        })
    }

    fn beat(&self, worker: WorkerRecord) -> Answer<'_, ()> {
        self.write(Durability::Soon, Ok(()), 0, move |session| {
            let about = serde_json::to_string(&worker)
                .map_err(|error| super::Error::Failed(error.to_string()))?;
            session
                .connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO worker (process, beat, about) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![worker.process.0.as_bytes(), worker.beat, about])?;
            Ok(())
        })
    }

    fn leave(&self) -> Answer<'_, ()> {
        let own = self.process();
        self.write(Durability::Soon, Ok(()), 0, move |session| {
            forget(&session.connection, own)
        })
    }

    fn workers(&self) -> Answer<'_, Vec<WorkerRecord>> {
        Box::pin(async move {
            let mut all = self.question(workers).await?;
            all.retain(|worker| self.is_alive(worker.process));
            Ok(all)
        })
    }
}

/// That process is no worker any more.
pub(super) fn forget(connection: &Connection, process: ProcessId) -> Outcome<()> {
    connection
        .prepare_cached("DELETE FROM worker WHERE process = ?1")?
        .execute([process.0.as_bytes()])?;
    Ok(())
}

fn workers(connection: &Connection) -> Outcome<Vec<WorkerRecord>> {
    let mut statement = connection.prepare_cached("SELECT about FROM worker")?;
    let mut found = statement.query([])?;
    let mut workers = Vec::new();
    while let Some(row) = found.next()? {
        let about: String = row.get(0)?;
        let worker = serde_json::from_str::<WorkerRecord>(&about);
        workers.push(worker.map_err(|_| Fault::damaged("a worker that is not JSON"))?);
    }
    workers.sort_by_key(|worker| (worker.started, worker.process));
    Ok(workers)
}

fn leave_at_rest(
    session: &mut Session,
    run: RunId,
    epoch: u64,
    entries: &[Entry],
    rest: &Rest,
) -> Outcome<()> {
    let head = Head::read_owned(&session.connection, run, epoch)?;
    check_transition(run, head.state, RunState::Waiting)?;
    write(session, &head, entries)?;
    let connection = &session.connection;
    super::tickets::leave_run(connection, run)?;
    let (signals, is_cancelled) = connection
        .prepare_cached(
            "SELECT (SELECT coalesce(max(seq) + 1, 0) FROM signal WHERE signal.run = run.id), cancel_requested IS NOT NULL
               FROM run WHERE id = ?1",
        )?
        .query_row([head.id], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
    let due = due_at_rest(rest, signals.cast_unsigned(), is_cancelled);
    connection
        .prepare_cached("UPDATE run SET state = ?2, owner = NULL, due = ?3, queue = coalesce(queue, ?4) WHERE id = ?1")?
        .execute(params![head.id, RunState::Waiting.as_str(), due, rest.queue])?;
    Ok(())
}

const WANTED: &str = "queue IN (SELECT value FROM json_each(?1))
    AND flow IN (SELECT name.id FROM name WHERE name.text IN (SELECT value FROM json_each(?2)))
    AND (started IS NULL OR build NOT IN (SELECT value FROM json_each(?3)))";

/// What is wanted, as lists that SQLite reads.
#[derive(Debug, Clone)]
struct Filter {
    queues: String,
    flows: String,
    not_of_builds: String,
}

impl Filter {
    fn of(wanted: &Wanted) -> Self {
        let list = |texts: &Vec<String>| Value::from(texts.as_slice()).to_string();
        Self {
            queues: list(&wanted.queues),
            flows: list(&wanted.flows),
            not_of_builds: list(&wanted.not_of_builds),
        }
    }

    /// The processes that own such runs.
    fn owners(&self, connection: &Connection) -> Outcome<Vec<ProcessId>> {
        let sql = format!("SELECT DISTINCT owner FROM run WHERE owner IS NOT NULL AND {WANTED}");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut found = statement.query(params![self.queues, self.flows, self.not_of_builds])?;
        let mut owners = Vec::new();
        while let Some(row) = found.next()? {
            owners.extend(rows::uuid(row, 0)?.map(ProcessId));
        }
        Ok(owners)
    }

    /// When the first in the queue is due.
    fn next(&self, connection: &Connection) -> Outcome<Option<Micros>> {
        let sql = format!(
            "SELECT due FROM run INDEXED BY run_due WHERE due IS NOT NULL AND {WANTED} ORDER BY due LIMIT 1"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut found = statement.query(params![self.queues, self.flows, self.not_of_builds])?;
        Ok(found.next()?.map(|row| row.get(0)).transpose()?)
    }

    /// Claims what the dead have left, and then what is due.
    fn take(
        &self,
        connection: &Connection,
        dead: &[ProcessId],
        at_most: usize,
        own: ProcessId,
        now: Micros,
    ) -> Outcome<Vec<RunRecord>> {
        let mut chosen = Vec::new();
        for owner in dead {
            let sql = format!(
                "SELECT uid, epoch, state FROM run WHERE owner = ?4 AND {WANTED} ORDER BY id LIMIT ?5"
            );
            let owner = owner.0.as_bytes().to_vec();
            self.choose(connection, &sql, owner, at_most, &mut chosen)?;
        }
        let orphans = chosen.len();
        let sql = format!(
            "SELECT uid, epoch, state FROM run INDEXED BY run_due WHERE due <= ?4 AND {WANTED} ORDER BY due, id LIMIT ?5"
        );
        self.choose(connection, &sql, now, at_most, &mut chosen)?;
        let mut runs = Vec::with_capacity(chosen.len());
        for (index, (run, epoch, state)) in chosen.into_iter().enumerate() {
            let after_crash = index < orphans && state.is_at_work();
            runs.extend(write_runs::claim(
                connection,
                run,
                epoch,
                after_crash,
                own,
                now,
            )?);
        }
        Ok(runs)
    }

    fn choose(
        &self,
        connection: &Connection,
        sql: &str,
        which: impl rusqlite::ToSql,
        at_most: usize,
        chosen: &mut Vec<(RunId, u64, RunState)>,
    ) -> Outcome<()> {
        let left = at_most.saturating_sub(chosen.len());
        let limit = i64::try_from(left).unwrap_or(i64::MAX);
        let mut statement = connection.prepare_cached(sql)?;
        let lists = (&self.queues, &self.flows, &self.not_of_builds);
        let mut found = statement.query(params![lists.0, lists.1, lists.2, which, limit])?;
        while let Some(row) = found.next()? {
            let epoch = row.get::<_, i64>(1)?.cast_unsigned();
            chosen.push((rows::run_id(row, 0)?, epoch, rows::run_state(row, 2)?));
        }
        Ok(())
    }
}
