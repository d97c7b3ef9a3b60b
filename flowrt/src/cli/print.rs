//! Writing to the terminal. A reader that has gone away, as in `| head`, is no reason to fail or to panic.

use std::io::{self, ErrorKind, Write};

use crate::error::{Error, Result};
use crate::mask;

/// Writes data: to stdout, with a line break.
///
/// # Errors
/// If the disk that it goes to is full, or the like. A closed pipe is fine.
pub(super) fn data(text: &str) -> Result<()> {
    let text = mask::text(text);
    let mut out = io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| {
            if text.ends_with('\n') || text.is_empty() {
                Ok(())
            } else {
                out.write_all(b"\n")
            }
        })
        .and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::from(format!(
            "the output cannot be written: {error}"
        ))
        .hint("what was run is recorded all the same: runs ls")),
        _ => Ok(()),
    }
}

/// Writes a JSON value: to stdout, on one line.
///
/// # Errors
/// As [`data`].
pub(super) fn json(value: &serde_json::Value) -> Result<()> {
    data(&value.to_string())
}

/// Says something to the person: on stderr. Nothing is lost if nobody can hear it.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", mask::text(text));
}
