//! Statements on SQLite as a task whose effect happens exactly once.

#[cfg(test)]
mod tests;
mod values;

use std::path::Path;
use std::time::Duration;

use flowrt::{Error, Result, TaskContext, task};
use rusqlite::{
    Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How long another writer is waited for.
const BUSY: Duration = Duration::from_secs(30);

/// How many rows are taken unless said otherwise.
const ROWS: usize = 10_000;

/// Statements, and the database that they are for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sql {
    database: String,
    statements: Vec<(String, Vec<Value>)>,
    rows: usize,
}

/// What the statements did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// How many rows they changed.
    pub changes: u64,
    /// The rows that the last statement gave, as objects by the names of its columns.
    pub rows: Vec<Map<String, Value>>,
}

impl Done {
    /// The rows in a type of their own.
    ///
    /// # Errors
    /// If one does not fit.
    pub fn rows<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        let rows = self.rows.iter();
        rows.map(|row| {
            T::deserialize(Value::Object(row.clone()))
                .map_err(|error| Error::fatal(format!("a row does not fit: {error}")).or_try("give the columns the names of the type's fields with AS; a row is an object, not a pair"))
        })
        .collect()
    }
}

impl Sql {
    /// Statements for the SQLite database in that file, which is made if it is not there.
    pub fn on(database: impl Into<String>) -> Self {
        Self {
            database: database.into(),
            statements: Vec::new(),
            rows: ROWS,
        }
    }

    /// One more statement, with its parameters `?1`, `?2`, … as a JSON array: null, numbers, text; booleans are 0 and 1, lists
    /// and objects are their JSON.
    #[must_use]
    pub fn run_with(mut self, statement: impl Into<String>, parameters: Value) -> Self {
        let parameters = match parameters {
            Value::Array(values) => values,
            value => vec![value],
        };
        self.statements.push((statement.into(), parameters));
        self
    }

    /// One more statement without parameters.
    #[must_use]
    pub fn run_also(self, statement: impl Into<String>) -> Self {
        self.run_with(statement, Value::Array(Vec::new()))
    }

    /// How many rows the last statement may give [default: 10,000]; more are an error.
    #[must_use]
    pub fn rows_at_most(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }

    /// Runs them in one transaction, as part of the task whose context that is: all or none, and exactly [`once`].
    ///
    /// # Errors
    /// If the database cannot be used or a statement fails; then nothing is changed.
    pub async fn run(&self, ctx: &TaskContext) -> Result<Done> {
        let this = self.clone();
        let key = key(ctx);
        let (open, opened) = tokio::sync::oneshot::channel();
        let work = tokio::task::spawn_blocking(move || {
            let mut connection = connect(Path::new(&this.database))?;
            // Whoever waits may have gone already.
            let _ = open.send(Interrupt(connection.get_interrupt_handle()));
            within(&mut connection, key, |transaction| this.all(transaction))
        });
        // Dropped with this future, it stops the statement that runs, and the transaction is undone.
        let interrupt = opened.await.ok();
        tokio::pin!(work);
        let done = tokio::select! {
            done = &mut work => done,
            () = ctx.on_cancel() => {
                drop(interrupt);
                work.await
            }
        };
        done.map_err(|error| Error::from(error.to_string()))?
    }

    fn all(&self, transaction: &Transaction<'_>) -> Result<Done> {
        let before = transaction.total_changes();
        let mut rows = Vec::new();
        for (sql, parameters) in &self.statements {
            rows = values::run(transaction, sql, parameters, self.rows)?;
        }
        Ok(Done {
            changes: transaction.total_changes() - before,
            rows,
        })
    }
}

struct Interrupt(rusqlite::InterruptHandle);

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.0.interrupt();
    }
}

/// Does something in a transaction of the SQLite database in that file, exactly once for the step whose context that is.
///
/// The result is kept in the same transaction, in the table `flowrt_once` of that database, under the step's idempotency key.
/// If the process dies after the commit and before the step is recorded, the next attempt finds it there and does nothing
/// again; if it dies before, nothing was done. A step that was rolled back and is done again has another key, and so has a rerun.
/// Outside of any run there is no such key, and nothing is kept.
///
/// It blocks: call it in a task that is not `async`.
///
/// # Errors
/// If the database cannot be used, or what is done fails; then nothing is changed.
pub fn once<T: Serialize + DeserializeOwned>(
    ctx: &TaskContext,
    database: impl AsRef<Path>,
    what: impl FnOnce(&Transaction<'_>) -> Result<T>,
) -> Result<T> {
    within(&mut connect(database.as_ref())?, key(ctx), what)
}

fn key(ctx: &TaskContext) -> Option<String> {
    ctx.run_id().map(|_| ctx.idempotency_key())
}

fn connect(database: &Path) -> Result<Connection> {
    let flags = OpenFlags::default() & !OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(database, flags);
    let connection = connection.map_err(|error| {
        Error::from(format!(
            "the database {} cannot be opened: {error}",
            database.display()
        ))
        .or_try("the file is made, its folder is not: look whether that is there, and may be written to")
    })?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

fn within<T: Serialize + DeserializeOwned>(
    connection: &mut Connection,
    key: Option<String>,
    what: impl FnOnce(&Transaction<'_>) -> Result<T>,
) -> Result<T> {
    // Two attempts at once, one of them given up for dead, must not both find nothing.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some(key) = key else {
        let value = what(&transaction)?;
        transaction.commit()?;
        return Ok(value);
    };
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS flowrt_once (key TEXT PRIMARY KEY, result TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    )?;
    let known: Option<String> = transaction
        .query_row(
            "SELECT result FROM flowrt_once WHERE key = ?1",
            [&key],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(result) = known {
        return Ok(serde_json::from_str(&result)?);
    }
    let value = what(&transaction)?;
    transaction.execute(
        "INSERT INTO flowrt_once (key, result, at) VALUES (?1, ?2, unixepoch())",
        params![key, serde_json::to_string(&value)?],
    )?;
    transaction.commit()?;
    Ok(value)
}

/// Runs statements in one transaction that takes effect exactly once, whatever dies in between.
#[task]
pub async fn sql(statements: Sql, ctx: &TaskContext) -> Result<Done> {
    statements.run(ctx).await
}
