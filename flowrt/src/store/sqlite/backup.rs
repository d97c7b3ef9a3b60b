//! Copies the store of one moment to another file while others go on writing.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::super::{Copied, Error};
use super::blobs::Blobs;
use super::fault::{Fault, unusable};
use super::session::PATIENCE;
use super::{migrate, open, read_inside};
use crate::failpoint::failpoint;

/// Copies to a file of another name first, which is looked at, put on the disk, and only then gets the name: no crash
/// leaves half a copy under it.
pub(super) fn back_up(from: &Path, to: &Path) -> Result<Copied, Error> {
    if to.exists() {
        return Err(taken(to));
    }
    let part = part_of(to);
    let copied = copy(from, &part).and_then(|()| check(from, &part));
    let copied = copied.and_then(|copied| {
        Blobs::beside(from).copy_to(&Blobs::beside(to))?;
        failpoint("store::copied");
        name(&part, to).map(|()| copied)
    });
    // Under its name or of no use.
    let _ = fs::remove_file(&part);
    copied
}

fn part_of(to: &Path) -> PathBuf {
    let mut part = to.as_os_str().to_owned();
    part.push(format!(".part-{}", std::process::id()));
    PathBuf::from(part)
}

fn copy(from: &Path, part: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // Records are for their owner's eyes; SQLite fills an empty file and leaves its mode.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(part)
        .map_err(|error| not_written(part, &error))?;
    let connection = open::connect(from)?;
    connection.busy_timeout(PATIENCE).map_err(Fault::from)?;
    let target = part.to_str().ok_or_else(|| {
        unusable(
            format!("the name {} is not text", part.display()),
            "choose a name in UTF-8",
        )
    })?;
    connection
        .execute("VACUUM INTO ?1", [target])
        .map_err(Fault::from)?;
    File::open(part)
        .and_then(|file| file.sync_all())
        .map_err(|error| not_written(part, &error))
}

/// Opens the copy and reads all of it.
fn check(from: &Path, part: &Path) -> Result<Copied, Error> {
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let copy = Connection::open_with_flags(part, read_only).map_err(Fault::from)?;
    let damage = read_inside::damage(&copy)?;
    let id: i64 = copy
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(Fault::from)?;
    let is_current = migrate::version(&copy)? == migrate::latest();
    if !damage.is_empty() || id != open::APPLICATION_ID || !is_current {
        return Err(unusable(
            format!(
                "the copy of {} is not whole: {}",
                from.display(),
                damage.join("; ")
            ),
            "look at the store itself: check; and at the disk",
        ));
    }
    let runs: i64 = copy
        .query_row("SELECT count(*) FROM run", [], |row| row.get(0))
        .map_err(Fault::from)?;
    Ok(Copied {
        bytes: fs::metadata(part).map_or(0, |file| file.len()),
        runs: runs.cast_unsigned(),
    })
}

/// A link fails where the name is taken, so nothing is overwritten even if somebody else made it just now.
fn name(part: &Path, to: &Path) -> Result<(), Error> {
    match fs::hard_link(part, to) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(taken(to)),
        Err(_) if to.exists() => return Err(taken(to)),
        // Not every disk knows links.
        Err(_) => fs::rename(part, to),
        Ok(()) => Ok(()),
    }
    .and_then(|()| open::sync_folder(&open::folder_of(to)))
    .map_err(|error| not_written(to, &error))
}

fn taken(to: &Path) -> Error {
    unusable(
        format!("{} is there already, and is not overwritten", to.display()),
        "choose another name, or take the file away",
    )
}

fn not_written(to: &Path, error: &io::Error) -> Error {
    unusable(
        format!("{} cannot be written: {error}", to.display()),
        "make its folder, writable for this user, with room for a copy of the store",
    )
}
