//! Where the store's file is, and whether it still is there: SQLite goes on writing to a file that nobody can find any more.

use std::path::{Path, PathBuf};

use super::super::Error;
use super::fault::unusable;

/// A path and the file that was there when it was opened.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    file: Option<(u64, u64)>,
}

impl Place {
    pub fn of(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file: identity(path),
        }
    }

    /// An error if the path does not lead to that file any more.
    pub fn check(&self) -> Result<(), Error> {
        // No handle of our own: closing one would end the locks that SQLite has on the file.
        if identity(&self.path) == self.file {
            return Ok(());
        }
        Err(unusable(
            format!(
                "the store {} was deleted, moved or replaced while it was in use",
                self.path.display()
            ),
            "put it back, or restore it from a backup; what was recorded since is lost with the file",
        ))
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Elsewhere an open file cannot be deleted.
#[cfg(not(unix))]
fn identity(_path: &Path) -> Option<(u64, u64)> {
    None
}
