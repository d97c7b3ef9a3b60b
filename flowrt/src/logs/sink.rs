//! Where the lines of an engine's runs wait for the store.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;

use super::{LOG_BUFFER_BYTES_MAX, LOG_BUFFER_LINES_MAX};
use crate::clock::Clock;
use crate::model::ids::RunId;
use crate::model::record::LogLine;
use crate::store::Store;

/// After a write, lines are collected for this long, so that many share a transaction.
const COLLECT: Duration = Duration::from_millis(50);

/// How many lines one transaction takes.
const BATCH: usize = 1_000;

/// How many attempts' losses are told apart; those of further ones are counted together.
const LOSSES_MAX: usize = 1_000;

/// Told of every line as it is logged.
type Listener = Box<dyn Fn(&LogLine) + Send + Sync>;

/// The lines of one engine on their way to its store.
pub(crate) struct Sink {
    store: Arc<dyn Store>,
    listener: Listener,
    held: Mutex<Held>,
    /// Lines that were logged and are not in the store yet, those that were lost included.
    unwritten: AtomicUsize,
    /// Held while lines are written, so that they arrive in the order in which they were logged.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Held {
    lines: Vec<LogLine>,
    bytes: usize,
    /// How many were taken since the last were given.
    taken: usize,
    lost: BTreeMap<(RunId, String, u32), u64>,
    /// Where the writer runs.
    runtime: Option<Handle>,
    draining: bool,
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sink")
    }
}

impl Sink {
    pub(crate) fn new(store: Arc<dyn Store>, listener: Listener) -> Arc<Self> {
        Arc::new(Self {
            store,
            listener,
            held: Mutex::default(),
            unwritten: AtomicUsize::new(0),
            writing: tokio::sync::Mutex::default(),
        })
    }

    /// The runtime of this moment writes from now on.
    pub(super) fn written_here(&self) {
        let mut held = self.held();
        let here = Handle::try_current().ok();
        let same = held.runtime.as_ref().map(Handle::id) == here.as_ref().map(Handle::id);
        if !same {
            held.runtime = here;
            // A writer on a runtime that is gone has not said so.
            held.draining = false;
        }
    }

    /// Takes a line. Never waits for the store: without room the line is counted as lost.
    pub(crate) fn push(self: &Arc<Self>, line: LogLine) {
        (self.listener)(&line);
        let writer = {
            let mut held = self.held();
            held.take(line);
            self.unwritten.fetch_add(1, Ordering::AcqRel);
            let idle = !std::mem::replace(&mut held.draining, true);
            if idle { held.runtime.clone() } else { None }
        };
        if let Some(runtime) = writer {
            runtime.spawn(self.clone().drain());
        }
    }

    async fn drain(self: Arc<Self>) {
        loop {
            self.flush().await;
            Clock::real().sleep(COLLECT).await;
            let mut held = self.held();
            if held.is_empty() {
                held.draining = false;
                return;
            }
        }
    }

    /// Some line is not in the store yet. Costs one atomic load.
    pub(crate) fn holds_lines(&self) -> bool {
        self.unwritten.load(Ordering::Acquire) > 0
    }

    /// Returns when every line that was logged before is in the store. Trouble with the store is waited out.
    pub(crate) async fn flush(&self) {
        let _turn = self.writing.lock().await;
        let (lines, taken) = self.held().give();
        let mut rest = lines.into_iter();
        loop {
            let batch: Vec<LogLine> = rest.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                break;
            }
            self.append(batch).await;
        }
        self.unwritten.fetch_sub(taken, Ordering::AcqRel);
    }

    async fn append(&self, batch: Vec<LogLine>) {
        let mut pause = Duration::from_millis(20);
        loop {
            match self.store.append_logs(batch.clone()).await {
                Ok(()) => return,
                Err(error) if error.is_retryable() => {
                    Clock::real().sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
                Err(error) => {
                    tracing::error!(%error, lines = batch.len(), "log lines could not be kept");
                    return;
                }
            }
        }
    }

    #[cfg(test)]
    pub(super) fn is_half_full(&self) -> bool {
        self.held().lines.len() * 2 > LOG_BUFFER_LINES_MAX
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.lost.is_empty()
    }

    fn take(&mut self, line: LogLine) {
        self.taken += 1;
        let size = line.message.len() + line.step.len() + line.target.len();
        if self.lines.len() < LOG_BUFFER_LINES_MAX && self.bytes + size <= LOG_BUFFER_BYTES_MAX {
            self.bytes += size;
            self.lines.push(line);
            return;
        }
        let mut of = (line.run, line.step, line.attempt);
        if self.lost.len() >= LOSSES_MAX && !self.lost.contains_key(&of) {
            of = (line.run, String::new(), 0);
        }
        *self.lost.entry(of).or_default() += 1;
    }

    /// All that is held, and a line for each loss.
    fn give(&mut self) -> (Vec<LogLine>, usize) {
        let mut lines = std::mem::take(&mut self.lines);
        self.bytes = 0;
        let time = lines.last().map_or(0, |line| line.time);
        for ((run, step, attempt), count) in std::mem::take(&mut self.lost) {
            lines.push(LogLine {
                run,
                step,
                attempt,
                time,
                level: "WARN".to_owned(),
                target: "flowrt".to_owned(),
                message: format!("{count} lines were lost here: they came faster than the store takes them (log_buffer_lines_max, log_buffer_bytes_max)"),
            });
        }
        (lines, std::mem::take(&mut self.taken))
    }
}
