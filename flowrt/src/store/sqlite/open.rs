//! Opens the file: refuses what is not ours, sets every connection up and reads the settings back.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::super::Error;
use super::fault::{Outcome, unusable};
use super::session::PATIENCE;

/// Says whose file it is: `flrt`.
pub(super) const APPLICATION_ID: i64 = 0x666c_7274;
/// Older ones can damage a store when one process resets the log while another one commits.
const SQLITE_MIN: i32 = 3_051_003;
/// The folder that is ours alone.
const OWN_FOLDER: &str = ".flowrt";
/// The log is cut to this size when it starts anew.
const LOG_KEPT_BYTES: i64 = 4 << 20;

/// Opens of one process take turns: a file that is being made must not be seen half made.
static OPENING: Mutex<()> = Mutex::new(());

/// The connection that writes, to a file that is made if it is not there. The schema is not touched yet.
pub(super) fn writer(path: &Path) -> Result<Connection, Error> {
    let _turn = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    check_version()?;
    prepare_folder(path)?;
    let is_new = make_file(path)?;
    if !is_new {
        check_ownership(path)?;
    }
    let connection = connect(path)?;
    if connection.is_readonly("main").unwrap_or(true) {
        return Err(unusable(
            format!("the store {} cannot be written", path.display()),
            "make the file and its folder writable for this user",
        ));
    }
    Ok(set_up_writer(connection)?)
}

/// A connection that reads only. It is opened for writing all the same, because the log's index must be writable.
pub(super) fn reader(path: &Path) -> Outcome<Connection> {
    let connection = connect(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(64);
    set(&connection, "query_only", "1", "1")?;
    Ok(connection)
}

/// A connection that keeps all others from writing for a moment.
pub(super) fn sweeper(path: &Path) -> Outcome<Connection> {
    let connection = connect(path)?;
    connection.busy_timeout(PATIENCE)?;
    set(&connection, "synchronous", "NORMAL", "1")?;
    set(&connection, "wal_autocheckpoint", "0", "0")?;
    Ok(connection)
}

/// Puts the log on the disk.
pub(super) fn sync_log(path: &Path) -> io::Result<()> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    OpenOptions::new().write(true).open(log)?.sync_data()
}

/// A connection for checkpoints.
pub(super) fn maintainer(path: &Path) -> Outcome<Connection> {
    let connection = connect(path)?;
    connection.busy_timeout(Duration::ZERO)?;
    set(&connection, "synchronous", "NORMAL", "1")?;
    Ok(connection)
}

pub(super) fn connect(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags);
    #[cfg(test)]
    let opened = opened.map(|mut connection| {
        super::asked::watch(path, &mut connection);
        connection
    });
    opened.map_err(|error| super::fault::Fault::from(error).into())
}

fn set_up_writer(connection: Connection) -> Outcome<Connection> {
    connection.busy_timeout(PATIENCE)?;
    // Before the log exists, so that the file itself says whose it is.
    let id: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if id != APPLICATION_ID {
        mark(&connection)?;
    }
    set(&connection, "journal_mode", "wal", "wal")?;
    set(&connection, "synchronous", "NORMAL", "1")?;
    set(&connection, "foreign_keys", "0", "0")?;
    set(&connection, "temp_store", "MEMORY", "2")?;
    set(&connection, "cache_size", "-16000", "-16000")?;
    set(&connection, "wal_autocheckpoint", "0", "0")?;
    let kept = LOG_KEPT_BYTES.to_string();
    set(&connection, "journal_size_limit", &kept, &kept)?;
    Ok(connection)
}

/// Says whose file it is, and that it can shrink: pages of deleted runs are given back while the store is in use. That can
/// only be said before the first table, and both at once: a process that died in between would leave nobody's file.
pub(super) fn mark(connection: &Connection) -> Outcome<()> {
    connection.execute_batch("BEGIN")?;
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.execute_batch("COMMIT")?;
    Ok(())
}

