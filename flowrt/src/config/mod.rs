//! The settings of all programs that use one store: `flowrt.toml` beside it, and the environment, which wins.
//!
//! | key | variable | |
//! |---|---|---|
//! | `history_steps_max` | `FLOWRT_HISTORY_STEPS_MAX` | the most steps that one run may record |
//! | `depth_max` | `FLOWRT_DEPTH_MAX` | how deep child runs may nest |
//! | `payload_bytes_max` | `FLOWRT_PAYLOAD_BYTES_MAX` | the largest recorded value |
//! | `payload_inline_max` | `FLOWRT_PAYLOAD_INLINE_MAX` | a larger value is kept in a file beside the store |
//! | `artifacts_max` | `FLOWRT_ARTIFACTS_MAX` | how many artifacts a run may publish |
//! | `artifact_bytes_max` | `FLOWRT_ARTIFACT_BYTES_MAX` | the largest artifact |
//! | `crashes_max` | `FLOWRT_CRASHES_MAX` | deaths in a row without a recorded step |
//! | `grace` | `FLOWRT_GRACE` | how long bodies that are not wanted any more may go on |
//! | `worker.lease` | `FLOWRT_WORKER_LEASE` | how long a frozen worker keeps its runs |
//! | `worker.rest_after` | `FLOWRT_WORKER_REST_AFTER` | how long a run only waits before it leaves memory |
//! | `retention.older_than` | `FLOWRT_RETENTION_OLDER_THAN` | ended runs are deleted after this time |
//! | `retention.keep` | `FLOWRT_RETENTION_KEEP` | the newest ended runs of each flow stay |
//! | `server.token_hashes` | `FLOWRT_SERVER_TOKEN_HASHES` | who may use the server: hashes of tokens |
//! | `server.connections_max` | `FLOWRT_SERVER_CONNECTIONS_MAX` | connections that a server has open at a time |
//! | `server.streams_max` | `FLOWRT_SERVER_STREAMS_MAX` | streams of events that a server has open at a time |
//! | | `FLOWRT_SERVER_TOKEN` | a token that may use the server, besides those |
//! | `retention.every` | `FLOWRT_RETENTION_EVERY` | how often a long-running process looks |
//! | `[[notices]]` | | who is told of failures: see [`Notice`] |

mod keys;
mod notices;
mod source;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
pub use notices::{Notice, Way};
use source::Place;

/// The file's name.
pub const FILE: &str = "flowrt.toml";
/// The folder that belongs to a store alone: its settings are beside it and not in it.
const STORE_FOLDER: &str = ".flowrt";

/// What may be chosen for a store. Every field has its usual value unless somebody said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The most steps that one run may record: 1,000,000.
    pub history_steps_max: u64,
    /// The most child runs that may nest: 64.
    pub depth_max: u32,
    /// The largest recorded value in bytes: 64 MiB.
    pub payload_bytes_max: usize,
    /// A larger value is kept in a file beside the store: 1 MiB.
    pub payload_inline_max: usize,
    /// How many artifacts a run may publish, versions counted: 10,000.
    pub artifacts_max: u64,
    /// The largest artifact in bytes: 64 MiB.
    pub artifact_bytes_max: usize,
    /// How often in a row a run's process may die without a recorded step: 3.
    pub crashes_max: u32,
    /// How long bodies that are not wanted any more may go on: 5 s.
    pub grace: Duration,
    /// How workers treat runs.
    pub worker: Worker,
    /// When ended runs are deleted: never.
    pub retention: Retention,
    /// Who is told when a run fails, recovers or is late: nobody.
    pub notices: Vec<Notice>,
    /// Who may use the server, and how much of it at a time: everybody on this machine.
    pub server: Server,
}

/// Who may use the server, and how much of it at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// BLAKE3 hashes of tokens as hexadecimal digits; without any, no token is asked for, and only this machine is served.
    pub token_hashes: Vec<String>,
    /// The connections that are open at a time; who comes beyond them is told to come again: 512.
    pub connections_max: usize,
    /// The streams of events that are open at a time, of pages and of the API: 256.
    pub streams_max: usize,
}

