//! Kept results in SQLite.

use rusqlite::{Connection, params};

use super::super::cache::{CacheEntry, CacheFilter, DROPPED_AT_ONCE, Kept};
use super::fault::Outcome;
use super::rows;
use crate::model::payload::{Digest, Payload};
use crate::model::record::Micros;

const FILTER: &str = "(?1 IS NULL OR task = ?1) AND (?2 IS NULL OR computed < ?2)";

pub(super) fn kept(connection: &Connection, key: Digest, now: Micros) -> Outcome<Option<Kept>> {
    let mut statement = connection.prepare_cached(
        "SELECT task, run, step, output, computed, expires FROM cache WHERE key = ?1 AND expires > ?2",
    )?;
    let mut found = statement.query(params![key.0, now])?;
    let Some(row) = found.next()? else {
        return Ok(None);
    };
    Ok(Some(Kept {
        key,
        task: row.get(0)?,
        run: rows::run_id(row, 1)?,
        step: row.get(2)?,
        output: Payload::from_json(row.get::<_, String>(3)?),
        computed: row.get(4)?,
        expires: row.get(5)?,
    }))
}

pub(super) fn keep(connection: &Connection, result: &Kept) -> Outcome<()> {
    connection
        .prepare_cached(
            "DELETE FROM cache WHERE key IN
             (SELECT key FROM cache WHERE expires <= ?1 ORDER BY expires, key LIMIT ?2)",
        )?
        .execute(params![
            result.computed,
            i64::try_from(DROPPED_AT_ONCE).unwrap_or(i64::MAX)
        ])?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO cache (key, task, run, step, computed, expires, output)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            result.key.0,
            result.task,
            result.run.0.as_bytes(),
            result.step,
            result.computed,
            result.expires,
            &*result.output,
        ])?;
    Ok(())
}

pub(super) fn entries(connection: &Connection, filter: &CacheFilter) -> Outcome<Vec<CacheEntry>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT key, task, run, step, octet_length(output), computed, expires FROM cache
         WHERE {FILTER} ORDER BY computed DESC, key"
    ))?;
    let mut found = statement.query(params![filter.task, filter.before])?;
    let mut entries = Vec::new();
    while let Some(row) = found.next()? {
        entries.push(CacheEntry {
            key: Digest(row.get(0)?),
            task: row.get(1)?,
            run: rows::run_id(row, 2)?,
            step: row.get(3)?,
            bytes: row.get::<_, i64>(4)?.cast_unsigned(),
            computed: row.get(5)?,
            expires: row.get(6)?,
        });
    }
    Ok(entries)
}

pub(super) fn clear(connection: &Connection, filter: &CacheFilter) -> Outcome<u64> {
    let gone = connection
        .prepare_cached(&format!("DELETE FROM cache WHERE {FILTER}"))?
        .execute(params![filter.task, filter.before])?;
    Ok(u64::try_from(gone).unwrap_or(u64::MAX))
}
