//! Tells a test which statements were carried out on a file, and how much work each was.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, StatementStatus};

/// By the folder of the file.
static WATCHED: Mutex<Vec<(PathBuf, Asked)>> = Mutex::new(Vec::new());

/// What was asked of the files in a folder since a test began to watch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked(Arc<Mutex<HashMap<String, u64>>>);

impl Asked {
    /// Of the files in this folder that are opened from now on.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        let asked = Self::default();
        let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
        watched.push((folder.to_owned(), asked.clone()));
        asked
    }

    /// Each statement with the steps that SQLite's machine took for it; forgets them.
    pub(crate) fn take(&self) -> HashMap<String, u64> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The steps of SQLite's machine since the last time.
    pub(crate) fn take_steps(&self) -> u64 {
        self.take().into_values().sum()
    }

    fn add(&self, sql: &str, work: u64) {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *asked.entry(sql.to_owned()).or_default() += work;
    }
}

/// Watches a connection, if a test wants that of its file.
pub(super) fn watch(path: &Path, connection: &mut Connection) {
    let watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((_, asked)) = watched.iter().find(|(folder, _)| path.starts_with(folder)) else {
        return;
    };
    let asked = asked.clone();
    // A statement that is kept goes on with its count.
    let mut before: HashMap<String, i32> = HashMap::new();
    let tell = move |event: TraceEvent<'_>| {
        if let TraceEvent::Profile(statement, _) = event {
            let sql = statement.sql().into_owned();
            let now = statement.get_status(StatementStatus::VmStep);
            let before = before.insert(sql.clone(), now).unwrap_or_default();
            let work = if now < before { now } else { now - before };
            asked.add(&sql, u64::try_from(work).unwrap_or_default());
        }
    };
    connection
        .trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(tell))
        .expect("a watched connection");
}
