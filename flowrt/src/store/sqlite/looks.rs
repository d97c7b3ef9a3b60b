//! What people look at of a run's inside. First it is found which rows are wanted, by the few columns that tell; only those
//! are read whole, because what steps give back may be large.

use std::collections::HashSet;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::super::{Answer, Looks, StepFilter};
use super::fault::Outcome;
use super::{Sqlite, read_runs, rows, tail};
use crate::model::ids::RunId;
use crate::model::outline::{self, Line, Outline, Place};
use crate::model::record::{ASIDE, AttemptRecord, Journal, StepRecord, WaitRecord};

/// The same words as those of the index `step_failed`, without which it is not used.
const FAILURES: &str =
    "state IN ('Failed', 'TimedOut', 'Crashed', 'UpstreamFailed') AND tolerated = 0";

const ONE: &str = "SELECT step.seq, step.step, step.scope, step.position, name.text, step.kind, step.digest, step.fingerprint,
       CASE WHEN ?3 THEN step.input END, step.state,
       CASE WHEN ?3 OR step.state IN ('Failed', 'TimedOut', 'Crashed', 'UpstreamFailed') THEN step.output END,
       step.attempts, step.started, step.finished, step.signal, step.reused_from, step.tolerated, step.label
  FROM step
  CROSS JOIN name ON name.id = step.task
 WHERE step.id = ?2 AND step.run = ?1 AND step.seq < ?4";

impl Looks for Sqlite {
    fn outline(&self, run: RunId, counted: Outline) -> Answer<'_, Outline> {
        self.ask_at_length(move |connection| count(connection, run, counted))
    }

    fn steps(&self, run: RunId, filter: StepFilter) -> Answer<'_, Vec<(Place, StepRecord)>> {
        let blobs = Arc::clone(&self.0.blobs);
        self.ask_at_length(move |connection| {
            let (places, steps) = steps(connection, run, &filter)?.into_iter().unzip();
            let mut read = Journal {
                steps,
                ..Journal::default()
            };
            blobs.fill_journal(&|| run.to_string(), &mut read)?;
            let places: Vec<Place> = places;
            Ok(places.into_iter().zip(read.steps).collect())
        })
    }

    fn failures(&self, run: RunId) -> Answer<'_, u64> {
        self.ask_at_length(move |connection| {
            let run = read_runs::number(connection, run)?;
            let sql =
                format!("SELECT count(*) FROM step WHERE run = ?1 AND {FAILURES} AND seq < ?2");
            let mut statement = connection.prepare_cached(&sql)?;
            let counted =
                statement.query_row([run, ASIDE.cast_signed()], |row| row.get::<_, i64>(0));
            Ok(counted?.cast_unsigned())
        })
    }

    fn waits(&self, run: RunId, limit: usize) -> Answer<'_, (Vec<WaitRecord>, u64)> {
        self.ask_at_length(move |connection| waits(connection, run, limit))
    }

    fn scopes(&self, run: RunId) -> Answer<'_, Vec<(String, u32)>> {
        self.ask_at_length(move |connection| {
            let run = read_runs::number(connection, run)?;
            let mut statement = connection.prepare_cached(
                "SELECT scope, length FROM scope_end WHERE run = ?1 AND instr(scope, '/') = 0 ORDER BY scope",
            )?;
            let mut found = statement.query([run])?;
            let mut scopes = Vec::new();
            while let Some(row) = found.next()? {
                scopes.push((row.get(0)?, row.get(1)?));
            }
            Ok(scopes)
        })
    }

    fn attempts(&self, run: RunId, steps: Vec<String>) -> Answer<'_, Vec<AttemptRecord>> {
        let blobs = Arc::clone(&self.0.blobs);
        self.ask_at_length(move |connection| {
            let mut read = Journal {
                attempts: attempts(connection, run, &steps)?,
                ..Journal::default()
            };
            blobs.fill_journal(&|| run.to_string(), &mut read)?;
            Ok(read.attempts)
        })
    }

    fn attempts_after(
        &self,
        run: RunId,
        after: Option<Place>,
    ) -> Answer<'_, Vec<(Place, AttemptRecord)>> {
        let blobs = Arc::clone(&self.0.blobs);
        self.ask_at_length(move |connection| {
            let (places, attempts): (Vec<Place>, _) =
                attempts_after(connection, run, after)?.into_iter().unzip();
            let mut read = Journal {
                attempts,
                ..Journal::default()
            };
            blobs.fill_journal(&|| run.to_string(), &mut read)?;
            Ok(places.into_iter().zip(read.attempts).collect())
        })
    }
}

fn count(connection: &Connection, run: RunId, mut counted: Outline) -> Outcome<Outline> {
    let run = read_runs::number(connection, run)?;
    let mut statement = connection.prepare_cached(
        "SELECT id, step, scope, kind, state, started, finished, reused_from IS NOT NULL, attempts FROM step
          WHERE id BETWEEN ?2 AND ?3 AND run = ?1 AND seq < ?4 ORDER BY id",
    )?;
    for range in tail::ranges_after(connection, run, counted.read)? {
        let mut found = statement.query(params![
            run,
            range.start(),
            range.end(),
            ASIDE.cast_signed()
        ])?;
        while let Some(row) = found.next()? {
            counted.add(Line {
                place: row.get(0)?,
                step: rows::text(row, 1)?,
                scope: rows::text(row, 2)?,
                kind: rows::step_kind(row, 3)?,
                state: rows::task_state(row, 4)?,
                started: row.get(5)?,
                finished: row.get(6)?,
                is_reused: row.get(7)?,
                attempts: row.get(8)?,
            });
        }
    }
    Ok(counted)
}

