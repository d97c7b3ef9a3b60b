//! Puts commits on the disk: a thread that syncs the write-ahead log soon, and callers that cannot wait.
//!
//! A commit at `synchronous=NORMAL` followed by a sync of the log is what `synchronous=FULL` does, but one sync serves
//! all commits before it, and the writer goes on meanwhile.

use std::fs::File;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use super::super::{Durability, Error};
use super::job::Job;
use super::place::Place;
use crate::failpoint::failpoint;

/// Commits are on the disk within 50 ms; this leaves 10 of them for the sync itself.
pub(super) const SOON: Duration = Duration::from_millis(40);

/// What waits for a sync.
enum Waiter {
    Caller(oneshot::Sender<Result<(), Error>>),
    Job(Box<dyn Job>),
}

#[derive(Default)]
struct State {
    /// Commits so far.
    committed: u64,
    /// Commits known to be on the disk.
    synced: u64,
    /// Commits were made since the last sync began.
    is_dirty: bool,
    is_stopping: bool,
    /// Somebody syncs now.
    is_syncing: bool,
    waiting: Vec<(u64, Waiter)>,
    failure: Option<Error>,
}

/// The state shared with the thread that syncs.
pub(super) struct Durable {
    state: Mutex<State>,
    wake: Condvar,
    log: Mutex<Option<Log>>,
}

/// The log through the handle by which it is synced.
struct Log {
    file: File,
    place: Place,
    after_sync: Box<dyn FnMut(u64) + Send>,
}

