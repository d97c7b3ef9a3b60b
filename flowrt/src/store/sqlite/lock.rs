//! Which processes live: each holds an exclusive lock on a file of its own for as long as it has the store open. The
//! system lets go of it however the process ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::model::ids::ProcessId;

/// How often a fresh lock file is made again after a sweeper mistook it for a dead process's.
const TRIES: usize = 10;

/// The folder of lock files beside a store.
#[derive(Debug)]
pub(super) struct Locks(PathBuf);

/// The lock of this process.
#[derive(Debug)]
pub(super) struct ProcessLock {
    file: File,
    path: PathBuf,
}

impl Locks {
    pub fn beside(store: &Path) -> io::Result<Self> {
        let mut folder = store.as_os_str().to_owned();
        folder.push(".locks");
        let folder = PathBuf::from(folder);
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    /// Makes and locks this process's file.
    pub fn acquire(&self, process: ProcessId) -> io::Result<ProcessLock> {
        let path = self.path(process);
        for _ in 0..TRIES {
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)?;
            match file.try_lock() {
                // A sweeper removes a file only while it holds the lock, so a file that is still there stays.
                Ok(()) if path.exists() => return Ok(ProcessLock { file, path }),
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::other(
            "the process's lock is held by somebody else",
        ))
    }

    /// Whether that process holds its lock. The file of one that does not is removed.
    pub fn is_held(&self, process: ProcessId) -> bool {
        is_held_or_removed(&self.path(process))
    }

    /// Removes the files of processes that are gone.
    pub fn sweep(&self) {
        // Files that stay because of an error do no harm.
        let Ok(entries) = std::fs::read_dir(&self.0) else {
            return;
        };
        for entry in entries.flatten() {
            is_held_or_removed(&entry.path());
        }
    }

    fn path(&self, process: ProcessId) -> PathBuf {
        self.0.join(process.to_string())
    }
}

fn is_held_or_removed(path: &Path) -> bool {
    let file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        // Without knowing, nobody's run may be taken.
        Err(error) => return error.kind() != io::ErrorKind::NotFound,
    };
    match file.try_lock() {
        Ok(()) => {
            let _ = std::fs::remove_file(path);
            false
        }
        Err(_) => true,
    }
}

impl Drop for ProcessLock {
    fn drop(&mut self) {
        // While still locked, so that nobody else's file is removed. It is swept later if this fails.
        let _ = std::fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}
