//! What the store takes on the disk.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirEntry};
use std::path::Path;

use rusqlite::Connection;

use super::super::{RunUsage, Usage};
use super::fault::Outcome;
use super::{open, rows, shrink};

/// Reads sizes of files, counts rows, and weighs the runs.
pub(super) fn usage(connection: &Connection, path: &Path, largest: usize) -> Outcome<Usage> {
    Ok(Usage {
        file_bytes: size(path),
        log_bytes: size(&open::log_of(path)),
        beside_bytes: beside(path),
        free_bytes: shrink::free_pages(connection)? * shrink::page_bytes(connection)?,
        shrinks: shrink::can(connection)?,
        tables: tables(connection)?,
        largest: weigh(connection, largest)?,
    })
}

fn tables(connection: &Connection) -> Outcome<Vec<(String, u64)>> {
    let mut names = connection.prepare_cached(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
    )?;
    let names: Vec<String> = names
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut tables = Vec::new();
    for name in names {
        let sql = format!("SELECT count(*) FROM \"{name}\"");
        let rows: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        tables.push((name, rows.cast_unsigned()));
    }
    Ok(tables)
}

fn weigh(connection: &Connection, largest: usize) -> Outcome<Vec<RunUsage>> {
    let mut statement = connection.prepare_cached(include_str!("sql/weigh_runs.sql"))?;
    let mut found = statement.query([i64::try_from(largest).unwrap_or(i64::MAX)])?;
    let mut runs = Vec::new();
    while let Some(row) = found.next()? {
        runs.push(RunUsage {
            id: rows::run_id(row, 0)?,
            name: row.get(1)?,
            flow: row.get(2)?,
            steps: row.get::<_, i64>(3)?.cast_unsigned(),
            bytes: row.get::<_, i64>(4)?.cast_unsigned(),
        });
    }
    Ok(runs)
}

/// What has the store's name with more after a point: its folder of values, and locks, which are empty.
fn beside(path: &Path) -> u64 {
    let Some(name) = path.file_name() else {
        return 0;
    };
    let start = suffixed(name, ".");
    let start = start.as_encoded_bytes();
    let Ok(entries) = fs::read_dir(open::folder_of(path)) else {
        return 0;
    };
    let ours = entries
        .flatten()
        .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(start));
    ours.map(|entry| size_below(&entry)).sum()
}

fn size_below(entry: &DirEntry) -> u64 {
    match entry.metadata() {
        Ok(there) if there.is_dir() => {
            let entries = fs::read_dir(entry.path()).into_iter().flatten();
            entries.flatten().map(|entry| size_below(&entry)).sum()
        }
        Ok(there) => there.len(),
        Err(_) => 0,
    }
}

/// A file that is not there takes nothing. It is not opened: closing it would let go of the locks of this process.
fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

fn suffixed(name: &OsStr, suffix: &str) -> OsString {
    let mut name = name.to_owned();
    name.push(suffix);
    name
}
