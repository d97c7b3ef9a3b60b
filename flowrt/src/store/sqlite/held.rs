//! Writes whose values lie partly in blobs, and reads that put them together again.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::super::apart::Apart;
use super::super::limits::{check_artifact, check_artifacts};
use super::super::{Answer, Durability, Error, Import, Whole};
use super::Sqlite;
use super::blobs::Blobs;
use super::calls::off_thread;
use super::fault::Outcome;
use super::session::Session;
use super::write_entries::{Head, bytes_of};
use super::{artifacts, read_runs, transfer, trash, write_runs};
use crate::model::artifact::{ArtifactRecord, NewArtifact};
use crate::model::blob::Blob;
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::{Entry, Journal, Micros, NewRun, RunRecord};

/// A file that nobody names yet may be about to be.
const GRACE: Duration = Duration::from_secs(60 * 60);

/// The blobs of a write and where they go; most writes have none.
#[derive(Debug)]
pub(super) struct Held {
    blobs: Arc<Blobs>,
    apart: Apart,
}

/// Says in the transaction of a write that its run needs its blobs.
pub(super) fn hold(held: &Option<Arc<Held>>, connection: &Connection, run: RunId) -> Outcome<()> {
    let Some(held) = held else { return Ok(()) };
    let run = read_runs::number(connection, run)?;
    held.blobs.hold(connection, run, &held.apart)
}

impl Held {
    /// Puts its bytes on the disk. Blocks.
    pub(super) fn put(&self) -> Result<(), Error> {
        self.blobs.put_all(&self.apart)
    }
}

