//! Gives the pages of deleted rows back to the disk.

use rusqlite::Connection;

use super::super::{Durability, Error};
use super::fault::Outcome;
use super::session::Session;
use super::writer::Writer;

/// So many pages are moved in one transaction: a megabyte.
const SOME_PAGES: &str = "PRAGMA incremental_vacuum(256)";

/// Gives back all that it can, a transaction after the other.
pub(super) async fn shrink(writer: &Writer) -> Result<u64, Error> {
    let mut given_back = 0;
    loop {
        let work = |session: &mut Session| step(&session.connection);
        match writer.write_patiently(0, Durability::Soon, work).await? {
            0 => return Ok(given_back),
            bytes => given_back += bytes,
        }
    }
}

/// Gives back a few pages, and says how many bytes those were.
fn step(connection: &Connection) -> Outcome<u64> {
    let before = free_pages(connection)?;
    if before == 0 || !can(connection)? {
        return Ok(0);
    }
    // It moves a page at each step of the statement.
    let mut statement = connection.prepare_cached(SOME_PAGES)?;
    let mut moved = statement.query([])?;
    while moved.next()?.is_some() {}
    let pages = before.saturating_sub(free_pages(connection)?);
    Ok(pages * page_bytes(connection)?)
}

/// Whether the file was made so that it can shrink.
pub(super) fn can(connection: &Connection) -> Outcome<bool> {
    Ok(number(connection, "PRAGMA auto_vacuum")? == 2)
}

pub(super) fn free_pages(connection: &Connection) -> Outcome<u64> {
    number(connection, "PRAGMA freelist_count")
}

pub(super) fn page_bytes(connection: &Connection) -> Outcome<u64> {
    number(connection, "PRAGMA page_size")
}

fn number(connection: &Connection, pragma: &str) -> Outcome<u64> {
    let number: i64 = connection.query_row(pragma, [], |row| row.get(0))?;
    Ok(number.cast_unsigned())
}
