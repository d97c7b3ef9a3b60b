//! What a body publishes while it runs, on its way to the store.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::author::context::{Attempt, TaskContext};
use crate::author::stored::Source;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::mask;
use crate::model::artifact::{Artifact, NewArtifact, Place};
use crate::model::record::Micros;

/// The key of a step's own progress.
const PROGRESS: &str = "progress";

/// Those who watch are told of progress at most so often.
const TOLD_EVERY: Micros = 50_000;

/// Progress is stored at most so often.
const STORED_EVERY: Micros = 1_000_000;

/// What attempts need of the engine.
pub(crate) trait Keeper: Source {
    /// The time.
    fn now(&self) -> Micros;

    /// Something waits on the desk of an attempt: writes it down soon.
    fn wake(self: Arc<Self>, attempt: &Arc<Attempt>);

    /// Tells those who watch how far an attempt is.
    fn tell_progress(&self, attempt: &Attempt, done: u64, total: u64);
}

/// What waits for the store; the attempt ends only when nothing does.
#[derive(Default)]
pub(crate) struct Desk {
    inner: Mutex<Inner>,
    /// Held while artifacts are written, so that they get their versions in order.
    pub(crate) writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Inner {
    waiting: VecDeque<NewArtifact>,
    progress: Option<Progress>,
    /// The first one that the store refused.
    refused: Option<Error>,
    is_used: bool,
    is_closed: bool,
}

#[derive(Clone, Copy)]
struct Progress {
    done: u64,
    total: u64,
    told: Micros,
    stored: Micros,
    is_stored: bool,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Desk({} waiting)", self.inner().waiting.len())
    }
}

impl Desk {
    /// Whether anything was ever put there.
    pub(crate) fn is_used(&self) -> bool {
        self.inner().is_used
    }

    /// Takes one, unless the attempt has ended.
    fn take(&self, new: NewArtifact) -> bool {
        let mut inner = self.inner();
        if inner.is_closed {
            return false;
        }
        inner.is_used = true;
        inner.waiting.push_back(new);
        true
    }

    /// The next to be written.
    pub(crate) fn next(&self) -> Option<NewArtifact> {
        self.inner().waiting.pop_front()
    }

    /// The store refused one.
    pub(crate) fn refuse(&self, error: Error) {
        let mut inner = self.inner();
        inner.is_used = true;
        inner.refused.get_or_insert(error);
    }

    /// Nothing more is taken; what is not stored of the progress waits too.
    pub(crate) fn close(&self, attempt: &Attempt, now: Micros) {
        let mut inner = self.inner();
        inner.is_closed = true;
        if let Some(progress) = inner.progress.filter(|progress| !progress.is_stored)
            && let Ok(new) = new(attempt, PROGRESS, progress.artifact(), now)
        {
            inner.waiting.push_back(new);
        }
    }

    /// Why the attempt fails whatever its body gave.
    pub(crate) fn refusal(&self) -> Option<Error> {
        self.inner().refused.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn artifact(self) -> Artifact {
        Artifact::progress(self.done, self.total)
    }
}

fn new(attempt: &Attempt, key: &str, artifact: Artifact, at: Micros) -> Result<NewArtifact> {
    let place = Place {
        key: key.to_owned(),
        step: attempt.step.to_string(),
        attempt: attempt.attempt,
        at,
    };
    let new = artifact.into_new(place);
    let new = new.map_err(|why| refused(key, &why))?;
    masked(new)
}

fn refused(key: &str, why: &str) -> Error {
    let message = format!(
        "the artifact `{}` cannot be published: {why}",
        mask::text(key)
    );
    Error::new(ErrorKind::Input, message)
}

/// Takes the values of secrets out, or refuses where that would make something else of it.
fn masked(mut new: NewArtifact) -> Result<NewArtifact> {
    if mask::is_in(&new.data)
        && let Ok(mut data) = serde_json::from_str(&new.data)
    {
        mask::json(&mut data);
        new.data = data.to_string();
    }
    if let Some(description) = &mut new.description {
        mask::in_place(description);
    }
    if mask::is_in(&new.place.key) {
        return Err(refused(
            &new.place.key,
            "its key holds the value of a secret",
        ));
    }
    // Stars in a file would make another file of it.
    if new
        .blob
        .as_ref()
        .is_some_and(|blob| mask::is_in_bytes(blob.bytes()))
    {
        return Err(refused(
            &new.place.key,
            "the file holds the value of a secret in clear",
        ));
    }
    Ok(new)
}

#[cfg(all(feature = "isolate", unix))]
impl Attempt {
    /// Publishes what the body published in a process of its own. What comes after the end of the attempt is dropped.
    pub(crate) fn publish(self: &Arc<Self>, new: NewArtifact) {
        let Some(keeper) = &self.keeper else { return };
        // This process knows secrets that the other one does not.
        match masked(new) {
            Err(error) => self.desk.refuse(error),
            Ok(new) => {
                if self.desk.take(new) {
                    keeper.clone().wake(self);
                }
            }
        }
    }
}

impl TaskContext {
    /// Publishes something for people, as a new version of `key`: a table, a text, a link, a picture, a file. It is shown by
    /// `runs show` and `artifacts`, and stays if the attempt fails (and says so).
    ///
    /// It is written while the body goes on, and has been when the body's outcome is recorded. What the store refuses
    /// (`artifact_bytes_max`, `artifacts_max`) fails the attempt. Outside of a run nothing is kept.
    ///
    /// # Errors
    /// If the key is empty, longer than 200 bytes or not printable; if rows do not fit the columns or the image is none; if
    /// the attempt has ended.
    pub fn artifact(&self, key: &str, artifact: Artifact) -> Result<()> {
        let now = self
            .0
            .keeper
            .as_ref()
            .map_or_else(|| Clock::real().now(), |k| k.now());
        let new = new(&self.0, key, artifact, now)?;
        let Some(keeper) = &self.0.keeper else {
            return Ok(());
        };
        if !self.0.desk.take(new) {
            return Err(Error::new(
                ErrorKind::Misuse,
                format!("the artifact `{key}` comes after the end of its attempt"),
            ));
        }
        keeper.clone().wake(&self.0);
        Ok(())
    }

    /// Says how far the work is: shown live on the task's line, and kept. Cheap: call it as often as there is news.
    pub fn progress(&self, done: u64, total: u64) {
        let Some(keeper) = &self.0.keeper else { return };
        let now = keeper.now();
        let is_end = done >= total;
        let (tells, stores) = {
            let mut inner = self.0.desk.inner();
            if inner.is_closed {
                return;
            }
            inner.is_used = true;
            let before = inner.progress;
            let since =
                |of: fn(Progress) -> Micros| before.map(|before| now.saturating_sub(of(before)));
            let tells = is_end || since(|p| p.told).is_none_or(|since| since >= TOLD_EVERY);
            let stores = is_end || since(|p| p.stored).is_none_or(|since| since >= STORED_EVERY);
            let progress = Progress {
                done,
                total,
                told: before.filter(|_| !tells).map_or(now, |before| before.told),
                stored: before
                    .filter(|_| !stores)
                    .map_or(now, |before| before.stored),
                is_stored: stores,
            };
            inner.progress = Some(progress);
            if stores && let Ok(new) = new(&self.0, PROGRESS, progress.artifact(), now) {
                inner.waiting.push_back(new);
            }
            (tells, stores)
        };
        if tells {
            keeper.tell_progress(&self.0, done, total);
        }
        if stores {
            keeper.clone().wake(&self.0);
        }
    }
}