fn steps(
    connection: &Connection,
    run: RunId,
    filter: &StepFilter,
) -> Outcome<Vec<(Place, StepRecord)>> {
    let run = read_runs::number(connection, run)?;
    let places = places(connection, run, filter)?;
    let mut statement = connection.prepare_cached(ONE)?;
    let mut steps = Vec::with_capacity(places.len());
    for place in places {
        let mut found = statement.query(params![run, place, filter.values, ASIDE.cast_signed()])?;
        if let Some(row) = found.next()? {
            steps.push((place, rows::step(row)?));
        }
    }
    Ok(steps)
}

/// Where what is wanted lies.
fn places(connection: &Connection, run: i64, filter: &StepFilter) -> Outcome<Vec<Place>> {
    let named: Option<HashSet<&str>> = filter
        .named
        .as_ref()
        .map(|names| names.iter().map(String::as_str).collect());
    let is_wanted = |place: Place, step: &str| {
        filter.after.is_none_or(|after| place > after)
            && named.as_ref().is_none_or(|names| names.contains(step))
            && filter
                .kind
                .as_ref()
                .is_none_or(|kind| *outline::kind(step) == **kind)
    };
    let limit = match filter.limit {
        0 => usize::MAX,
        limit => limit,
    };
    let mut places = Vec::new();
    let mut take = |sql: &str, from: Place, to: Place| -> Outcome<bool> {
        let mut statement = connection.prepare_cached(sql)?;
        let mut found = statement.query(params![run, from, to, ASIDE.cast_signed()])?;
        while places.len() < limit
            && let Some(row) = found.next()?
        {
            let place = row.get(0)?;
            if is_wanted(place, rows::text(row, 1)?) {
                places.push(place);
            }
        }
        Ok(places.len() < limit)
    };
    let among = if filter.failed {
        format!(" AND {FAILURES}")
    } else {
        String::new()
    };
    let sql = format!(
        "SELECT id, step FROM step WHERE id BETWEEN ?2 AND ?3 AND run = ?1 AND seq < ?4{among} ORDER BY id"
    );
    if let Some(at) = &filter.at {
        let mut at = at.clone();
        at.sort_unstable();
        at.dedup();
        for place in at {
            if !take(&sql, place, place)? {
                break;
            }
        }
    } else if filter.failed {
        let sql = format!(
            "SELECT id, step FROM step INDEXED BY step_failed
              WHERE run = ?1 AND id BETWEEN ?2 AND ?3 AND seq < ?4{among} ORDER BY id"
        );
        take(&sql, filter.after.unwrap_or(0), Place::MAX)?;
    } else {
        for range in tail::ranges_after(connection, run, filter.after)? {
            if !take(&sql, *range.start(), *range.end())? {
                break;
            }
        }
    }
    Ok(places)
}

fn waits(connection: &Connection, run: RunId, limit: usize) -> Outcome<(Vec<WaitRecord>, u64)> {
    let run = read_runs::number(connection, run)?;
    let count = connection
        .prepare_cached("SELECT count(*) FROM wait WHERE run = ?1")?
        .query_row([run], |row| row.get::<_, i64>(0))?;
    let limit = match limit {
        0 => i64::MAX,
        limit => i64::try_from(limit).unwrap_or(i64::MAX),
    };
    let mut statement = connection.prepare_cached(
        "SELECT step, kind, due, detail FROM wait WHERE run = ?1 ORDER BY step LIMIT ?2",
    )?;
    let mut found = statement.query([run, limit])?;
    let mut waits = Vec::new();
    while let Some(row) = found.next()? {
        waits.push(rows::wait(row)?);
    }
    Ok((waits, count.cast_unsigned()))
}

fn attempts(connection: &Connection, run: RunId, steps: &[String]) -> Outcome<Vec<AttemptRecord>> {
    let run = read_runs::number(connection, run)?;
    let mut statement = connection.prepare_cached(
        "SELECT step, attempt, started, finished, error, next FROM attempt WHERE run = ?1 AND step = ?2 ORDER BY attempt",
    )?;
    let mut attempts = Vec::new();
    for step in steps {
        let mut found = statement.query(params![run, step])?;
        while let Some(row) = found.next()? {
            attempts.push(rows::attempt(row)?);
        }
    }
    Ok(attempts)
}

fn attempts_after(
    connection: &Connection,
    run: RunId,
    after: Option<Place>,
) -> Outcome<Vec<(Place, AttemptRecord)>> {
    let run = read_runs::number(connection, run)?;
    let mut statement = connection.prepare_cached(
        "SELECT step, attempt, started, finished, error, next, id FROM attempt WHERE run = ?1 AND id > ?2 ORDER BY id",
    )?;
    let mut found = statement.query([run, after.unwrap_or_default()])?;
    let mut attempts = Vec::new();
    while let Some(row) = found.next()? {
        attempts.push((row.get(6)?, rows::attempt(row)?));
    }
    Ok(attempts)
}
