//! What may go wrong inside, and what the caller is told of it.

use rusqlite::ErrorCode;

use super::super::Error;

/// Why an operation stopped: a refusal of ours, or trouble of SQLite's.
#[derive(Debug)]
pub(super) enum Fault {
    Refused(Error),
    Sqlite(rusqlite::Error),
}

pub(super) type Outcome<T> = Result<T, Fault>;

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(error) => error,
            Fault::Sqlite(error) => of_sqlite(&error),
        }
    }
}

impl Fault {
    /// A row that this program cannot have written.
    pub fn damaged(what: &str) -> Self {
        Self::Refused(unusable(format!("the store is damaged: {what}"), RESTORE))
    }

    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Sqlite(error) if is_busy(error))
    }
}

const RESTORE: &str =
    "restore the file from a backup, or move it away to start with an empty store";

pub(super) fn unusable(message: impl Into<String>, hint: impl Into<String>) -> Error {
    Error::Unusable {
        message: message.into(),
        hint: hint.into(),
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn of_sqlite(error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::Unavailable("another process is writing to it".into())
        }
        Some(ErrorCode::DiskFull) => Error::Unavailable("the disk is full".into()),
        Some(ErrorCode::SystemIoFailure) => {
            Error::Unavailable(format!("reading or writing the file failed ({error})"))
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            unusable(format!("the store is damaged ({error})"), RESTORE)
        }
        Some(ErrorCode::NotADatabase) => unusable(
            "the file is not a flowrt store",
            "choose another file, or move this one away",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => unusable(
            format!("the store cannot be written ({error})"),
            "make the file and its folder writable for this user",
        ),
        Some(ErrorCode::CannotOpen) => unusable(
            format!("the store cannot be opened ({error})"),
            "check that the folder exists and that this user may write in it",
        ),
        Some(ErrorCode::TooBig) => Error::TooLarge {
            what: "a row".into(),
            size: 0,
            limit: 1_000_000_000,
            setting: "payload_bytes_max",
        },
        _ => Error::Failed(error.to_string()),
    }
}
