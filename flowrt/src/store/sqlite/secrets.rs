//! Secrets as they are sealed.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::SecretRecord;
use super::fault::Outcome;

pub(super) fn one(connection: &Connection, name: &str) -> Outcome<Option<SecretRecord>> {
    let found = connection
        .prepare_cached("SELECT name, key, sealed, changed FROM secret WHERE name = ?1")?
        .query_row([name], read)
        .optional()?;
    Ok(found)
}

pub(super) fn all(connection: &Connection) -> Outcome<Vec<SecretRecord>> {
    let mut statement =
        connection.prepare_cached("SELECT name, key, sealed, changed FROM secret ORDER BY name")?;
    let found = statement.query_map([], read)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<SecretRecord> {
    Ok(SecretRecord {
        name: row.get(0)?,
        key: row.get(1)?,
        sealed: row.get(2)?,
        changed: row.get(3)?,
    })
}

pub(super) fn set(connection: &Connection, secret: &SecretRecord) -> Outcome<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO secret (name, key, sealed, changed) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            secret.name,
            secret.key,
            secret.sealed,
            secret.changed
        ])?;
    Ok(())
}

pub(super) fn reseal(
    connection: &Connection,
    changes: &[(SecretRecord, SecretRecord)],
) -> Outcome<u64> {
    let mut statement = connection.prepare_cached(
        "UPDATE secret SET key = ?1, sealed = ?2 WHERE name = ?3 AND sealed = ?4",
    )?;
    let mut replaced = 0;
    for (was, becomes) in changes {
        let changed =
            statement.execute(params![becomes.key, becomes.sealed, was.name, was.sealed])?;
        replaced += u64::try_from(changed).unwrap_or(0);
    }
    Ok(replaced)
}

pub(super) fn remove(connection: &Connection, name: &str) -> Outcome<bool> {
    let removed = connection
        .prepare_cached("DELETE FROM secret WHERE name = ?1")?
        .execute([name])?;
    Ok(removed > 0)
}
