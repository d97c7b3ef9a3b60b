//! Blobs as files beside the store, named by their digests. A file is whole and on the disk before a record names it, so
//! what a killed process leaves behind is a file that nobody names.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, params};

use super::super::apart::Apart;
use super::super::{Error, Swept};
use super::fault::{Outcome, unusable};
use super::open;
use crate::clock::{self, Clock, micros};
use crate::failpoint::failpoint;
use crate::model::blob::{Blob, BlobId};
use crate::model::payload::Payload;
use crate::model::record::{Journal, RunRecord, SignalRecord};

/// Where files are written before they get their name.
const UNNAMED: &str = "tmp";

/// How many files are looked at while nobody else can write.
const BATCH: usize = 64;

/// The folder of blobs beside a store.
#[derive(Debug)]
pub(super) struct Blobs {
    store: PathBuf,
    folder: PathBuf,
}

impl Blobs {
    pub fn beside(store: &Path) -> Self {
        let folder = open::folder_of(store);
        let is_usual = store.file_name().is_some_and(|name| name == "flowrt.db");
        let folder = if is_usual && folder.ends_with(".flowrt") {
            folder.join("blobs")
        } else {
            // Another store in the same folder must not take these for garbage.
            let mut folder = store.as_os_str().to_owned();
            folder.push(".blobs");
            PathBuf::from(folder)
        };
        Self {
            store: store.to_owned(),
            folder,
        }
    }

    pub fn path(&self, id: BlobId) -> PathBuf {
        let digest = id.digest();
        let (first, rest) = digest.split_at(2);
        self.folder.join(first).join(rest)
    }

    /// Puts all bytes of a write on the disk.
    pub fn put_all(&self, apart: &Apart) -> Result<(), Error> {
        apart.blobs.iter().try_for_each(|blob| self.put(blob))?;
        if !apart.blobs.is_empty() {
            failpoint("store::blobs_written");
        }
        Ok(())
    }

