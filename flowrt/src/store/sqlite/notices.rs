//! Notices that are to be sent.

use rusqlite::{Connection, Row, params};

use super::super::Answer;
use super::super::notices::Notices;
use super::fault::{Fault, Outcome};
use super::{Sqlite, read_runs, rows};
use crate::model::ids::RunId;
use crate::model::notice::NoticeRecord;
use crate::model::record::{Micros, RunRecord};
use crate::model::state::RunState;

const NOTICE: &str =
    "SELECT name, key, run, body, created, due, tries, sent, error, id FROM notice";

impl Notices for Sqlite {
    fn known_since(&self, names: Vec<String>, now: Micros) -> Answer<'_, Vec<Micros>> {
        self.change(move |connection| {
            names
                .iter()
                .map(|name| since(connection, name, now))
                .collect()
        })
    }

    fn note(&self, notices: Vec<NoticeRecord>) -> Answer<'_, u64> {
        self.change(move |connection| {
            let mut insert = connection.prepare_cached(
                "INSERT INTO notice (name, key, run, body, created, due, tries, sent, error)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (name, key) DO NOTHING",
            )?;
            let mut added = 0;
            for notice in &notices {
                added += insert.execute(params![
                    notice.notice,
                    notice.key,
                    notice.run.0.as_bytes(),
                    notice.body.to_string(),
                    notice.created,
                    notice.due,
                    notice.tries,
                    notice.sent,
                    notice.error
                ])?;
            }
            Ok(added as u64)
        })
    }

    fn take_notices(
        &self,
        names: Vec<String>,
        now: Micros,
        until: Micros,
        limit: usize,
    ) -> Answer<'_, Vec<NoticeRecord>> {
        self.change(move |connection| take_notices(connection, &names, now, until, limit))
    }

    fn settle_notice(&self, notice: NoticeRecord) -> Answer<'_, ()> {
        self.change(move |connection| {
            connection
                .prepare_cached(
                    "UPDATE notice SET sent = ?3, due = ?4, error = ?5 WHERE name = ?1 AND key = ?2",
                )?
                .execute(params![notice.notice, notice.key, notice.sent, notice.due, notice.error])?;
            Ok(())
        })
    }

    fn noted(
        &self,
        run: Option<RunId>,
        before: Option<i64>,
        limit: usize,
    ) -> Answer<'_, Vec<(i64, NoticeRecord)>> {
        self.question(move |connection| {
            let before = before.unwrap_or(i64::MAX);
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            match run {
                None => all(
                    connection,
                    &format!("{NOTICE} WHERE id < ?1 ORDER BY id DESC LIMIT ?2"),
                    params![before, limit],
                ),
                Some(run) => all(
                    connection,
                    &format!("{NOTICE} WHERE run = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"),
                    params![run.0.as_bytes(), before, limit],
                ),
            }
        })
    }

    fn known_through(&self, names: Vec<String>, time: Micros) -> Answer<'_, ()> {
        self.change(move |connection| {
            let mut update = connection.prepare_cached(
                "UPDATE notice_name SET since = ?2 WHERE name = ?1 AND since < ?2",
            )?;
            for name in &names {
                update.execute(params![name, time])?;
            }
            Ok(())
        })
    }

    fn forget_notices(&self, before: Micros, limit: usize) -> Answer<'_, u64> {
        self.change(move |connection| {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let gone = connection
                .prepare_cached(
                    "DELETE FROM notice WHERE id IN (SELECT id FROM notice ORDER BY id LIMIT ?2) AND created < ?1",
                )?
                .execute(params![before, limit])?;
            Ok(gone as u64)
        })
    }

    fn ended_after(
        &self,
        place: (Micros, RunId),
        states: Vec<RunState>,
        limit: usize,
    ) -> Answer<'_, Vec<RunRecord>> {
        self.question(move |connection| {
            read_runs::behind(
                connection,
                "run.finished",
                place,
                Micros::MAX,
                &states,
                limit,
            )
        })
    }

    fn overdue(
        &self,
        place: (Micros, RunId),
        until: Micros,
        limit: usize,
    ) -> Answer<'_, Vec<RunRecord>> {
        self.question(move |connection| {
            let states = [RunState::Scheduled, RunState::Pending];
            read_runs::behind(connection, "run.due", place, until, &states, limit)
        })
    }
}

fn since(connection: &Connection, name: &str, now: Micros) -> Outcome<Micros> {
    connection
        .prepare_cached(
            "INSERT INTO notice_name (name, since) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )?
        .execute(params![name, now])?;
    let since = connection
        .prepare_cached("SELECT since FROM notice_name WHERE name = ?1")?
        .query_row([name], |row| row.get(0))?;
    Ok(since)
}

fn take_notices(
    connection: &Connection,
    names: &[String],
    now: Micros,
    until: Micros,
    limit: usize,
) -> Outcome<Vec<NoticeRecord>> {
    // Of names that nobody has any more there may be many, which must not hide the others.
    let names = serde_json::to_string(names).map_err(|error| Fault::damaged(&error.to_string()))?;
    let due = format!(
        "{NOTICE} INDEXED BY notice_due WHERE due <= ?1 AND name IN (SELECT value FROM json_each(?2)) ORDER BY due, id LIMIT ?3"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut taken = Vec::new();
    for (id, mut notice) in all(connection, &due, params![now, names, limit])? {
        connection
            .prepare_cached("UPDATE notice SET due = ?2, tries = tries + 1 WHERE id = ?1")?
            .execute(params![id, until])?;
        notice.due = Some(until);
        notice.tries += 1;
        taken.push(notice);
    }
    Ok(taken)
}

fn all(
    connection: &Connection,
    select: &str,
    given: impl rusqlite::Params,
) -> Outcome<Vec<(i64, NoticeRecord)>> {
    let mut statement = connection.prepare_cached(select)?;
    let mut found = statement.query(given)?;
    let mut notices = Vec::new();
    while let Some(row) = found.next()? {
        notices.push((row.get(9)?, notice(row)?));
    }
    Ok(notices)
}

/// The columns of `NOTICE`.
fn notice(row: &Row<'_>) -> Outcome<NoticeRecord> {
    let body: String = row.get(3)?;
    Ok(NoticeRecord {
        notice: row.get(0)?,
        key: row.get(1)?,
        run: rows::run_id(row, 2)?,
        body: serde_json::from_str(&body).map_err(|error| Fault::damaged(&error.to_string()))?,
        created: row.get(4)?,
        due: row.get(5)?,
        tries: row.get(6)?,
        sent: row.get(7)?,
        error: row.get(8)?,
    })
}
