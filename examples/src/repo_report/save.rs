//! Writing the report so that a reader finds the old page or the new one, never half of one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::{ReportError, Result};

/// Writes `text` to the file `out`, makes the folders on the way, and gives the full path.
pub fn save(out: &str, text: &str) -> Result<String> {
    let write_error = |source| ReportError::Write {
        path: out.to_owned(),
        source,
    };
    let target = std::path::absolute(out).map_err(write_error)?;
    replace(&target, text.as_bytes()).map_err(write_error)?;
    Ok(target.to_string_lossy().into_owned())
}

fn replace(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "this names no file",
        ));
    };
    fs::create_dir_all(folder)?;
    let temporary = temporary(folder, name.to_string_lossy().as_ref());
    let written = write(&temporary, bytes).and_then(|()| fs::rename(&temporary, target));
    if written.is_err() {
        // The first error is the one to tell; the rest of the file would only be in the way.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// In the same folder, because a rename does not cross file systems.
fn temporary(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!(".{name}.{}.partial", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_replaces_the_one_before_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("new/report.html");
        let out = out.to_str().unwrap();
        save(out, "old").unwrap();
        assert_eq!(save(out, "new").unwrap(), out);
        assert_eq!(fs::read_to_string(out).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path().join("new")).unwrap().count(), 1);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().to_str().unwrap();
        let error = save(out, "text").unwrap_err();
        assert!(error.to_string().contains(out), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(
            !fs::read_dir(folder.path().parent().unwrap())
                .unwrap()
                .any(|entry| {
                    let name = entry.unwrap().file_name().to_string_lossy().into_owned();
                    name.contains(folder.path().file_name().unwrap().to_str().unwrap())
                        && name.ends_with(".partial")
                })
        );
    }
}
