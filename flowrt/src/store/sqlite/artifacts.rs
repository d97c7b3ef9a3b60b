//! Artifacts as rows.

use rusqlite::{Connection, Row, params};

use super::super::check_count;
use super::fault::{Fault, Outcome};
use super::{read_runs, rows};
use crate::model::artifact::{ArtifactKind, ArtifactRecord, NewArtifact, Place};
use crate::model::ids::RunId;

const SELECT: &str = "SELECT run.uid, key, version, kind, step, artifact.attempt, at, failed, description, data, blob FROM artifact JOIN run ON run.id = artifact.run";

const NEWEST: &str = "SELECT run.uid, artifact.key, artifact.version, kind, step, artifact.attempt, at, failed, description, data, blob
   FROM newest
  CROSS JOIN artifact ON artifact.key = newest.key AND artifact.version = newest.version AND artifact.version > 0
   JOIN run ON run.id = artifact.run";

/// Adds a version, or puts progress in the place of what was there. `most` is how many a run may have.
pub(super) fn put(
    connection: &Connection,
    (run, uid): (i64, RunId),
    new: &NewArtifact,
    most: u64,
) -> Outcome<ArtifactRecord> {
    if new.kind == ArtifactKind::Progress {
        connection
            .prepare_cached(
                "DELETE FROM artifact WHERE run = ?1 AND step = ?2 AND key = ?3 AND version = 0",
            )?
            .execute(params![run, new.place.step, new.place.key])?;
        return insert(connection, run, new.clone().accept(uid, 0));
    }
    let count: i64 = connection
        .prepare_cached("SELECT count(*) FROM artifact WHERE run = ?1 AND version > 0")?
        .query_row([run], |row| row.get(0))?;
    check_count(count.cast_unsigned(), most)?;
    let version = next_version(connection, &new.place.key)?;
    insert(connection, run, new.clone().accept(uid, version))
}

/// Takes in what a run of another store has published.
pub(super) fn take_in(
    connection: &Connection,
    run: i64,
    artifacts: &[ArtifactRecord],
) -> Outcome<()> {
    for record in artifacts {
        let mut record = record.clone();
        if record.version > 0 {
            record.version = next_version(connection, &record.place.key)?;
        }
        insert(connection, run, record)?;
    }
    Ok(())
}

fn next_version(connection: &Connection, key: &str) -> Outcome<u64> {
    let version: i64 = connection
        .prepare_cached(
            "SELECT coalesce(max(version), 0) + 1 FROM artifact WHERE key = ?1 AND version > 0",
        )?
        .query_row([key], |row| row.get(0))?;
    Ok(version.cast_unsigned())
}

fn insert(connection: &Connection, run: i64, record: ArtifactRecord) -> Outcome<ArtifactRecord> {
    connection
        .prepare_cached("INSERT INTO artifact (run, key, version, kind, step, attempt, at, failed, description, data, blob) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?
        .execute(params![
            run,
            record.place.key,
            record.version.cast_signed(),
            record.kind.as_str(),
            record.place.step,
            record.place.attempt,
            record.place.at,
            record.failed,
            record.description,
            record.data,
            record.blob.map(|blob| blob.to_string()),
        ])?;
    Ok(record)
}

/// Says that the attempt that made them has failed.
pub(super) fn mark_failed(
    connection: &Connection,
    run: i64,
    step: &str,
    attempt: u32,
) -> Outcome<()> {
    connection
        .prepare_cached("UPDATE artifact SET failed = 1 WHERE run = ?1 AND step = ?2 AND attempt = ?3 AND failed = 0")?
        .execute(params![run, step, attempt])?;
    Ok(())
}

/// Of a run, in the order in which they were published.
pub(super) fn of_run(connection: &Connection, run: RunId) -> Outcome<Vec<ArtifactRecord>> {
    let run = read_runs::number(connection, run)?;
    let sql = format!("{SELECT} WHERE artifact.run = ?1 ORDER BY artifact.id");
    all(connection, &sql, [run])
}

/// All versions of a key, newest first; without one, the newest of each key.
pub(super) fn of_key(connection: &Connection, key: Option<&str>) -> Outcome<Vec<ArtifactRecord>> {
    match key {
        Some(key) => {
            let sql = format!("{SELECT} WHERE key = ?1 AND version > 0 ORDER BY version DESC");
            all(connection, &sql, [key])
        }
        None => {
            let sql = format!(
                "WITH RECURSIVE known (key) AS (
                    SELECT (SELECT min(key) FROM artifact WHERE version > 0)
                    UNION ALL
                    SELECT (SELECT min(artifact.key) FROM artifact WHERE version > 0 AND artifact.key > known.key)
                      FROM known WHERE known.key IS NOT NULL),
                 newest (key, version) AS (
                    SELECT key, (SELECT max(version) FROM artifact WHERE version > 0 AND artifact.key = known.key)
                      FROM known WHERE key IS NOT NULL)
                 {NEWEST}"
            );
            all(connection, &sql, [])
        }
    }
}

fn all(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Outcome<Vec<ArtifactRecord>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(params)?;
    let mut records = Vec::new();
    while let Some(row) = found.next()? {
        records.push(record(row)?);
    }
    Ok(records)
}

fn record(row: &Row<'_>) -> Outcome<ArtifactRecord> {
    let kind: String = row.get(3)?;
    let blob: Option<String> = row.get(10)?;
    let blob = blob.map(|blob| {
        let id = blob.parse();
        id.map_err(|()| Fault::damaged("an artifact names no blob"))
    });
    Ok(ArtifactRecord {
        run: rows::run_id(row, 0)?,
        place: Place {
            key: row.get(1)?,
            step: row.get(4)?,
            attempt: row.get(5)?,
            at: row.get(6)?,
        },
        version: row.get::<_, i64>(2)?.cast_unsigned(),
        kind: ArtifactKind::parse(&kind)
            .ok_or_else(|| Fault::damaged("an unknown kind of artifact"))?,
        failed: row.get(7)?,
        description: row.get(8)?,
        data: row.get(9)?,
        blob: blob.transpose()?,
    })
}
