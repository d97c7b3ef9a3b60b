//! Tickets of limits in SQLite.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::tickets::{
    Admitted, Ask, Bucket, BucketRecord, GiveBack, IfFull, Ticket, Turned, Turns, looked_at, taken,
};
use super::fault::{Fault, Outcome};
use super::rows;
use crate::model::ids::{ProcessId, RunId};
use crate::model::limit::{PATIENCE, Rule, admit};
use crate::model::record::Micros;

const TICKET: &str = "SELECT ticket.id, bucket.name, bucket.key, weight, priority, run, step, process, asked, due, start, done, unwanted
    FROM ticket JOIN bucket ON bucket.id = ticket.bucket";
const LEAVE_UNSTARTED: &str = "DELETE FROM ticket WHERE run = ?1 AND step = ?2 AND start IS NULL";
const LEAVE_STARTED: &str = "UPDATE ticket SET done = 1 WHERE run = ?1 AND step = ?2";

/// Takes turns. `dead` processes hold nothing and wait for nothing.
pub(super) fn take_turns(
    connection: &Connection,
    turns: &Turns,
    own: ProcessId,
    dead: &[ProcessId],
) -> Outcome<Turned> {
    for (rule, ticket, how) in &turns.given {
        give_back(connection, *rule, *ticket, *how)?;
    }
    let mut turned = Turned::default();
    for ask in &turns.asks {
        let ticket = ask_one(connection, ask, own)?;
        if ask.if_full == IfFull::Oust {
            oust(connection, &ask.bucket, ticket)?;
        }
        turned.tickets.push(ticket);
    }
    for (bucket, rule) in &turns.buckets {
        let admitted = admit_some(connection, bucket, *rule, own, dead, turns.now)?;
        turned.admitted.push(admitted);
    }
    for (ask, ticket) in turns.asks.iter().zip(&turned.tickets) {
        if ask.if_full == IfFull::Leave {
            connection
                .prepare_cached("DELETE FROM ticket WHERE id = ?1 AND start IS NULL")?
                .execute([ticket.cast_signed()])?;
        }
    }
    Ok(turned)
}

fn ask_one(connection: &Connection, ask: &Ask, process: ProcessId) -> Outcome<u64> {
    for leave in [LEAVE_UNSTARTED, LEAVE_STARTED] {
        connection
            .prepare_cached(leave)?
            .execute(params![ask.run.0.as_bytes(), ask.step])?;
    }
    let bucket = make_bucket(connection, &ask.bucket)?;
    let id = connection
        .prepare_cached(
            "INSERT INTO ticket (bucket, weight, priority, run, step, process, asked) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .insert(params![
            bucket,
            ask.weight,
            ask.priority,
            ask.run.0.as_bytes(),
            ask.step,
            process.0.as_bytes(),
            ask.asked
        ])?;
    Ok(id.cast_unsigned())
}

/// The run is driven by nobody, or anew: its steps hold nothing and wait for nothing.
pub(super) fn leave_run(connection: &Connection, run: RunId) -> Outcome<()> {
    for sql in [
        "DELETE FROM ticket WHERE run = ?1 AND start IS NULL",
        "UPDATE ticket SET done = 1 WHERE run = ?1",
    ] {
        connection
            .prepare_cached(sql)?
            .execute([run.0.as_bytes()])?;
    }
    Ok(())
}

/// The processes whose tickets count in these buckets.
pub(super) fn processes(
    connection: &Connection,
    buckets: &[(Bucket, Rule)],
) -> Outcome<Vec<ProcessId>> {
    // From one process to the next in the index, because of each there may be thousands.
    let mut statement = connection.prepare_cached(
        "WITH RECURSIVE
            wanted (id) AS (SELECT id FROM bucket WHERE name = ?1 AND key = ?2),
            known (process) AS (
                SELECT (SELECT min(process) FROM ticket WHERE bucket = (SELECT id FROM wanted) AND done = 0)
                UNION ALL
                SELECT (SELECT min(process) FROM ticket WHERE bucket = (SELECT id FROM wanted) AND done = 0 AND process > known.process)
                  FROM known WHERE known.process IS NOT NULL)
         SELECT process FROM known WHERE process IS NOT NULL",
    )?;
    let mut processes = Vec::new();
    for (bucket, _) in buckets {
        let mut found = statement.query(params![bucket.name, bucket.key])?;
        while let Some(row) = found.next()? {
            processes.push(ProcessId(rows::run_id(row, 0)?.0));
        }
    }
    Ok(processes)
}

