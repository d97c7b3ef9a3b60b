//! The limits: the same work by what flowrt stands on, without flowrt.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flowrt::clock::Stopwatch;
use flowrt::{Error, Result};
use rusqlite::{Connection, params};
use tokio::sync::Semaphore;

/// An instant in microseconds, for its length.
const MOMENT: i64 = 1_764_000_000_000_000;

/// How many rows a transaction holds where many are written together.
const BATCH: u32 = 256;

/// Spawns a task and waits for it, one after the other, inside a worker of the runtime.
pub async fn spawns_in_a_row(tasks: u32) -> Result<Duration> {
    let inside = async move {
        let watch = Stopwatch::start();
        for n in 0..tasks {
            tokio::spawn(async move { n + 1 })
                .await
                .map_err(Error::from)?;
        }
        Ok(watch.elapsed())
    };
    tokio::spawn(inside).await.map_err(Error::from)?
}

/// Spawns all tasks, then waits for all.
pub async fn spawns_beside_each_other(tasks: u32) -> Result<Duration> {
    let inside = async move {
        let watch = Stopwatch::start();
        let spawned: Vec<_> = (0..tasks)
            .map(|n| tokio::spawn(async move { n + 1 }))
            .collect();
        for task in spawned {
            task.await.map_err(Error::from)?;
        }
        Ok(watch.elapsed())
    };
    tokio::spawn(inside).await.map_err(Error::from)?
}

/// The same under a semaphore that has room.
pub async fn permits_in_a_row(tasks: u32) -> Result<Duration> {
    let inside = async move {
        let semaphore = Arc::new(Semaphore::new(1_000));
        let watch = Stopwatch::start();
        for n in 0..tasks {
            let permit = semaphore.clone().acquire_owned().await?;
            tokio::spawn(async move { n + 1 }).await?;
            drop(permit);
        }
        Ok(watch.elapsed())
    };
    tokio::spawn(inside).await.map_err(Error::from)?
}

/// The same, after a look for the result in a map.
pub async fn lookups_in_a_row(tasks: u32) -> Result<Duration> {
    let inside = async move {
        let kept: HashMap<u128, String> =
            (0..tasks).map(|n| (key(n), (n + 1).to_string())).collect();
        let kept = Arc::new(Mutex::new(kept));
        let watch = Stopwatch::start();
        for n in 0..tasks {
            let kept = kept.clone();
            let found = async move { kept.lock().map(|kept| kept.get(&key(n)).cloned()).ok() };
            let found = tokio::spawn(found).await?.flatten();
            debug_assert!(found.is_some());
        }
        Ok(watch.elapsed())
    };
    tokio::spawn(inside).await.map_err(Error::from)?
}

/// Keys as those of a cache are: 16 bytes in no order.
fn key(n: u32) -> u128 {
    u128::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
}

/// A database of our own beside the store, on the same disk, gone afterwards.
pub struct Database {
    connection: Connection,
    path: PathBuf,
}

