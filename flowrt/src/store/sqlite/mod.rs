//! A store in one SQLite file: WAL, one writer connection with group commit, short snapshots for readers.
//!
//! Everything is committed at `synchronous=NORMAL`, which survives kill -9. The log is synced by the first of those who
//! wait for the disk, where the runtime has another thread to go on with, and within 50 ms by a thread for all others.

mod backup;
mod cache;
mod checkpoint;
mod deployments;
mod due;
mod durable;
mod fault;
mod group;
mod handle;
mod job;
mod lock;
mod migrate;
mod notices;
mod open;
mod place;
mod queue;
mod read_inside;
mod read_runs;
mod readers;
mod rows;
mod secrets;
mod session;
mod shrink;
mod tail;
#[cfg(test)]
mod tests;
mod tickets;
mod transfer;
mod trash;
mod usage;
mod write_entries;
mod write_runs;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::cache::{CacheEntry, CacheFilter, Kept};
use super::tickets::{Admitted, Ask, Bucket, BucketRecord, GiveBack};
use super::{
    Answer, Copied, Durability, Ending, Error, Import, Imported, LogFilter, Options, Process,
    Reopening, RunFilter, SecretRecord, Store, Usage, check_ending, check_going_on,
};
use crate::model::ids::{ProcessId, RunId};
use crate::model::limit::Rule;
use crate::model::payload::{Digest, Payload};
use crate::model::record::{
    Entry, Journal, LogLine, Micros, NewRun, RunRecord, SignalRecord, TaskCounts,
};
use crate::model::state::RunState;
use durable::SOON;
use fault::Outcome;
use handle::Handle;
use session::Session;
use write_entries::{Head, NewSignal, bytes_of};

/// The store `sqlite:PATH`.
#[derive(Debug)]
struct Sqlite(Arc<Handle>);

/// Opens the file, and makes it if it is not there. Blocks for some milliseconds.
///
/// A folder named `.flowrt` is made too. What is refused ([`Error::Unusable`]) was not changed.
pub fn open(path: &Path, options: Options) -> Result<Arc<dyn Store>, Error> {
    let handle = Handle::open(path, options, SOON, Box::new(|_| {}))?;
    Ok(Arc::new(Sqlite(Arc::new(handle))))
}

impl Sqlite {
    /// A question that takes microseconds is answered on the caller's thread.
    fn question<'a, T: Send + 'a>(
        &'a self,
        question: impl FnOnce(&Connection) -> Outcome<T> + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(async move { self.0.readers.read(question) })
    }

    /// One that may take longer is moved off the executor's thread.
    fn ask_at_length<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    ) -> Answer<'_, T> {
        let handle = Arc::clone(&self.0);
        Box::pin(off_thread(move || handle.readers.read(question)))
    }

    fn write<'a, T: Send + 'static>(
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
    fn change<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&Connection) -> Outcome<T> + Send + 'static,
    ) -> Answer<'_, T> {
        self.write(Durability::Synced, Ok(()), 0, move |session| {
            work(&session.connection)
        })
    }
}

impl Store for Sqlite {
    fn url(&self) -> String {
        format!("sqlite:{}", self.0.path.display())
    }

    fn process(&self) -> ProcessId {
        self.0.process.id
    }

    fn is_alive(&self, process: ProcessId) -> bool {
        self.0.locks.is_held(process)
    }