/// Sets a pragma and reads it back: SQLite ignores what it does not like.
fn set(connection: &Connection, name: &str, value: &str, expected: &str) -> Outcome<()> {
    // Some pragmas answer with a row and some do not.
    let mut statement = connection.prepare(&format!("PRAGMA {name} = {value}"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    let there = connection.query_row(&format!("PRAGMA {name}"), [], |row| {
        row.get::<_, rusqlite::types::Value>(0)
    })?;
    let there = match there {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        other => format!("{other:?}"),
    };
    if there == expected {
        return Ok(());
    }
    Err(unusable(
        format!("SQLite refuses the setting {name} = {value} (it is {there})"),
        "put the store on a local disk: network file systems cannot hold one",
    )
    .into())
}

fn check_version() -> Result<(), Error> {
    if rusqlite::version_number() >= SQLITE_MIN {
        return Ok(());
    }
    Err(unusable(
        format!(
            "this program was built with SQLite {}, which can damage a store that two processes use",
            rusqlite::version()
        ),
        "build it with a rusqlite that bundles SQLite 3.51.3 or newer",
    ))
}

/// The folder must be there; only our own one is made.
fn prepare_folder(path: &Path) -> Result<(), Error> {
    let folder = folder_of(path);
    if folder.is_dir() {
        return Ok(());
    }
    if folder.file_name().is_none_or(|name| name != OWN_FOLDER) {
        return Err(unusable(
            format!("the folder {} does not exist", folder.display()),
            format!(
                "make it (mkdir -p {}), or choose another store",
                folder.display()
            ),
        ));
    }
    make_own_folder(&folder).map_err(|error| {
        unusable(
            format!("the folder {} cannot be made: {error}", folder.display()),
            "make it, or choose another store",
        )
    })
}

fn make_own_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // Records of runs do not belong into a repository.
    let ignore = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(folder.join(".gitignore"));
    match ignore {
        Ok(mut file) => file.write_all(b"*\n")?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    folder.parent().map_or(Ok(()), sync_folder)
}

pub(super) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Puts the names of new files on the disk.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Makes an empty file that only its owner reads, if there is none.
fn make_file(path: &Path) -> Result<bool, Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(_) if path.is_dir() => Err(unusable(
            format!("{} is a folder, not a store", path.display()),
            format!("name a file: {}", path.join("flowrt.db").display()),
        )),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(unusable(
            format!("the store {} cannot be made: {error}", path.display()),
            "make its folder writable for this user, or choose another store",
        )),
    }
}

/// Refuses a file that is not a store, without a change to it or beside it.
///
/// It is read through SQLite and not as a file: closing a file lets go of all locks that this process has on it.
fn check_ownership(path: &Path) -> Result<(), Error> {
    let foreign = |what: &str| {
        unusable(
            format!("{} {what}, not a flowrt store", path.display()),
            "choose another file; this one was not changed",
        )
    };
    let alone = read_ownership(&format!("{}?immutable=1", uri(path)), Duration::ZERO);
    let read = match alone {
        // A process that is killed during a checkpoint leaves a file that is shorter than its first page says; the log
        // has the rest.
        Err(error) if is_damaged(&error) && log_of(path).exists() => {
            read_ownership(&uri(path), PATIENCE)
        }
        read => read,
    };
    match read {
        // A process that was killed while it made the store leaves an empty file.
        Ok((APPLICATION_ID, _) | (0, 0)) => Ok(()),
        Ok(_) => Err(foreign("is another program's SQLite database")),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            Err(foreign("is not a database"))
        }
        Err(error) => Err(super::fault::Fault::from(error).into()),
    }
}

/// The application's id, and the number of pages.
fn read_ownership(uri: &str, patience: Duration) -> rusqlite::Result<(i64, i64)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri, flags)?;
    connection.busy_timeout(patience)?;
    let id = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let pages = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    Ok((id, pages))
}

fn is_damaged(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt)
}

/// The write-ahead log of that file.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    PathBuf::from(log)
}

fn uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {
                uri.push(char::from(*byte));
            }
            b'\\' if cfg!(windows) => uri.push('/'),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}
