//! How calls reach the readers and the writer.

use std::sync::Arc;

use rusqlite::Connection;

use super::super::{Answer, Durability, Error};
use super::Sqlite;
use super::fault::Outcome;
use super::session::Session;

impl Sqlite {
    /// A question that takes microseconds is answered on the caller's thread.
    pub(super) fn question<'a, T: Send + 'a>(
        &'a self,
        question: impl FnOnce(&Connection) -> Outcome<T> + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(async move { self.0.readers.read(question) })
    }

    /// One that may take longer is moved off the executor's thread.
    pub(super) fn ask_at_length<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    ) -> Answer<'_, T> {
        let handle = Arc::clone(&self.0);
        Box::pin(off_thread(move || handle.readers.read(question)))
    }

    /// Writes what was checked.
    pub(super) fn write<'a, T: Send + 'static>(
        &'a self,
        durability: Durability,
        checked: Result<(), Error>,
        bytes: usize,
        work: impl FnMut(&mut Session) -> Outcome<T> + Send + 'static,
    ) -> Answer<'a, T> {
        Box::pin(async move {
            checked?;
            self.0.writer.write(durability, bytes, work).await
        })
    }

    /// What is on the disk before it is acknowledged.
    pub(super) fn change<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&Connection) -> Outcome<T> + Send + 'static,
    ) -> Answer<'_, T> {
        self.write(Durability::Synced, Ok(()), 0, move |session| {
            work(&session.connection)
        })
    }

    /// A number that changes when another process has committed.
    pub(super) fn seen_version(&self) -> Answer<'_, u64> {
        Box::pin(async move {
            // SQLite counts the commits of all connections but the one that asks, so only the writer may ask.
            match self.0.writer.try_with(data_version) {
                Some(version) => Ok(version??),
                None => self.0.writer.write(Durability::Soon, 0, data_version).await,
            }
        })
    }

    /// The same with the commits of this process.
    pub(super) fn seen_changes(&self) -> Answer<'_, u64> {
        Box::pin(async move {
            // Read first: a commit in between makes the next look differ, and none is missed.
            let own = self.0.writer.durable.commits();
            let others = self.seen_version().await?;
            Ok(others.rotate_left(32) ^ own)
        })
    }
}

/// What blocks is done where it holds up no executor.
pub(super) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    if tokio::runtime::Handle::try_current().is_err() {
        return work();
    }
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Error::Failed(error.to_string())))
}

fn data_version(session: &mut Session) -> Outcome<u64> {
    let version: i64 = session
        .connection
        .prepare_cached("PRAGMA data_version")?
        .query_row([], |row| row.get(0))?;
    Ok(version.cast_unsigned())
}