/// Lets those start whose turn it is.
fn admit_some(
    connection: &Connection,
    bucket: &Bucket,
    rule: Rule,
    own: ProcessId,
    dead: &[ProcessId],
    now: Micros,
) -> Outcome<Admitted> {
    let id = make_bucket(connection, bucket)?;
    let rule = rule_of(connection, &bucket.name)?.unwrap_or(rule);
    clean_up(connection, id, &rule, own, dead, now)?;
    let full_at: Micros = connection
        .prepare_cached("SELECT full_at FROM bucket WHERE id = ?1")?
        .query_row([id], |row| row.get(0))?;
    let started = tickets(
        connection,
        &format!("{TICKET} WHERE bucket = ?1 AND start IS NOT NULL ORDER BY start, ticket.id"),
        params![id],
    )?;
    // Processes that do not start what is due are frozen: all of their tickets are passed over.
    let queue: Vec<_> = tickets(
        connection,
        &format!(
            "{TICKET} WHERE bucket = ?1 AND start IS NULL AND process NOT IN
             (SELECT process FROM ticket WHERE bucket = ?1 AND start IS NULL AND due IS NOT NULL AND due < ?2)
             ORDER BY priority DESC, ticket.id LIMIT ?3"
        ),
        params![id, now - PATIENCE, i64::try_from(looked_at(&rule)).unwrap_or(i64::MAX)],
    )?
    .iter()
    .map(|ticket| ticket.as_waiting(own))
    .collect();
    let admission = admit(
        &rule,
        taken(&rule, started.iter(), full_at, now),
        &queue,
        now,
    );
    for (sql, ids) in [
        (
            "UPDATE ticket SET start = ?2, due = NULL WHERE id = ?1",
            &admission.started,
        ),
        ("UPDATE ticket SET due = ?2 WHERE id = ?1", &admission.due),
    ] {
        let mut statement = connection.prepare_cached(sql)?;
        for id in ids {
            statement.execute(params![id.cast_signed(), now])?;
        }
    }
    if admission.full_at != full_at {
        connection
            .prepare_cached("UPDATE bucket SET full_at = ?2 WHERE id = ?1")?
            .execute(params![id, admission.full_at])?;
    }
    Ok(Admitted {
        is_crowded: queue.len() > admission.started.len(),
        started: admission.started,
        unwanted: unwanted(connection, id, own)?,
        next: admission.next,
        rule: Some(rule),
    })
}

/// Drops what counts no more, and what the dead have left.
fn clean_up(
    connection: &Connection,
    bucket: i64,
    rule: &Rule,
    own: ProcessId,
    dead: &[ProcessId],
    now: Micros,
) -> Outcome<()> {
    for process in dead {
        for sql in [
            "DELETE FROM ticket WHERE bucket = ?1 AND process = ?2 AND start IS NULL",
            "UPDATE ticket SET done = 1 WHERE bucket = ?1 AND process = ?2 AND start IS NOT NULL",
        ] {
            connection
                .prepare_cached(sql)?
                .execute(params![bucket, process.0.as_bytes()])?;
        }
    }
    connection
        .prepare_cached("UPDATE ticket SET due = NULL WHERE bucket = ?1 AND start IS NULL AND due IS NOT NULL AND process = ?2")?
        .execute(params![bucket, own.0.as_bytes()])?;
    connection
        .prepare_cached("DELETE FROM ticket WHERE bucket = ?1 AND start IS NOT NULL AND start <= ?2 AND done = 1")?
        .execute(params![bucket, now.saturating_sub(rule.memory())])?;
    Ok(())
}

fn unwanted(connection: &Connection, bucket: i64, own: ProcessId) -> Outcome<Vec<u64>> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM ticket WHERE bucket = ?1 AND unwanted = 1 AND done = 0 AND process = ?2",
    )?;
    let mut found = statement.query(params![bucket, own.0.as_bytes()])?;
    let mut ids = Vec::new();
    while let Some(row) = found.next()? {
        ids.push(row.get::<_, i64>(0)?.cast_unsigned());
    }
    Ok(ids)
}

fn give_back(connection: &Connection, rule: Rule, id: u64, how: GiveBack) -> Outcome<()> {
    let found = tickets(
        connection,
        &format!("{TICKET} WHERE ticket.id = ?1"),
        params![id.cast_signed()],
    )?;
    let Some(ticket) = found.first() else {
        return Ok(());
    };
    let rule = rule_of(connection, &ticket.bucket.name)?.unwrap_or(rule);
    let cost = match how {
        GiveBack::Done(used) => used.unwrap_or(ticket.weight),
        GiveBack::Withdrawn | GiveBack::Late => 0,
    };
    let correction = rule.correction(ticket.weight, cost);
    if ticket.start.is_some() && correction != 0 {
        connection
            .prepare_cached(
                "UPDATE bucket SET full_at = full_at + ?3 WHERE name = ?1 AND key = ?2",
            )?
            .execute(params![ticket.bucket.name, ticket.bucket.key, correction])?;
    }
    let id = id.cast_signed();
    match how {
        GiveBack::Done(_) if ticket.start.is_some() && rule.memory() > 0 => connection
            .prepare_cached("UPDATE ticket SET done = 1, weight = ?2 WHERE id = ?1")?
            .execute(params![id, cost])?,
        GiveBack::Late => connection
            .prepare_cached("UPDATE ticket SET start = NULL, due = NULL WHERE id = ?1")?
            .execute([id])?,
        GiveBack::Done(_) | GiveBack::Withdrawn => connection
            .prepare_cached("DELETE FROM ticket WHERE id = ?1")?
            .execute([id])?,
    };
    Ok(())
}