/// How workers treat runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// How long a worker that lives may say nothing before others take its runs: 30 s. Those of a dead one are taken at once.
    pub lease: Duration,
    /// How long a run only waits before it leaves memory: 1 min.
    pub rest_after: Duration,
}

/// When ended runs are deleted by a process that runs long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// So long after their end; never if not set.
    pub older_than: Option<Duration>,
    /// So many of the newest ended runs of each flow stay whatever their age: 0.
    pub keep: usize,
    /// How often a process looks: every hour.
    pub every: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            history_steps_max: 1_000_000,
            depth_max: 64,
            payload_bytes_max: 64 << 20,
            payload_inline_max: 1 << 20,
            artifacts_max: 10_000,
            artifact_bytes_max: 64 << 20,
            crashes_max: 3,
            grace: Duration::from_secs(5),
            worker: Worker {
                lease: Duration::from_secs(30),
                rest_after: Duration::from_secs(60),
            },
            retention: Retention {
                older_than: None,
                keep: 0,
                every: Duration::from_secs(3600),
            },
            notices: Vec::new(),
            server: Server {
                token_hashes: Vec::new(),
                connections_max: 512,
                streams_max: 256,
            },
        }
    }
}

impl Config {
    /// The settings for the store in that file, or for one that is in no file.
    ///
    /// # Errors
    /// If `flowrt.toml` cannot be read, is not TOML, or holds a key or a value that there is not; with its line.
    pub fn of_store(store: Option<&Path>) -> Result<Self> {
        let file = store.map(file_of);
        let text = match &file {
            None => None,
            Some(file) => match std::fs::read_to_string(file) {
                Ok(text) => Some(text),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                Err(error) => {
                    let message = format!("{} cannot be read: {error}", file.display());
                    return Err(Error::new(ErrorKind::Input, message)
                        .hint("make it readable UTF-8 text, or take it away"));
                }
            },
        };
        let shown = file.map_or_else(String::new, |file| file.display().to_string());
        let variable = |name: &str| std::env::var(name).ok();
        Self::from_sources(text.as_deref().map(|text| (&*shown, text)), variable)
    }

    /// The settings that the text of a file (with its name) and the environment say.
    fn from_sources(
        file: Option<(&str, &str)>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let mut config = Self::default();
        if let Some((name, text)) = file {
            let (entries, notices) = source::entries(name, text)?;
            config.notices = notices;
            for entry in entries {
                let key = keys::find(&entry.name).map_err(|fault| entry.place.error(fault))?;
                (key.set)(&mut config, &entry.given)
                    .map_err(|fault| entry.place.error(keys::Fault::value(key, &fault)))?;
            }
        }
        for key in keys::ALL {
            let name = key.variable();
            // A variable that is set to nothing chooses nothing.
            let Some(text) = variable(&name).filter(|text| !text.is_empty()) else {
                continue;
            };
            (key.set)(&mut config, &keys::Given::Text(text))
                .map_err(|fault| Place::Variable(name).error(keys::Fault::value(key, &fault)))?;
        }
        // Only its hash is kept.
        if let Some(token) = variable("FLOWRT_SERVER_TOKEN").filter(|token| !token.is_empty()) {
            let hash = blake3::hash(token.as_bytes()).to_hex();
            config.server.token_hashes.push(hash.to_string());
        }
        Ok(config)
    }
}

/// What this program shows to a server that it asks.
pub fn token() -> Option<String> {
    std::env::var("FLOWRT_TOKEN")
        .ok()
        .filter(|token| !token.is_empty())
}

/// Whether the token may cross a network in clear text: somebody knows that the way is safe (`FLOWRT_PLAIN_TOKEN=yes`).
pub fn token_may_be_plain() -> bool {
    std::env::var("FLOWRT_PLAIN_TOKEN").is_ok_and(|word| word == "yes")
}

/// Where the settings of a store are.
fn file_of(store: &Path) -> PathBuf {
    let folder = match store.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let is_own = folder.file_name().is_some_and(|name| name == STORE_FOLDER);
    if is_own {
        folder.with_file_name(FILE)
    } else {
        folder.join(FILE)
    }
}
