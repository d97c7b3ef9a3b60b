//! An open store: its connections, threads and lock, from opening to closing.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::params;

use super::super::limits::PayloadLimit;
use super::super::{Error, Options, Process};
use super::blobs::Blobs;
use super::checkpoint;
use super::fault::{Outcome, unusable};
use super::lock::{Locks, ProcessLock};
use super::migrate::migrate;
use super::place::Place;
use super::readers::Readers;
use super::session::Session;
use super::writer::Writer;
use super::{open, read_inside, write_runs};
use crate::model::ids::ProcessId;

/// An open store.
#[derive(Debug)]
pub(super) struct Handle {
    pub path: PathBuf,
    pub process: Process,
    pub limit: PayloadLimit,
    pub inline_max: usize,
    pub artifacts_max: u64,
    pub artifact_bytes_max: usize,
    pub blobs: Arc<Blobs>,
    pub locks: Locks,
    pub writer: Arc<Writer>,
    pub readers: Readers,
    running: Mutex<Option<Running>>,
}

/// What is ended and let go at the close.
#[derive(Debug)]
struct Running {
    writer: JoinHandle<()>,
    sync: JoinHandle<()>,
    checkpoint: JoinHandle<()>,
    lock: ProcessLock,
}

/// What a test sees of each sync: how much of the log is on the disk.
pub(super) type SyncHook = Box<dyn Fn(u64) + Send>;

impl Handle {
    pub fn open(
        path: &Path,
        options: Options,
        soon: Duration,
        hook: SyncHook,
    ) -> Result<Self, Error> {
        let mut connection = open::writer(path)?;
        migrate(&mut connection)?;
        let (locks, lock) = lock(path, options.process.id)?;
        connection
            .busy_timeout(super::session::PATIENCE)
            .map_err(super::fault::Fault::from)?;
        let mut session = Session::new(connection);
        register(&mut session, &options.process, &locks)?;
        session
            .connection
            .busy_timeout(Duration::ZERO)
            .map_err(super::fault::Fault::from)?;
        let log = open_log(path)?;
        let writer = Writer::new(session);
        let threads = start(path, &writer, log, soon, hook).map_err(|error| {
            Error::Unavailable(format!("its threads could not be started: {error}"))
        })?;
        // The schema and this process's row were committed, but not synced.
        writer.durable.committed();
        Ok(Self {
            path: path.to_owned(),
            process: options.process,
            limit: PayloadLimit(options.payload_bytes_max),
            inline_max: options.payload_inline_max,
            artifacts_max: options.artifacts_max,
            artifact_bytes_max: options.artifact_bytes_max,
            blobs: Arc::new(Blobs::beside(path)),
            locks,
            writer,
            readers: Readers::new(path.to_owned()),
            running: Mutex::new(Some(threads.with(lock))),
        })
    }

    /// Finishes what is queued, puts all on the disk, and lets the file go. Blocks.
    pub fn close(&self) -> Result<(), Error> {
        self.writer.close()?;
        let running = self
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .ok_or(Error::Closed)?;
        join(running.writer);
        self.readers.close();
        let session = self.writer.take_session();
        self.writer.durable.stop();
        join(running.sync);
        join(running.checkpoint);
        let checked = self.writer.durable.check();
        if let Some(mut session) = session
            && checked.is_ok()
        {
            leave(&mut session, self.process.id)?;
        }
        drop(running.lock);
        checked
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Closed already is fine; other trouble cannot be told to anybody any more.
        let _ = self.close();
    }
}

struct Threads {
    writer: JoinHandle<()>,
    sync: JoinHandle<()>,
    checkpoint: JoinHandle<()>,
}

impl Threads {
    fn with(self, lock: ProcessLock) -> Running {
        Running {
            writer: self.writer,
            sync: self.sync,
            checkpoint: self.checkpoint,
            lock,
        }
    }
}

fn start(
    path: &Path,
    writer: &Arc<Writer>,
    log: File,
    soon: Duration,
    hook: SyncHook,
) -> std::io::Result<Threads> {
    let (mut gauge, checkpoint) = checkpoint::start(path.to_owned(), writer)?;
    let after_sync = move |length| {
        hook(length);
        gauge.report(length);
    };
    Ok(Threads {
        sync: writer
            .durable
            .start(log, Place::of(path), soon, after_sync)?,
        writer: writer.start()?,
        checkpoint,
    })
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        tracing::error!("a thread of the store has panicked");
    }
}

fn lock(path: &Path, process: ProcessId) -> Result<(Locks, ProcessLock), Error> {
    let locks = Locks::beside(path).and_then(|locks| Ok((locks.acquire(process)?, locks)));
    let (lock, locks) = locks.map_err(|error| {
        unusable(
            format!(
                "the lock of this process cannot be made beside {}: {error}",
                path.display()
            ),
            "make the store's folder writable for this user",
        )
    })?;
    locks.sweep();
    Ok((locks, lock))
}

/// The handle through which the log is synced. SQLite keeps the log's file for as long as a connection is open.
fn open_log(path: &Path) -> Result<File, Error> {
    // SQLite would sync the folder at its first sync of the log, but here it never syncs the log itself.
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .open(open::log_of(path));
    opened
        .and_then(|log| {
            open::sync_folder(&open::folder_of(path))?;
            Ok(log)
        })
        .map_err(|error| {
            unusable(
                format!("the log of {} cannot be opened: {error}", path.display()),
                "make the store's folder writable for this user",
            )
        })
}

/// Enters this process (whose lock is held, so a row of the same id is of the dead) and forgets dead ones that left no run behind.
fn register(session: &mut Session, process: &Process, locks: &Locks) -> Outcome<()> {
    session.begin()?;
    let connection = &session.connection;
    connection.execute(
        "INSERT OR REPLACE INTO process (id, pid, host, started, build) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            process.id.0.as_bytes(),
            process.pid,
            process.host,
            process.started,
            process.build
        ],
    )?;
    for other in read_inside::processes(connection)? {
        if !locks.is_held(other.id) && !write_runs::owns_any(connection, other.id)? {
            forget(connection, other.id)?;
        }
    }
    session.commit()
}

/// Takes this process out, unless a run still names it as its owner, and empties the log.
fn leave(session: &mut Session, process: ProcessId) -> Outcome<()> {
    session.connection.busy_timeout(super::session::PATIENCE)?;
    if !write_runs::owns_any(&session.connection, process)? {
        forget(&session.connection, process)?;
    }
    session.connection.busy_timeout(Duration::ZERO)?;
    checkpoint::run(&session.connection, "TRUNCATE")
}

fn forget(connection: &rusqlite::Connection, process: ProcessId) -> Outcome<()> {
    connection.execute("DELETE FROM process WHERE id = ?1", [process.0.as_bytes()])?;
    super::due::forget(connection, process)?;
    Ok(())
}
