//! Connections that only read, each with a snapshot as short as the question.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::super::Error;
use super::fault::Outcome;
use super::open;

/// How many idle connections are kept.
const IDLE_MAX: usize = 4;

/// The readers of one open store.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    /// `None` once the store is closed.
    idle: Mutex<Option<Vec<Connection>>>,
}

impl Readers {
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            idle: Mutex::new(Some(Vec::new())),
        }
    }

    /// Answers a question from one snapshot.
    pub fn read<T>(&self, question: impl FnOnce(&Connection) -> Outcome<T>) -> Result<T, Error> {
        let connection = self.take()?;
        let answer = snapshot(&connection, question);
        if answer.is_ok() {
            self.put_back(connection);
        }
        Ok(answer?)
    }

    pub fn close(&self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    fn take(&self) -> Result<Connection, Error> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_mut()
            .ok_or(Error::Closed)?
            .pop();
        Ok(match idle {
            Some(connection) => connection,
            None => open::reader(&self.path)?,
        })
    }

    fn put_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(idle) = idle.as_mut()
            && idle.len() < IDLE_MAX
        {
            idle.push(connection);
        }
    }
}

fn snapshot<T>(
    connection: &Connection,
    question: impl FnOnce(&Connection) -> Outcome<T>,
) -> Outcome<T> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let answer = question(connection)?;
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(answer)
}
