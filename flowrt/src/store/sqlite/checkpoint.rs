//! Moves the write-ahead log into the database when it has grown, on a thread of its own.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::fault::Outcome;
use super::open;
use super::writer::Writer;

/// Roughly a page of the log with its header.
const PAGE: u64 = 4096 + 24;
/// From here on the log is moved while others go on writing.
const GROWN: u64 = 4_000 * PAGE;
/// From here on the writer is held for the last part, so that the log can start anew.
const HUGE: u64 = 16_000 * PAGE;

/// Tells the thread how large the log is.
#[derive(Debug)]
pub(super) struct Gauge {
    sizes: SyncSender<u64>,
    /// The size at which the thread is woken next.
    due: u64,
}

impl Gauge {
    /// Reports the size. The file keeps its size after a checkpoint until the log starts anew, so the thread is woken
    /// once for each growth and not at each report.
    pub fn report(&mut self, bytes: u64) {
        if bytes + GROWN < self.due {
            self.due = GROWN;
        }
        if bytes > self.due {
            self.due = bytes + GROWN;
            match self.sizes.try_send(bytes) {
                // A full channel means that it is at work already.
                Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
            }
        }
    }
}

/// Starts the thread; it ends when the last gauge is dropped.
pub(super) fn start(
    path: PathBuf,
    writer: &Arc<Writer>,
) -> std::io::Result<(Gauge, JoinHandle<()>)> {
    let (sender, sizes) = sync_channel(1);
    let writer = Arc::downgrade(writer);
    let thread = std::thread::Builder::new()
        .name("flowrt-checkpoint".into())
        .spawn(move || watch(&path, &sizes, &writer))?;
    let gauge = Gauge {
        sizes: sender,
        due: GROWN,
    };
    Ok((gauge, thread))
}

fn watch(path: &std::path::Path, sizes: &Receiver<u64>, writer: &Weak<Writer>) {
    let mut connection = None;
    for bytes in sizes {
        if let Err(fault) = checkpoint(path, &mut connection, bytes, writer) {
            // The log only stays longer than it should; the next report tries again.
            tracing::debug!("the log could not be moved: {fault:?}");
            connection = None;
        }
    }
}

fn checkpoint(
    path: &std::path::Path,
    connection: &mut Option<Connection>,
    bytes: u64,
    writer: &Weak<Writer>,
) -> Outcome<()> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(open::maintainer(path)?),
    };
    run(connection, "PASSIVE")?;
    if bytes > HUGE
        && let Some(writer) = writer.upgrade()
    {
        writer.with(|session| run(&session.connection, "TRUNCATE"))??;
    }
    Ok(())
}

/// Moves what can be moved now. A reader with an old snapshot may keep some of it in the log.
pub(super) fn run(connection: &Connection, mode: &str) -> Outcome<()> {
    let is_held: bool =
        connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
            row.get(0)
        })?;
    if is_held {
        tracing::debug!("a reader holds a part of the store's log");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_is_woken_once_for_each_growth() {
        let (sizes, woken) = sync_channel(8);
        let mut gauge = Gauge { sizes, due: GROWN };
        let reports = [
            1,
            GROWN + 1,
            GROWN + 2,
            2 * GROWN + 3,
            2 * GROWN + 4,
            5,
            GROWN + 6,
        ];
        for bytes in reports {
            gauge.report(bytes);
        }
        drop(gauge);
        assert_eq!(
            woken.iter().collect::<Vec<_>>(),
            [GROWN + 1, 2 * GROWN + 3, GROWN + 6]
        );
    }
}