fn oust(connection: &Connection, bucket: &Bucket, before: u64) -> Outcome<()> {
    let id = make_bucket(connection, bucket)?;
    connection
        .prepare_cached(
            "UPDATE ticket SET unwanted = 1 WHERE bucket = ?1 AND id < ?2 AND done = 0",
        )?
        .execute(params![id, before.cast_signed()])?;
    Ok(())
}

pub(super) fn list(connection: &Connection, name: Option<&str>) -> Outcome<Vec<BucketRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT name, key, full_at, id FROM bucket WHERE ?1 IS NULL OR name = ?1 ORDER BY name, key",
    )?;
    let mut found = statement.query([name])?;
    let mut records = Vec::new();
    while let Some(row) = found.next()? {
        let bucket = Bucket {
            name: row.get(0)?,
            key: row.get(1)?,
        };
        let mut all = Vec::new();
        for which in [
            "start IS NOT NULL ORDER BY start, priority DESC, ticket.id",
            "start IS NULL ORDER BY priority DESC, ticket.id",
        ] {
            all.append(&mut tickets(
                connection,
                &format!("{TICKET} WHERE bucket = ?1 AND {which}"),
                params![row.get::<_, i64>(3)?],
            )?);
        }
        records.push(BucketRecord {
            full_at: row.get(2)?,
            rule: rule_of(connection, &bucket.name)?,
            tickets: all,
            bucket,
        });
    }
    Ok(records)
}

pub(super) fn rules(connection: &Connection) -> Outcome<Vec<(String, Rule)>> {
    let mut statement =
        connection.prepare_cached("SELECT name, rule FROM limit_rule ORDER BY name")?;
    let mut found = statement.query([])?;
    let mut rules = Vec::new();
    while let Some(row) = found.next()? {
        rules.push((row.get(0)?, read_rule(&row.get::<_, String>(1)?)?));
    }
    Ok(rules)
}

pub(super) fn set_rule(connection: &Connection, name: &str, rule: Option<&Rule>) -> Outcome<()> {
    match rule.map(serde_json::to_string).transpose() {
        Ok(Some(rule)) => connection
            .prepare_cached("INSERT OR REPLACE INTO limit_rule (name, rule) VALUES (?1, ?2)")?
            .execute(params![name, rule])?,
        Ok(None) => connection
            .prepare_cached("DELETE FROM limit_rule WHERE name = ?1")?
            .execute([name])?,
        Err(error) => return Err(failed(&error)),
    };
    Ok(())
}

pub(super) fn reset(connection: &Connection, name: &str) -> Outcome<()> {
    for sql in [
        "DELETE FROM ticket WHERE start IS NOT NULL AND done = 1 AND bucket IN (SELECT id FROM bucket WHERE name = ?1)",
        "UPDATE bucket SET full_at = 0 WHERE name = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([name])?;
    }
    Ok(())
}

fn make_bucket(connection: &Connection, bucket: &Bucket) -> Outcome<i64> {
    let there: Option<i64> = connection
        .prepare_cached("SELECT id FROM bucket WHERE name = ?1 AND key = ?2")?
        .query_row(params![bucket.name, bucket.key], |row| row.get(0))
        .optional()?;
    match there {
        Some(id) => Ok(id),
        None => Ok(connection
            .prepare_cached("INSERT INTO bucket (name, key) VALUES (?1, ?2)")?
            .insert(params![bucket.name, bucket.key])?),
    }
}

fn rule_of(connection: &Connection, name: &str) -> Outcome<Option<Rule>> {
    let text: Option<String> = connection
        .prepare_cached("SELECT rule FROM limit_rule WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    text.as_deref().map(read_rule).transpose()
}

fn read_rule(text: &str) -> Outcome<Rule> {
    serde_json::from_str(text).map_err(|error| failed(&error))
}

fn failed(error: &serde_json::Error) -> Fault {
    super::super::Error::Failed(format!("a limit's rule is not readable: {error}")).into()
}

fn tickets(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Outcome<Vec<Ticket>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(params)?;
    let mut tickets = Vec::new();
    while let Some(row) = found.next()? {
        tickets.push(ticket(row)?);
    }
    Ok(tickets)
}

fn ticket(row: &Row<'_>) -> Outcome<Ticket> {
    Ok(Ticket {
        id: row.get::<_, i64>(0)?.cast_unsigned(),
        bucket: Bucket {
            name: row.get(1)?,
            key: row.get(2)?,
        },
        weight: row.get(3)?,
        priority: row.get(4)?,
        run: rows::run_id(row, 5)?,
        step: row.get(6)?,
        process: ProcessId(rows::run_id(row, 7)?.0),
        asked: row.get(8)?,
        due: row.get(9)?,
        start: row.get(10)?,
        is_done: row.get(11)?,
        is_unwanted: row.get(12)?,
    })
}