impl Durable {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::default()),
            wake: Condvar::new(),
            log: Mutex::new(None),
        })
    }

    /// An error once a sync has failed: the system may have dropped the pages, so nothing can be promised any more.
    pub fn check(&self) -> Result<(), Error> {
        self.state().failure.clone().map_or(Ok(()), Err)
    }

    /// Counts a commit and returns its number.
    pub fn committed(&self) -> u64 {
        let mut state = self.state();
        state.committed += 1;
        if !state.is_dirty {
            state.is_dirty = true;
            self.wake.notify_one();
        }
        state.committed
    }

    /// How many commits there were.
    pub fn commits(&self) -> u64 {
        self.state().committed
    }

    /// Waits until that commit is on the disk. The first who waits syncs by himself, and takes along all commits before:
    /// a hop to another thread and back costs as much as the sync of a fast disk. The runtime moves its other work to
    /// another thread meanwhile; where it cannot, the thread of this store syncs.
    pub async fn wait(&self, commit: u64) -> Result<(), Error> {
        if may_block() && self.is_unsynced(commit) {
            // Who waits in this task for several of them has not begun the others yet: their commits come first.
            tokio::task::yield_now().await;
        }
        if may_block() && self.is_unsynced(commit) {
            tokio::task::block_in_place(|| self.sync());
        }
        let (reply, answer) = oneshot::channel();
        self.enqueue(commit, Waiter::Caller(reply));
        answer.await.unwrap_or(Err(Error::Closed))
    }

    /// Answers the job: at once, or when its commit is on the disk.
    pub fn answer(&self, commit: u64, job: Box<dyn Job>) {
        match job.durability() {
            Durability::Soon => job.answer(Ok(())),
            Durability::Synced => self.enqueue(commit, Waiter::Job(job)),
        }
    }

    /// Waits until everything committed so far is on the disk.
    pub async fn wait_for_all(&self) -> Result<(), Error> {
        let committed = self.state().committed;
        self.wait(committed).await
    }

    /// Makes the thread sync once more and end.
    pub fn stop(&self) {
        self.state().is_stopping = true;
        self.wake.notify_one();
    }

    fn enqueue(&self, commit: u64, waiter: Waiter) {
        let mut state = self.state();
        let settled = match &state.failure {
            Some(failure) => Some(Err(failure.clone())),
            None if state.synced >= commit => Some(Ok(())),
            None => None,
        };
        match settled {
            Some(outcome) => {
                drop(state);
                waiter.answer(outcome);
            }
            None => {
                state.waiting.push((commit, waiter));
                self.wake.notify_one();
            }
        }
    }

    fn is_unsynced(&self, commit: u64) -> bool {
        let state = self.state();
        state.failure.is_none() && state.synced < commit && !state.is_syncing
    }

    /// Starts the thread. After each sync, and before anybody hears of it, `after_sync` is told how long the log was
    /// when the sync began.
    pub fn start(
        self: &Arc<Self>,
        log: File,
        place: Place,
        soon: Duration,
        after_sync: impl FnMut(u64) + Send + 'static,
    ) -> std::io::Result<JoinHandle<()>> {
        let durable = Arc::clone(self);
        *self.log() = Some(Log {
            file: log,
            place,
            after_sync: Box::new(after_sync),
        });
        std::thread::Builder::new()
            .name("flowrt-sync".into())
            .spawn(move || {
                while durable.wait_for_work(soon) {
                    durable.sync();
                }
                // What `after_sync` holds is waited for at the close.
                *durable.log() = None;
            })
    }

    /// Returns when it is time to sync; `false` when there is no more to do.
    fn wait_for_work(&self, soon: Duration) -> bool {
        let mut state = self.state();
        loop {
            if !state.waiting.is_empty() {
                return true;
            }
            if state.is_stopping {
                return state.is_dirty && state.failure.is_none();
            }
            if !state.is_dirty {
                state = self
                    .wake
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (next, timeout) = self
                .wake
                .wait_timeout(state, soon)
                .unwrap_or_else(PoisonError::into_inner);
            state = next;
            if timeout.timed_out() {
                return true;
            }
        }
    }

    fn sync(&self) {
        // One at a time: who comes second finds its commits on the disk, or syncs them.
        let mut log = self.log();
        let Some(Log {
            file,
            place,
            after_sync,
        }) = log.as_mut()
        else {
            return;
        };
        let target = {
            let mut state = self.state();
            state.is_dirty = false;
            state.is_syncing = true;
            state.committed
        };
        failpoint("store::before_sync");
        let outcome = file
            .metadata()
            .and_then(|metadata| file.sync_data().map(|()| metadata.len()))
            .map_err(|error| failure(&error))
            .and_then(|length| place.check().map(|()| length));
        failpoint("store::after_sync");
        if let Ok(length) = &outcome {
            after_sync(*length);
        }
        drop(log);
        let (done, answer) = {
            let mut state = self.state();
            state.is_syncing = false;
            if state.failure.is_none() {
                match outcome {
                    Ok(_) => state.synced = state.synced.max(target),
                    Err(error) => state.failure = Some(error),
                }
            }
            let answer = state.failure.clone().map_or(Ok(()), Err);
            let synced = if answer.is_ok() { target } else { u64::MAX };
            let done: Vec<_> = state
                .waiting
                .extract_if(.., |(commit, _)| *commit <= synced)
                .collect();
            (done, answer)
        };
        for (_, waiter) in done {
            waiter.answer(answer.clone());
        }
    }

    fn log(&self) -> MutexGuard<'_, Option<Log>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether this thread's runtime can go on while the thread waits for a disk.
fn may_block() -> bool {
    use tokio::runtime::{Handle, RuntimeFlavor};
    Handle::try_current()
        .is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
}

impl Waiter {
    fn answer(self, outcome: Result<(), Error>) {
        match self {
            // A caller that stopped waiting does not need to know.
            Self::Caller(reply) => drop(reply.send(outcome)),
            Self::Job(job) => job.answer(outcome),
        }
    }
}

fn failure(error: &std::io::Error) -> Error {
    super::fault::unusable(
        format!("the disk did not take what was written: {error}"),
        "check the disk, then start the program again; it goes on from what the disk holds",
    )
}

impl std::fmt::Debug for Durable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Durable").finish_non_exhaustive()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn after_a_failed_sync_nothing_is_promised_any_more() {
        let durable = Durable::new();
        // A device that refuses to be synced.
        let log = File::open("/dev/null").expect("a device");
        let place = Place::of(std::path::Path::new("/dev/null"));
        let thread = durable.start(log, place, SOON, |_| {});
        let thread = thread.expect("a thread");
        assert!(durable.check().is_ok());
        let commit = durable.committed();
        for _ in 0..2 {
            let outcome = durable.wait(commit).await;
            assert!(
                matches!(outcome, Err(Error::Unusable { .. })),
                "{outcome:?}"
            );
            assert!(durable.check().is_err());
        }
        durable.stop();
        thread.join().expect("an orderly end");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_sync_serves_all_that_one_task_commits_at_once() {
        let durable = Durable::new();
        let log = tempfile::NamedTempFile::new().expect("a file");
        let place = Place::of(log.path());
        let syncs = Arc::new(AtomicUsize::new(0));
        let counted = syncs.clone();
        let file = log.reopen().expect("a handle");
        let thread = durable.start(file, place, Duration::from_secs(3600), move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let thread = thread.expect("a thread");
        let writes = (0..10).map(|_| async {
            let commit = durable.committed();
            durable.wait(commit).await
        });
        let outcomes = futures_util::future::join_all(writes).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        assert_eq!(syncs.load(Ordering::Relaxed), 1);
        durable.stop();
        thread.join().expect("an orderly end");
    }
}
