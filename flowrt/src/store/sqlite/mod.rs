//! A store in one SQLite file: WAL, one writer connection with group commit, short snapshots for readers.
//!
//! Everything is committed at `synchronous=NORMAL`, which survives kill -9. The log is synced by the first of those who
//! wait for the disk, where the runtime has another thread to go on with, and within 50 ms by a thread for all others.

mod artifacts;
#[cfg(test)]
pub(crate) mod asked;
mod backfills;
mod backup;
mod blobs;
mod cache;
mod calls;
mod changed;
mod checkpoint;
mod deployments;
mod due;
mod durable;
mod fault;
mod group;
mod handle;
mod held;
mod job;
mod list_runs;
mod lock;
mod looks;
mod migrate;
mod notices;
mod open;
mod place;
mod publications;
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

use super::cache::{CacheEntry, CacheFilter, Kept};
use super::tickets::{BucketRecord, Turned, Turns};
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
use calls::off_thread;
use durable::SOON;
use handle::Handle;
use held::hold;
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

    fn create_run(&self, mut run: NewRun) -> Answer<'_, RunRecord> {
        let checked = self.0.limit.check_run(&run);
        let bytes = run.input.len();
        let held = self.apart(|apart| apart.take_run(&mut run));
        self.filled(self.write_apart(
            Durability::Synced,
            checked,
            bytes,
            held.clone(),
            move |session| {
                let record = write_runs::create(session, &run)?;
                hold(&held, &session.connection, record.id)?;
                Ok(record)
            },
        ))
    }

    fn run(&self, id: RunId) -> Answer<'_, Option<RunRecord>> {
        self.filled_some(self.question(move |connection| read_runs::one(connection, id)))
    }

    fn find_runs(&self, reference: String) -> Answer<'_, Vec<RunRecord>> {
        let blobs = Arc::clone(&self.0.blobs);
        self.question(move |connection| {
            let mut runs = read_runs::find(connection, &reference)?;
            runs.iter_mut().for_each(|run| blobs.fill_listed(run));
            Ok(runs)
        })
    }

    fn list_runs(&self, filter: RunFilter) -> Answer<'_, Vec<RunRecord>> {
        let blobs = Arc::clone(&self.0.blobs);
        self.ask_at_length(move |connection| {
            let mut runs = list_runs::list(connection, &filter)?;
            runs.iter_mut().for_each(|run| blobs.fill_listed(run));
            Ok(runs)
        })
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
        self.filled_some(self.write(Durability::Soon, Ok(()), 0, move |session| {
            write_runs::claim(
                &session.connection,
                run,
                seen_epoch,
                after_crash,
                owner,
                now,
            )
        }))
    }

    fn reopen(
        &self,
        run: RunId,
        seen_epoch: u64,
        mut changes: Reopening,
        now: Micros,
    ) -> Answer<'_, Option<RunRecord>> {
        let owner = self.process();
        let checked = self.0.limit.check_reopening(&changes);
        let held = self.apart(|apart| apart.take_reopening(&mut changes));
        let write = move |session: &mut Session| {
            hold(&held, &session.connection, run)?;
            write_runs::reopen(&session.connection, run, seen_epoch, &changes, owner, now)
        };
        self.filled_some(self.write(Durability::Synced, checked, 0, write))
    }

    fn journal(&self, run: RunId) -> Answer<'_, Journal> {
        let blobs = Arc::clone(&self.0.blobs);
        self.ask_at_length(move |connection| {
            let mut journal = read_inside::journal(connection, run)?;
            blobs.fill_journal(&|| run.to_string(), &mut journal)?;
            Ok(journal)
        })
    }

    fn record(
        &self,
        run: RunId,
        epoch: u64,
        mut entries: Vec<Entry>,
        durability: Durability,
    ) -> Answer<'_, ()> {
        let checked = self.0.limit.check_entries(&entries);
        let held = self.apart(|apart| apart.take_entries(&mut entries));
        let bytes = bytes_of(&entries);
        self.write_apart(durability, checked, bytes, held.clone(), move |session| {
            let head = Head::read_owned(&session.connection, run, epoch)?;
            hold(&held, &session.connection, run)?;
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
        mut entries: Vec<Entry>,
        mut ending: Ending,
    ) -> Answer<'_, ()> {
        let limit = self.0.limit;
        let checked = limit
            .check_entries(&entries)
            .and_then(|()| limit.check_ending(&ending))
            .and_then(|()| check_ending(ending.state));
        let held = self.apart(|apart| {
            apart.take_entries(&mut entries);
            apart.take_ending(&mut ending);
        });
        self.write_apart(
            Durability::Synced,
            checked,
            bytes_of(&entries),
            held.clone(),
            move |session| {
                write_runs::finish(session, run, epoch, &entries, &ending)?;
                hold(&held, &session.connection, run)
            },
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
        self.continue_apart((run, epoch), entries, successor, at)
    }

    fn request_cancel(&self, run: RunId, now: Micros) -> Answer<'_, Vec<RunId>> {
        self.change(move |connection| write_runs::request_cancel(connection, run, now))
    }

    fn send_signal(
        &self,
        run: RunId,
        name: String,
        mut payload: Payload,
        key: Option<String>,
        now: Micros,
    ) -> Answer<'_, u64> {
        let checked = self
            .0
            .limit
            .check(&payload, || format!("the signal {name}"));
        let held = self.apart(|apart| apart.take(&mut payload));
        let bytes = payload.len();
        let signal = NewSignal {
            name,
            payload,
            key,
            sent: now,
        };
        self.write_apart(
            Durability::Synced,
            checked,
            bytes,
            held.clone(),
            move |session| {
                let seq = write_entries::send_signal(&session.connection, run, &signal)?;
                hold(&held, &session.connection, run)?;
                Ok(seq)
            },
        )
    }

    fn signals(&self, run: RunId, from: u64) -> Answer<'_, Vec<SignalRecord>> {
        let blobs = Arc::clone(&self.0.blobs);
        self.question(move |connection| {
            let mut signals = read_inside::signals(connection, run, from)?;
            blobs.fill_signals(&|| run.to_string(), &mut signals)?;
            Ok(signals)
        })
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
        self.delete(run)
    }

    fn sweep(&self) -> Answer<'_, ()> {
        self.clear_away()
    }

    fn shrink(&self) -> Answer<'_, u64> {
        Box::pin(shrink::shrink(&self.0.writer))
    }

    fn family(&self, run: RunId) -> Answer<'_, Vec<(RunRecord, Journal)>> {
        self.filled_family(run)
    }

    fn import(&self, import: Import) -> Answer<'_, bool> {
        self.take_in(import)
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

    fn take_turns(&self, turns: Turns) -> Answer<'_, Turned> {
        let own = self.process();
        Box::pin(async move {
            let buckets = turns.buckets.clone();
            let mut dead = self
                .question(move |connection| tickets::processes(connection, &buckets))
                .await?;
            dead.retain(|process| *process != own && !self.is_alive(*process));
            self.write(Durability::Soon, Ok(()), 0, move |session| {
                tickets::take_turns(&session.connection, &turns, own, &dead)
            })
            .await
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
        let blobs = Arc::clone(&self.0.blobs);
        self.question(move |connection| {
            let found = cache::kept(connection, key, now)?;
            Ok(found.filter(|found| blobs.has_all(&found.output)))
        })
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
        self.seen_version()
    }

    fn changes(&self) -> Answer<'_, u64> {
        self.seen_changes()
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
