//! Deletes runs: at once for whoever looks, and a few rows at a time for the disk.
//!
//! A run that is deleted leaves its number in the table `trash` until all rows under it are gone. Its children follow it
//! there. A crash at any point leaves only rows that nobody can see, and the number says where they are.

use rusqlite::{Connection, OptionalExtension, params};

use super::fault::Outcome;
use super::rows;
use super::write_entries::Head;
use super::write_runs::with_descendants;
use crate::model::ids::RunId;

/// So many rows are deleted in one transaction: a few milliseconds, in which nobody else can write.
pub(super) const ROWS_MAX: usize = 500;

/// Takes a run out of sight, if it and all below it have ended.
pub(super) fn discard(connection: &Connection, root: RunId) -> Outcome<bool> {
    for id in with_descendants(connection, root)? {
        if !Head::read(connection, id)?.state.is_final() {
            return Ok(false);
        }
    }
    bury(connection, Head::read(connection, root)?.id, root)?;
    Ok(true)
}

/// Deletes at most so many rows of what was discarded. `false` if nothing is left.
pub(super) fn sweep(connection: &Connection, rows_max: usize) -> Outcome<bool> {
    let mut oldest = connection.prepare_cached("SELECT run, uid FROM trash ORDER BY run LIMIT 1")?;
    let oldest = oldest
        .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 16]>(1)?)))
        .optional()?;
    let Some((run, uid)) = oldest else {
        return Ok(false);
    };
    let mut left = rows_max;
    for (child, id) in children(connection, uid, left)? {
        bury(connection, child, id)?;
        left -= 1;
    }
    for statement in include_str!("sql/sweep_run.sql").split(';') {
        if left == 0 {
            return Ok(true);
        }
        left -= connection
            .prepare_cached(statement)?
            .execute(params![run, left])?;
    }
    if left > 0 {
        connection
            .prepare_cached("DELETE FROM trash WHERE run = ?1")?
            .execute([run])?;
    }
    Ok(true)
}

fn children(connection: &Connection, parent: [u8; 16], most: usize) -> Outcome<Vec<(i64, RunId)>> {
    let mut statement =
        connection.prepare_cached("SELECT id, uid FROM run WHERE parent = ?1 LIMIT ?2")?;
    let mut found = statement.query(params![parent, most])?;
    let mut children = Vec::new();
    while let Some(row) = found.next()? {
        children.push((row.get(0)?, rows::run_id(row, 1)?));
    }
    Ok(children)
}

/// The run's own rows, which make it visible.
fn bury(connection: &Connection, run: i64, id: RunId) -> Outcome<()> {
    connection
        .prepare_cached("INSERT INTO trash (run, uid) VALUES (?1, ?2)")?
        .execute(params![run, id.0.as_bytes()])?;
    for statement in [
        "DELETE FROM import WHERE run = ?1",
        "DELETE FROM run_payload WHERE run = ?1",
        "DELETE FROM run WHERE id = ?1",
    ] {
        connection.prepare_cached(statement)?.execute([run])?;
    }
    Ok(())
}
