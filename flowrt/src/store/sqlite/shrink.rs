//! Gives the pages of deleted rows back to the disk.

use rusqlite::Connection;

use super::fault::Outcome;

/// So many pages are moved in one transaction: a megabyte.
const SOME_PAGES: &str = "PRAGMA incremental_vacuum(256)";

/// Gives back a few pages, and says how many bytes those were.
pub(super) fn step(connection: &Connection) -> Outcome<u64> {
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
