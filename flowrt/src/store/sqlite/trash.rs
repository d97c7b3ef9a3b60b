//! Deletes runs: at once for whoever looks, and a few rows at a time for the disk.
//!
//! A run that is deleted leaves its number in the table `trash` until all rows under it are gone. Its children follow it
//! there. A crash at any point leaves only rows that nobody can see, and the number says where they are.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::{Durability, Error};
use super::fault::Outcome;
use super::rows;
use super::session::Session;
use super::write_entries::Head;
use super::write_runs::with_descendants;
use super::writer::Writer;
use crate::failpoint::failpoint;
use crate::model::ids::RunId;

/// So many rows are deleted in one transaction: a few milliseconds, in which nobody else can write.
const ROWS_MAX: u32 = 500;

/// Deletes a run and all below it, if they have ended.
pub(super) async fn delete(writer: &Writer, run: RunId) -> Result<bool, Error> {
    let work = move |session: &mut Session| discard(&session.connection, run);
    let is_gone = writer.write_patiently(0, Durability::Synced, work).await?;
    failpoint("store::discarded");
    if is_gone {
        sweep(writer).await?;
    }
    Ok(is_gone)
}

/// Deletes what is left of what was deleted, a transaction after the other.
pub(super) async fn sweep(writer: &Writer) -> Result<(), Error> {
    let work = |session: &mut Session| sweep_some(&session.connection, ROWS_MAX);
    while writer.write_patiently(0, Durability::Soon, work).await? {
        failpoint("store::swept");
    }
    Ok(())
}

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
pub(super) fn sweep_some(connection: &Connection, rows_max: u32) -> Outcome<bool> {
    let mut oldest =
        connection.prepare_cached("SELECT run, uid FROM trash ORDER BY run LIMIT 1")?;
    let oldest = oldest
        .query_row([], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 16]>(1)?))
        })
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
        let gone = connection
            .prepare_cached(statement)?
            .execute(params![run, left])?;
        left = left.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX));
    }
    // Only what found nothing more may forget where it looked.
    if left == rows_max {
        connection
            .prepare_cached("DELETE FROM trash WHERE run = ?1")?
            .execute([run])?;
    }
    Ok(true)
}

fn children(connection: &Connection, parent: [u8; 16], most: u32) -> Outcome<Vec<(i64, RunId)>> {
    // A run of the same id may have come since: then those below are its own.
    let mut statement = connection.prepare_cached(
        "SELECT id, uid FROM run WHERE parent = ?1 AND NOT EXISTS (SELECT 1 FROM run WHERE uid = ?1) LIMIT ?2",
    )?;
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
        // Else the newest version of a key might be one that nobody can see.
        "DELETE FROM artifact WHERE run = ?1",
        "DELETE FROM run_payload WHERE run = ?1",
        "DELETE FROM run WHERE id = ?1",
    ] {
        connection.prepare_cached(statement)?.execute([run])?;
    }
    Ok(())
}
