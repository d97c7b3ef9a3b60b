//! Which build of the program this is: what a task's own text does not tell may differ between two.

use std::sync::OnceLock;
use std::time::UNIX_EPOCH;

/// A name for the executable that runs, from its size and the moment it was made; empty if nobody can tell.
pub(crate) fn build() -> &'static str {
    static BUILD: OnceLock<String> = OnceLock::new();
    BUILD.get_or_init(|| {
        // Reading all of a large program to hash it would cost more than starting a run may.
        let made = std::env::current_exe()
            .and_then(std::fs::metadata)
            .and_then(|file| Ok((file.len(), file.modified()?)));
        made.ok()
            .and_then(|(size, made)| Some((size, made.duration_since(UNIX_EPOCH).ok()?)))
            .map_or_else(String::new, |(size, made)| {
                format!("{size:x}-{:x}", made.as_micros())
            })
    })
}