    fn create_run(&self, run: NewRun) -> Answer<'_, RunRecord> {
        let checked = self.0.limit.check_run(&run);
        self.write(
            Durability::Synced,
            checked,
            run.input.len(),
            move |session| write_runs::create(session, &run),
        )
    }

    fn run(&self, id: RunId) -> Answer<'_, Option<RunRecord>> {
        self.question(move |connection| read_runs::one(connection, id))
    }

    fn find_runs(&self, reference: String) -> Answer<'_, Vec<RunRecord>> {
        self.question(move |connection| read_runs::find(connection, &reference))
    }

    fn list_runs(&self, filter: RunFilter) -> Answer<'_, Vec<RunRecord>> {
        self.ask_at_length(move |connection| read_runs::list(connection, &filter))
    }

    fn task_counts(&self, runs: Vec<RunId>) -> Answer<'_, Vec<TaskCounts>> {
        self.ask_at_length(move |connection| read_runs::task_counts(connection, &runs))
    }

    fn claim(
        &self,
        run: RunId,
        seen_epoch: u64,
        after_crash: bool,
        now: Micros,
    ) -> Answer<'_, Option<RunRecord>> {
        let owner = self.process();
        self.write(Durability::Soon, Ok(()), 0, move |session| {
            write_runs::claim(
                &session.connection,
                run,
                seen_epoch,
                after_crash,
                owner,
                now,
            )
        })
    }

    fn reopen(
        &self,
        run: RunId,
        seen_epoch: u64,
        changes: Reopening,
        now: Micros,
    ) -> Answer<'_, Option<RunRecord>> {
        let owner = self.process();
        let checked = self.0.limit.check_reopening(&changes);
        self.write(Durability::Synced, checked, 0, move |session| {
            write_runs::reopen(&session.connection, run, seen_epoch, &changes, owner, now)
        })
    }

    fn journal(&self, run: RunId) -> Answer<'_, Journal> {
        self.ask_at_length(move |connection| read_inside::journal(connection, run))
    }

    fn record(
        &self,
        run: RunId,
        epoch: u64,
        entries: Vec<Entry>,
        durability: Durability,
    ) -> Answer<'_, ()> {
        let checked = self.0.limit.check_entries(&entries);
        self.write(durability, checked, bytes_of(&entries), move |session| {
            let head = Head::read_owned(&session.connection, run, epoch)?;
            write_entries::write(session, &head, &entries)
        })
    }

    fn set_state(
        &self,
        run: RunId,
        epoch: u64,
        state: RunState,
        attempt: u32,
        durability: Durability,
    ) -> Answer<'_, ()> {
        self.write(durability, Ok(()), 0, move |session| {
            let head = Head::read_owned(&session.connection, run, epoch)?;
            write_runs::set_state(&session.connection, &head, check_going_on(state)?, attempt)
        })
    }

    fn finish(
        &self,
        run: RunId,
        epoch: u64,
        entries: Vec<Entry>,
        ending: Ending,
    ) -> Answer<'_, ()> {
        let limit = self.0.limit;
        let checked = limit
            .check_entries(&entries)
            .and_then(|()| limit.check_ending(&ending))
            .and_then(|()| check_ending(ending.state));
        self.write(
            Durability::Synced,
            checked,
            bytes_of(&entries),
            move |session| write_runs::finish(session, run, epoch, &entries, &ending),
        )
    }

    fn continue_run(
        &self,
        run: RunId,
        epoch: u64,
        entries: Vec<Entry>,
        successor: NewRun,
        at: Micros,
    ) -> Answer<'_, RunRecord> {
        let limit = self.0.limit;
        let checked = limit
            .check_entries(&entries)
            .and_then(|()| limit.check_run(&successor));
        let bytes = bytes_of(&entries) + successor.input.len();
        self.write(Durability::Synced, checked, bytes, move |session| {
            write_runs::continue_as(session, run, epoch, &entries, &successor, at)
        })
    }

    fn request_cancel(&self, run: RunId, now: Micros) -> Answer<'_, Vec<RunId>> {
        self.change(move |connection| write_runs::request_cancel(connection, run, now))
    }

    fn send_signal(
        &self,
        run: RunId,
        name: String,
        payload: Payload,
        key: Option<String>,
        now: Micros,
    ) -> Answer<'_, u64> {
        let checked = self
            .0
            .limit
            .check(&payload, || format!("the signal {name}"));
        let bytes = payload.len();
        let signal = NewSignal {
            name,
            payload,
            key,
            sent: now,
        };
        self.write(Durability::Synced, checked, bytes, move |session| {
            write_entries::send_signal(&session.connection, run, &signal)
        })
    }

    fn signals(&self, run: RunId, from: u64) -> Answer<'_, Vec<SignalRecord>> {
        self.question(move |connection| read_inside::signals(connection, run, from))
    }

    fn append_logs(&self, lines: Vec<LogLine>) -> Answer<'_, ()> {
        let bytes = lines.iter().map(|line| line.message.len()).sum();
        Box::pin(async move {
            let work =
                move |session: &mut Session| write_runs::append_logs(&session.connection, &lines);
            self.0
                .writer
                .write_patiently(bytes, Durability::Soon, work)
                .await
        })
    }

    fn logs(&self, run: RunId, filter: LogFilter) -> Answer<'_, Vec<(i64, LogLine)>> {
        self.ask_at_length(move |connection| read_inside::logs(connection, run, &filter))
    }

    fn delete_run(&self, run: RunId) -> Answer<'_, bool> {
        Box::pin(trash::delete(&self.0.writer, run))
    }

    fn sweep(&self) -> Answer<'_, ()> {
        Box::pin(trash::sweep(&self.0.writer))
    }

    fn shrink(&self) -> Answer<'_, u64> {
        Box::pin(shrink::shrink(&self.0.writer))
    }

    fn family(&self, run: RunId) -> Answer<'_, Vec<(RunRecord, Journal)>> {
        self.ask_at_length(move |connection| transfer::family(connection, run))
    }

    fn import(&self, import: Import) -> Answer<'_, bool> {
        Box::pin(transfer::import(&self.0.writer, self.0.limit, import))
    }

    fn imported(&self, run: RunId) -> Answer<'_, Option<Imported>> {
        self.question(move |connection| transfer::imported(connection, run))
    }

    fn usage(&self, largest: usize) -> Answer<'_, Usage> {
        let path = self.0.path.clone();
        self.ask_at_length(move |connection| usage::usage(connection, &path, largest))
    }

    fn back_up(&self, to: PathBuf) -> Answer<'_, Copied> {
        let path = self.0.path.clone();
        Box::pin(off_thread(move || backup::back_up(&path, &to)))
    }

    fn processes(&self) -> Answer<'_, Vec<Process>> {
        self.question(read_inside::processes)
    }

    fn remember_flows(&self, flows: Vec<String>) -> Answer<'_, Vec<String>> {
        self.write(Durability::Soon, Ok(()), 0, move |session| {
            write_runs::remember_flows(&session.connection, &flows)
        })
    }

    fn ask(&self, asks: Vec<Ask>) -> Answer<'_, Vec<u64>> {
        let process = self.process();
        self.write(Durability::Soon, Ok(()), 0, move |session| {
            tickets::ask(&session.connection, &asks, process)
        })
    }

    fn admit(&self, bucket: Bucket, rule: Rule, now: Micros) -> Answer<'_, Admitted> {
        let own = self.process();
        Box::pin(async move {
            let bucket_there = bucket.clone();
            let mut dead = self
                .question(move |connection| tickets::processes(connection, &bucket_there))
                .await?;
            dead.retain(|process| *process != own && !self.is_alive(*process));
            self.write(Durability::Soon, Ok(()), 0, move |session| {
                tickets::admit_some(&session.connection, &bucket, rule, own, &dead, now)
            })
            .await
        })
    }

    fn give_back(&self, rule: Rule, given: Vec<(u64, GiveBack)>) -> Answer<'_, ()> {
        self.write(Durability::Soon, Ok(()), 0, move |session| {
            tickets::give_back(&session.connection, rule, &given)
        })
    }

    fn oust(&self, bucket: Bucket, before: u64) -> Answer<'_, ()> {
        self.write(Durability::Soon, Ok(()), 0, move |session| {
            tickets::oust(&session.connection, &bucket, before)
        })
    }

    fn buckets(&self, name: Option<String>) -> Answer<'_, Vec<BucketRecord>> {
        self.ask_at_length(move |connection| tickets::list(connection, name.as_deref()))
    }

    fn limit_rules(&self) -> Answer<'_, Vec<(String, Rule)>> {
        self.question(tickets::rules)
    }

    fn set_limit(&self, name: String, rule: Option<Rule>) -> Answer<'_, ()> {
        self.change(move |connection| tickets::set_rule(connection, &name, rule.as_ref()))
    }

    fn reset_limit(&self, name: String) -> Answer<'_, ()> {
        self.change(move |connection| tickets::reset(connection, &name))
    }

    fn kept(&self, key: Digest, now: Micros) -> Answer<'_, Option<Kept>> {
        self.question(move |connection| cache::kept(connection, key, now))
    }

    fn keep(&self, result: Kept) -> Answer<'_, ()> {
        let checked = self.0.limit.check_kept(&result);
        let bytes = result.output.len();
        self.write(Durability::Soon, checked, bytes, move |session| {
            cache::keep(&session.connection, &result)
        })
    }

    fn cache_entries(&self, filter: CacheFilter) -> Answer<'_, Vec<CacheEntry>> {
        self.ask_at_length(move |connection| cache::entries(connection, &filter))
    }

    fn clear_cache(&self, filter: CacheFilter) -> Answer<'_, u64> {
        self.change(move |connection| cache::clear(connection, &filter))
    }

    fn secret(&self, name: String) -> Answer<'_, Option<SecretRecord>> {
        self.question(move |connection| secrets::one(connection, &name))
    }

    fn secrets(&self) -> Answer<'_, Vec<SecretRecord>> {
        self.question(secrets::all)
    }

    fn set_secret(&self, secret: SecretRecord) -> Answer<'_, ()> {
        self.change(move |connection| secrets::set(connection, &secret))
    }

    fn reseal_secrets(&self, changes: Vec<(SecretRecord, SecretRecord)>) -> Answer<'_, u64> {
        self.change(move |connection| secrets::reseal(connection, &changes))
    }

    fn remove_secret(&self, name: String) -> Answer<'_, bool> {
        self.change(move |connection| secrets::remove(connection, &name))
    }

    fn sync(&self) -> Answer<'_, ()> {
        Box::pin(self.0.writer.durable.wait_for_all())
    }

    fn version(&self) -> Answer<'_, u64> {
        Box::pin(async move {
            // SQLite counts the commits of all connections but the one that asks, so only the writer may ask.
            match self.0.writer.try_with(data_version) {
                Some(version) => Ok(version??),
                None => self.0.writer.write(Durability::Soon, 0, data_version).await,
            }
        })
    }

    fn schema(&self) -> Answer<'_, Option<i64>> {
        self.question(|connection| migrate::version(connection).map(Some))
    }

    fn damage(&self) -> Answer<'_, Vec<String>> {
        self.ask_at_length(read_inside::damage)
    }

    fn close(&self) -> Answer<'_, ()> {
        let handle = Arc::clone(&self.0);
        Box::pin(off_thread(move || handle.close()))
    }
}

/// What blocks is done where it holds up no executor.
async fn off_thread<T: Send + 'static>(
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
