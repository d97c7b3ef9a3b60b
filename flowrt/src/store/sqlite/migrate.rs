//! Brings a store's schema up to date, one transaction per step.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::fault::{Fault, Outcome, unusable};
use crate::failpoint::failpoint;

/// A step from one schema to the next. A step that was released is never changed.
struct Migration {
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "runs",
        sql: include_str!("migrations/0001_runs.sql"),
    },
    Migration {
        name: "limits",
        sql: include_str!("migrations/0002_limits.sql"),
    },
    Migration {
        name: "blocks",
        sql: include_str!("migrations/0003_blocks.sql"),
    },
    Migration {
        name: "care",
        sql: include_str!("migrations/0004_care.sql"),
    },
    Migration {
        name: "cache",
        sql: include_str!("migrations/0005_cache.sql"),
    },
    Migration {
        name: "secrets",
        sql: include_str!("migrations/0006_secrets.sql"),
    },
    Migration {
        name: "deployments",
        sql: include_str!("migrations/0007_deployments.sql"),
    },
    Migration {
        name: "queue",
        sql: include_str!("migrations/0008_queue.sql"),
    },
    Migration {
        name: "artifacts",
        sql: include_str!("migrations/0009_artifacts.sql"),
    },
    Migration {
        name: "backfills",
        sql: include_str!("migrations/0010_backfills.sql"),
    },
    Migration {
        name: "notices",
        sql: include_str!("migrations/0011_notices.sql"),
    },
    Migration {
        name: "backfilled",
        sql: include_str!("migrations/0012_backfilled.sql"),
    },
    Migration {
        name: "ends",
        sql: include_str!("migrations/0013_ends.sql"),
    },
    Migration {
        name: "looks",
        sql: include_str!("migrations/0014_looks.sql"),
    },
    Migration {
        name: "shown",
        sql: include_str!("migrations/0015_shown.sql"),
    },
    Migration {
        name: "reads",
        sql: include_str!("migrations/0016_reads.sql"),
    },
];

const CREATE_HISTORY: &str = "CREATE TABLE IF NOT EXISTS migration (
    version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT";

/// The schema that this program writes.
pub(super) fn latest() -> i64 {
    i64::try_from(MIGRATIONS.len()).expect("few migrations")
}

/// Takes the steps that are missing; refuses a store that is newer than this program or was made by other steps.
pub(super) fn migrate(connection: &mut Connection) -> Outcome<()> {
    check_history(connection)?;
    while version(connection)? < latest() {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have taken the step while this one waited for the lock.
        let version = version(&transaction)?;
        let next = usize::try_from(version)
            .ok()
            .and_then(|done| MIGRATIONS.get(done));
        let Some(step) = next else { continue };
        transaction.execute_batch(CREATE_HISTORY)?;
        transaction.execute_batch(step.sql)?;
        transaction.execute(
            "INSERT INTO migration (version, name, checksum) VALUES (?1, ?2, ?3)",
            params![version + 1, step.name, checksum(step)],
        )?;
        transaction.pragma_update(None, "user_version", version + 1)?;
        failpoint("store::migration");
        transaction.commit()?;
        failpoint("store::migrated");
    }
    check_history(connection)
}

/// A statement is one of a step's.
#[cfg(test)]
pub(super) fn is_of_a_step(sql: &str) -> bool {
    MIGRATIONS.iter().any(|step| step.sql.contains(sql.trim()))
}

/// The schema that a store has.
pub(super) fn version(connection: &Connection) -> Outcome<i64> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn check_history(connection: &Connection) -> Outcome<()> {
    let version = version(connection)?;
    if version > latest() {
        return Err(Fault::Refused(unusable(
            format!(
                "the store was written by a newer version (schema {version}; this program knows up to {})",
                latest()
            ),
            "build the program with the newer flowrt, or choose another store; nothing was changed",
        )));
    }
    for (step, number) in MIGRATIONS.iter().zip(1..=version) {
        let there: Option<String> = connection
            .query_row(
                "SELECT checksum FROM migration WHERE version = ?1",
                [number],
                |row| row.get(0),
            )
            .optional()?;
        if there.as_deref() != Some(checksum(step).as_str()) {
            return Err(Fault::Refused(unusable(
                format!("the store's schema {number} was made by other steps than this program's"),
                "it was written by an unreleased build: move the file away to start with an empty store",
            )));
        }
    }
    Ok(())
}

fn checksum(step: &Migration) -> String {
    // A checkout on Windows may have other line ends.
    let sql = step.sql.replace("\r\n", "\n");
    blake3::hash(sql.as_bytes()).to_hex().to_string()
}