impl Sqlite {
    /// A run and all below it with their large values.
    pub(super) fn filled_family(&self, run: RunId) -> Answer<'_, Vec<(RunRecord, Journal)>> {
        let blobs = Arc::clone(&self.0.blobs);
        self.ask_at_length(move |connection| {
            let mut family = transfer::family(connection, run)?;
            for (record, journal) in &mut family {
                blobs.fill_run(record)?;
                blobs.fill_journal(&|| record.name.clone(), journal)?;
            }
            Ok(family)
        })
    }

    /// Takes runs of another store in.
    pub(super) fn take_in(&self, import: Import) -> Answer<'_, bool> {
        let (most, limit) = (self.0.artifacts_max, self.0.artifact_bytes_max);
        let checked = import.runs.iter().try_for_each(|run| {
            self.0.limit.check_whole(run)?;
            check_artifacts(run, most, limit)
        });
        let apart = |run: &mut Whole, blobs: Vec<Blob>| {
            self.apart(|apart| {
                blobs.into_iter().for_each(|blob| apart.add(blob));
                apart.take_whole(run);
            })
        };
        Box::pin(async move {
            checked?;
            transfer::import(&self.0.writer, import, apart).await
        })
    }

    /// Deletes a run and all below it, then the files that only they needed.
    pub(super) fn delete(&self, run: RunId) -> Answer<'_, bool> {
        Box::pin(async move {
            let blobs = self.ask_at_length(move |there| write_runs::blobs_below(there, run));
            let blobs = blobs.await?;
            let is_deleted = trash::delete(&self.0.writer, run).await?;
            if is_deleted {
                self.release(blobs).await;
            }
            Ok(is_deleted)
        })
    }

    /// Takes out of a write what is kept in blobs.
    pub(super) fn apart(&self, take: impl FnOnce(&mut Apart)) -> Option<Arc<Held>> {
        let mut apart = Apart::over(self.0.inline_max);
        take(&mut apart);
        if apart.is_empty() {
            return None;
        }
        let blobs = Arc::clone(&self.0.blobs);
        Some(Arc::new(Held { blobs, apart }))
    }

    /// Writes once the blobs are on the disk.
    pub(super) fn write_apart<'a, T: Send + 'static>(
        &'a self,
        durability: Durability,
        checked: Result<(), Error>,
        bytes: usize,
        held: Option<Arc<Held>>,
        work: impl FnMut(&mut Session) -> Outcome<T> + Send + 'static,
    ) -> Answer<'a, T> {
        let Some(held) = held else {
            return self.write(durability, checked, bytes, work);
        };
        Box::pin(async move {
            checked?;
            self.with_blobs(move |blobs| blobs.put_all(&held.apart))
                .await?;
            self.write(durability, Ok(()), bytes, work).await
        })
    }

    /// Works on files, off the executor's thread.
    pub(super) fn with_blobs<'a, T: Send + 'static>(
        &'a self,
        work: impl FnOnce(&Blobs) -> Result<T, Error> + Send + 'static,
    ) -> Answer<'a, T> {
        let blobs = Arc::clone(&self.0.blobs);
        Box::pin(async move { off_thread(move || work(&blobs)).await })
    }

    /// A run with its large values.
    pub(super) fn filled<'a>(&'a self, run: Answer<'a, RunRecord>) -> Answer<'a, RunRecord> {
        Box::pin(async move {
            let mut run = run.await?;
            let values = [Some(&run.input), run.output.as_ref(), run.error.as_ref()];
            let is_apart = |value: &Payload| value.blob_apart().is_some();
            if !values.into_iter().flatten().any(is_apart) {
                return Ok(run);
            }
            self.with_blobs(move |blobs| {
                blobs.fill_run(&mut run)?;
                Ok(run)
            })
            .await
        })
    }

    pub(super) fn filled_some<'a>(
        &'a self,
        run: Answer<'a, Option<RunRecord>>,
    ) -> Answer<'a, Option<RunRecord>> {
        Box::pin(async move {
            match run.await? {
                Some(run) => self.filled(Box::pin(async { Ok(run) })).await.map(Some),
                None => Ok(None),
            }
        })
    }

    /// Runs with their large values; what is lost says so itself.
    pub(super) async fn filled_each(
        &self,
        mut runs: Vec<RunRecord>,
    ) -> Result<Vec<RunRecord>, Error> {
        let is_apart = |run: &RunRecord| {
            let values = [Some(&run.input), run.output.as_ref(), run.error.as_ref()];
            let mut values = values.into_iter().flatten();
            values.any(|value| value.blob_apart().is_some())
        };
        if !runs.iter().any(is_apart) {
            return Ok(runs);
        }
        self.with_blobs(move |blobs| {
            runs.iter_mut().for_each(|run| blobs.fill_listed(run));
            Ok(runs)
        })
        .await
    }

    /// Ends a run that goes on as another one.
    pub(super) fn continue_apart(
        &self,
        (run, epoch): (RunId, u64),
        mut entries: Vec<Entry>,
        mut successor: NewRun,
        at: Micros,
    ) -> Answer<'_, RunRecord> {
        let limit = self.0.limit;
        let checked = limit
            .check_entries(&entries)
            .and_then(|()| limit.check_run(&successor));
        let held = self.apart(|apart| {
            apart.take_entries(&mut entries);
            apart.take_run(&mut successor);
        });
        let bytes = bytes_of(&entries) + successor.input.len();
        let put = held.clone();
        let work = move |session: &mut Session| {
            let next = write_runs::continue_as(session, run, epoch, &entries, &successor, at)?;
            hold(&held, &session.connection, run)?;
            hold(&held, &session.connection, next.id)?;
            Ok(next)
        };
        self.filled(self.write_apart(Durability::Synced, checked, bytes, put, work))
    }

    /// Deletes what is left of deleted runs, and files that killed processes left.
    pub(super) fn clear_away(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            trash::sweep(&self.0.writer).await?;
            self.with_blobs(|blobs| blobs.sweep(GRACE)).await.map(drop)
        })
    }

    /// The run is deleted; what could not be cleared away waits for a sweep.
    pub(super) async fn release(&self, blobs: Vec<String>) {
        let released = self.with_blobs(move |folder| folder.release(&blobs)).await;
        if let Err(error) = released {
            tracing::warn!(%error, "files of a deleted run are left for later");
        }
    }

    pub(super) fn keep_bytes(&self, run: RunId, epoch: u64, blobs: Vec<Blob>) -> Answer<'_, ()> {
        let held = self.apart(|apart| blobs.into_iter().for_each(|blob| apart.add(blob)));
        let durability = Durability::Soon;
        self.write_apart(durability, Ok(()), 0, held.clone(), move |session| {
            Head::read_owned(&session.connection, run, epoch)?;
            hold(&held, &session.connection, run)
        })
    }

    pub(super) fn publish(
        &self,
        run: RunId,
        epoch: u64,
        new: NewArtifact,
    ) -> Answer<'_, ArtifactRecord> {
        let checked = check_artifact(&new, self.0.artifact_bytes_max);
        let most = self.0.artifacts_max;
        let held = self.apart(|apart| {
            if let Some(blob) = &new.blob {
                apart.add(blob.clone());
            }
        });
        let bytes = new.data.len();
        let durability = Durability::Soon;
        self.write_apart(durability, checked, bytes, held.clone(), move |session| {
            let head = Head::read_owned(&session.connection, run, epoch)?;
            let record = artifacts::put(&session.connection, (head.id, run), &new, most)?;
            hold(&held, &session.connection, run)?;
            Ok(record)
        })
    }
}
