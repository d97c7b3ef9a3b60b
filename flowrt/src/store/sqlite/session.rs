//! The one connection that writes, and what it remembers.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

use super::fault::Outcome;
use super::tail::Tails;

/// How long the background thread waits for another process's write to end. An executor thread never waits.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The writer connection.
#[derive(Debug)]
pub(super) struct Session {
    pub connection: Connection,
    pub names: Names,
    pub tails: Tails,
}

/// Interned names. They are never deleted, so what was committed once stays true.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, i64>);

impl Session {
    pub fn new(connection: Connection) -> Self {
        connection.set_prepared_statement_cache_capacity(128);
        Self {
            connection,
            names: Names::default(),
            tails: Tails::default(),
        }
    }

    pub fn begin(&self) -> Outcome<()> {
        self.execute("BEGIN IMMEDIATE")
    }

    pub fn commit(&self) -> Outcome<()> {
        self.execute("COMMIT")
    }

    /// Forgets the transaction, if SQLite has not done so by itself.
    pub fn roll_back(&mut self) -> Outcome<()> {
        self.forget();
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.execute("ROLLBACK")
    }

    pub fn execute(&self, sql: &str) -> Outcome<()> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    /// Forgets what was learnt within a transaction or savepoint that is undone.
    pub fn forget(&mut self) {
        self.names.0.clear();
        self.tails.forget();
    }
}

impl Names {
    /// The number of a name, made if need be.
    pub fn intern(&mut self, connection: &Connection, text: &str) -> Outcome<i64> {
        if let Some(id) = self.0.get(text) {
            return Ok(*id);
        }
        let there = find_name(connection, text)?;
        let id = match there {
            Some(id) => id,
            None => connection
                .prepare_cached("INSERT INTO name (text) VALUES (?1)")?
                .insert([text])?,
        };
        self.0.insert(text.to_owned(), id);
        Ok(id)
    }
}

/// The number of a name that is there.
pub(super) fn find_name(connection: &Connection, text: &str) -> Outcome<Option<i64>> {
    Ok(connection
        .prepare_cached("SELECT id FROM name WHERE text = ?1")?
        .query_row([text], |row| row.get(0))
        .optional()?)
}