impl Database {
    /// Makes it.
    pub fn beside(store: &Path, synchronous: &str) -> Result<Self> {
        let path = with_suffix(store, ".raw");
        remove(&path);
        let connection = Connection::open(&path)?;
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.execute_batch(
            "CREATE TABLE result (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, seq INTEGER NOT NULL, task TEXT NOT NULL,
                started INTEGER NOT NULL, finished INTEGER NOT NULL, input TEXT, output TEXT)",
        )?;
        Ok(Self { connection, path })
    }

    /// A commit for each row.
    pub fn commits_in_a_row(&self, rows: u32) -> Result<Duration> {
        let watch = Stopwatch::start();
        let mut insert = self.insert()?;
        for n in 0..rows {
            insert_row(&mut insert, n)?;
        }
        Ok(watch.elapsed())
    }

    /// A commit for many rows.
    pub fn commits_of_many(&self, rows: u32) -> Result<Duration> {
        let watch = Stopwatch::start();
        let mut insert = self.insert()?;
        let mut written = 0;
        while written < rows {
            let batch = BATCH.min(rows - written);
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
            for n in written..written + batch {
                insert_row(&mut insert, n)?;
            }
            self.connection.execute_batch("COMMIT")?;
            written += batch;
        }
        Ok(watch.elapsed())
    }

    /// For each row a commit that takes a slot where there is one, and one that writes the row and gives it back.
    pub fn slots_in_a_row(&self, rows: u32) -> Result<Duration> {
        self.connection.execute_batch(
            "CREATE TABLE ticket (id INTEGER PRIMARY KEY, name TEXT NOT NULL, run INTEGER NOT NULL, asked INTEGER NOT NULL)",
        )?;
        let watch = Stopwatch::start();
        let mut taken = self
            .connection
            .prepare("SELECT count(*) FROM ticket WHERE name = ?1")?;
        let mut take = self
            .connection
            .prepare("INSERT INTO ticket (name, run, asked) VALUES (?1, 1, ?2)")?;
        let mut give = self
            .connection
            .prepare("DELETE FROM ticket WHERE id = ?1")?;
        let mut insert = self.insert()?;
        for n in 0..rows {
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
            let count: u32 = taken.query_row(["ROOMY"], |row| row.get(0))?;
            debug_assert!(count < 1_000);
            take.execute(params!["ROOMY", MOMENT])?;
            let ticket = self.connection.last_insert_rowid();
            self.connection.execute_batch("COMMIT; BEGIN IMMEDIATE")?;
            insert_row(&mut insert, n)?;
            give.execute([ticket])?;
            self.connection.execute_batch("COMMIT")?;
        }
        Ok(watch.elapsed())
    }

    /// For each row a look for the result under its key, and a commit.
    pub fn hits_in_a_row(&self, rows: u32) -> Result<Duration> {
        self.connection.execute_batch(
            "CREATE TABLE kept (key BLOB PRIMARY KEY, output TEXT NOT NULL) WITHOUT ROWID; BEGIN",
        )?;
        for n in 0..rows {
            self.connection.execute(
                "INSERT INTO kept (key, output) VALUES (?1, '2')",
                params![key(n).to_be_bytes().as_slice()],
            )?;
        }
        self.connection.execute_batch("COMMIT")?;
        let watch = Stopwatch::start();
        let mut find = self
            .connection
            .prepare("SELECT output FROM kept WHERE key = ?1")?;
        let mut insert = self.insert()?;
        for n in 0..rows {
            let key = key(n).to_be_bytes();
            let found: String = find.query_row([key.as_slice()], |row| row.get(0))?;
            debug_assert_eq!(found, "2");
            insert_row(&mut insert, n)?;
        }
        Ok(watch.elapsed())
    }

    /// Reads back what was written.
    pub fn reads(&self, rows: u32) -> Result<Duration> {
        self.commits_of_many(rows)?;
        let watch = Stopwatch::start();
        let mut select = self.connection.prepare(
            "SELECT seq, task, started, finished, input, output FROM result ORDER BY id",
        )?;
        let found = select.query_map([], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, i64>(3)?,
                row.get::<_, String>(4)?,
                row.get::<_, String>(5)?,
            ))
        })?;
        let found = found.collect::<rusqlite::Result<Vec<_>>>()?;
        debug_assert!(found.len() >= usize::try_from(rows).unwrap_or(0));
        Ok(watch.elapsed())
    }

    fn insert(&self) -> Result<rusqlite::Statement<'_>> {
        Ok(self
            .connection
            .prepare("INSERT INTO result (run, seq, task, started, finished, input, output) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?)
    }
}

/// The least that a record of a task can be: which one, when, what went in and what came out.
fn insert_row(insert: &mut rusqlite::Statement<'_>, n: u32) -> Result<()> {
    insert.execute(params![1, n, "next", MOMENT, MOMENT, "[1]", "2"])?;
    Ok(())
}

impl Drop for Database {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    PathBuf::from(path)
}

fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        // One that is not there need not be removed.
        let _ = std::fs::remove_file(with_suffix(path, suffix));
    }
}