    /// Puts the bytes on the disk under their name. A damaged file of that name is replaced.
    pub fn put(&self, blob: &Blob) -> Result<(), Error> {
        let path = self.path(blob.id());
        if fs::read(&path).is_ok_and(|there| blob.id().fits(&there)) {
            return Ok(());
        }
        self.write(&path, blob.bytes())
            .map_err(|error| trouble("written", &path, &error))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let unnamed = self.folder.join(UNNAMED);
        make_folder(&unnamed)?;
        let temporary = unnamed.join(clock::new_uuid().simple().to_string());
        let written = write_file(&temporary, bytes).and_then(|()| {
            let folder = open::folder_of(path);
            make_folder(&folder)?;
            failpoint("store::blob_unnamed");
            fs::rename(&temporary, path)?;
            open::sync_folder(&folder)
        });
        if written.is_err() {
            // The first error is the one to tell.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// Whether all bytes are there to which a value holds handles: a cached value may have outlived them.
    pub fn has_all(&self, value: &Payload) -> bool {
        value.handles().all(|id| self.is_there(id))
    }

    fn is_there(&self, id: BlobId) -> bool {
        fs::metadata(self.path(id)).is_ok_and(|file| file.len() == id.size())
    }

    /// Says that a run needs the blobs of a write, within its transaction. Whoever deletes files does so while nobody else
    /// can write: a file that is there now stays.
    pub fn hold(&self, connection: &Connection, run: i64, apart: &Apart) -> Outcome<()> {
        for blob in &apart.blobs {
            if !self.is_there(blob.id()) {
                self.put(blob)?;
            }
        }
        for id in &apart.named {
            connection
                .prepare_cached("INSERT OR IGNORE INTO blob_use (blob, run) VALUES (?1, ?2)")?
                .execute(params![id.to_string(), run])?;
        }
        Ok(())
    }

    /// The bytes, if they are those that the name says.
    pub fn read(&self, id: BlobId, whose: &dyn Fn() -> String) -> Result<Arc<[u8]>, Error> {
        let path = self.path(id);
        let lost = |why: &str| Error::BlobLost {
            whose: whose(),
            file: path.display().to_string(),
            why: why.to_owned(),
        };
        match fs::read(&path) {
            Ok(bytes) if id.fits(&bytes) => Ok(bytes.into()),
            Ok(_) => Err(lost("is damaged")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(lost("is gone")),
            Err(error) => Err(trouble("read", &path, &error)),
        }
    }

    /// Puts the value in the place of its stand-in.
    pub fn fill(&self, payload: &mut Payload, whose: &dyn Fn() -> String) -> Result<(), Error> {
        let Some(id) = payload.blob_apart() else {
            return Ok(());
        };
        let bytes = self.read(id, whose)?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Error::Failed(format!("{} is no text", self.path(id).display())))?;
        *payload = Payload::from_json(text);
        Ok(())
    }

    fn fill_some(
        &self,
        payload: &mut Option<Payload>,
        whose: &dyn Fn() -> String,
    ) -> Result<(), Error> {
        payload
            .as_mut()
            .map_or(Ok(()), |payload| self.fill(payload, whose))
    }

    pub fn fill_run(&self, run: &mut RunRecord) -> Result<(), Error> {
        let name = run.name.clone();
        self.fill(&mut run.input, &|| format!("the input of run {name}"))?;
        self.fill_some(&mut run.output, &|| format!("the result of run {name}"))?;
        self.fill_some(&mut run.error, &|| format!("the error of run {name}"))
    }

    /// As [`fill_run`](Self::fill_run), where one lost value must not hide the other runs: it says itself that it is lost.
    pub fn fill_listed(&self, run: &mut RunRecord) {
        if self.fill_run(run).is_ok() {
            return;
        }
        let filled = |payload: &mut Payload, what: &str| {
            if let Err(error) = self.fill(payload, &|| format!("the {what} of run {}", run.name)) {
                *payload =
                    Payload::from_json(serde_json::Value::from(error.to_string()).to_string());
            }
        };
        filled(&mut run.input, "input");
        for (payload, what) in [(&mut run.output, "result"), (&mut run.error, "error")] {
            if let Some(payload) = payload {
                filled(payload, what);
            }
        }
    }

    pub fn fill_journal(
        &self,
        run: &dyn Fn() -> String,
        journal: &mut Journal,
    ) -> Result<(), Error> {
        for step in &mut journal.steps {
            let of = |what: &str| format!("the {what} of step {} of run {}", step.step, run());
            let (input, output) = (&mut step.input, &mut step.output);
            self.fill_some(input, &|| of("input"))?;
            self.fill_some(output, &|| of("result"))?;
        }
        for attempt in &mut journal.attempts {
            let (step, number) = (&attempt.step, attempt.attempt);
            let whose = || {
                format!(
                    "the error of attempt {number} of step {step} of run {}",
                    run()
                )
            };
            self.fill(&mut attempt.error, &whose)?;
        }
        self.fill_signals(run, &mut journal.signals)
    }

    pub fn fill_signals(
        &self,
        run: &dyn Fn() -> String,
        signals: &mut [SignalRecord],
    ) -> Result<(), Error> {
        signals.iter_mut().try_for_each(|signal| {
            let name = &signal.name;
            let whose = || format!("the value of signal {name} of run {}", run());
            self.fill(&mut signal.payload, &whose)
        })
    }

    /// Deletes files that no record names and that are older than `grace`; half-written ones of the dead too.
    pub fn sweep(&self, grace: Duration) -> Result<Swept, Error> {
        let mut swept = Swept::default();
        let mut old = Vec::new();
        for folder in entries(&self.folder) {
            let is_unnamed = folder.ends_with(UNNAMED);
            for file in entries(&folder).filter(|file| is_older(file, grace)) {
                match self.id_of(&folder, &file) {
                    // A writer that still lives would fail and write again; an hour is more than any file takes.
                    None if is_unnamed && is_older(&file, UNNAMED_FOR) => swept.remove(&file),
                    None => {}
                    Some(id) => old.push((id, file)),
                }
            }
        }
        if old.is_empty() {
            return Ok(swept);
        }
        let connection = open::sweeper(&self.store)?;
        for batch in old.chunks(BATCH) {
            self.sweep_batch(&connection, batch, &mut swept)?;
        }
        Ok(swept)
    }

    /// Nobody can write meanwhile, and only what is committed is seen.
    fn sweep_batch(
        &self,
        connection: &Connection,
        batch: &[(String, PathBuf)],
        swept: &mut Swept,
    ) -> Outcome<()> {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        // A power cut must not bring back a record whose file is gone.
        let synced = open::sync_log(&self.store);
        for (id, file) in batch.iter().filter(|_| synced.is_ok()) {
            let is_used = connection
                .prepare_cached(
                    "SELECT 1 FROM blob_use WHERE blob >= ?1 AND blob < ?1 || ';' LIMIT 1",
                )?
                .query_row([id], |_| Ok(()))
                .optional()?
                .is_some();
            if !is_used {
                swept.remove(file);
            }
        }
        connection.execute_batch("COMMIT")?;
        Ok(())
    }

    /// Deletes the files of blobs that a deleted run needed, those that no other record names. A file that stays because of
    /// an error is garbage until the next sweep.
    pub fn release(&self, blobs: &[String]) -> Result<(), Error> {
        let ids = blobs.iter().filter_map(|blob| blob.parse::<BlobId>().ok());
        let files: Vec<_> = ids.map(|id| (id.digest(), self.path(id))).collect();
        if files.is_empty() {
            return Ok(());
        }
        let connection = open::sweeper(&self.store)?;
        for batch in files.chunks(BATCH) {
            self.sweep_batch(&connection, batch, &mut Swept::default())?;
        }
        Ok(())
    }

    /// Copies all files to the folder of another store.
    pub fn copy_to(&self, other: &Self) -> Result<(), Error> {
        for folder in entries(&self.folder).filter(|folder| !folder.ends_with(UNNAMED)) {
            for file in entries(&folder) {
                let Some(id) = self.id_of(&folder, &file) else {
                    continue;
                };
                // One that goes away meanwhile belonged to a run that was deleted.
                let Ok(bytes) = fs::read(&file) else { continue };
                let target = BlobId::parse(&id, bytes.len() as u64).map(|id| other.path(id));
                if let Some(target) = target.filter(|target| !target.exists()) {
                    let written = other.write(&target, &bytes);
                    written.map_err(|error| trouble("written", &target, &error))?;
                }
            }
        }
        Ok(())
    }

    /// The digest that a file's place says.
    fn id_of(&self, folder: &Path, file: &Path) -> Option<String> {
        let name = |path: &Path| Some(path.file_name()?.to_str()?.to_owned());
        let digest = name(folder)? + &name(file)?;
        BlobId::parse(&digest, 0).map(|id| id.digest())
    }
}

/// After this long, a file without a name belongs to nobody.
const UNNAMED_FOR: Duration = Duration::from_secs(60 * 60);

impl Swept {
    fn remove(&mut self, file: &Path) {
        let bytes = fs::metadata(file).map_or(0, |file| file.len());
        if fs::remove_file(file).is_ok() {
            self.files += 1;
            self.bytes += bytes;
            failpoint("store::blob_removed");
        }
    }
}

/// What is in a folder; nothing if it is none.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path()))
}

fn is_older(file: &Path, than: Duration) -> bool {
    let Ok(changed) = fs::metadata(file).and_then(|file| file.modified()) else {
        return false;
    };
    let changed = changed.duration_since(UNIX_EPOCH).unwrap_or_default();
    Clock::real().now().saturating_sub(micros(changed)) >= micros(than)
}

fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the folder and those above it, for this user alone.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let above = open::folder_of(folder);
    open::sync_folder(&above)?;
    open::sync_folder(&open::folder_of(&above))
}

fn trouble(what: &str, path: &Path, error: &io::Error) -> Error {
    let message = format!("the file {} cannot be {what}: {error}", path.display());
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => unusable(
            message,
            "make the folder of blobs beside the store readable and writable for this user",
        ),
        _ => Error::Unavailable(message),
    }
}
