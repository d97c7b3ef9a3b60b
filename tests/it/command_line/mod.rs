//! The command line as a person types it: real programs in folders of their own. A file a topic.

mod examples;
mod listing;
mod output;
mod parameters;
mod runs;
mod stores;
mod waiting;
mod wrong_parameters;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::cargo_builds::example;

/// The examples' program.
pub(crate) fn examples() -> PathBuf {
    example("flows")
}

/// Runs the examples in that folder.
pub(crate) fn flows(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(examples())
        .args(arguments)
        .current_dir(folder)
        .env_remove("FLOWRT_STORE")
        .output()
        .expect("the program runs")
}

/// What was written.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder to run the program `desk` in.
struct Desk(TempDir);

/// How a command ended, and what it said.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_desk"));
        command
            .current_dir(self.folder())
            .env_remove("FLOWRT_STORE")
            .env_remove("DESK_PAGES")
            .stdin(Stdio::null());
        command
    }

    /// Runs it with these words, split at spaces.
    fn say(&self, line: &str) -> Said {
        said(self.command().args(line.split_whitespace()))
    }

    fn args(&self, arguments: &[&str]) -> Said {
        said(self.command().args(arguments))
    }

    /// What it prints as JSON.
    fn json(&self, line: &str) -> Value {
        let said = self.say(&format!("{line} --json"));
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
    }

    /// Nothing was recorded: not even a place for it.
    fn is_untouched(&self) -> bool {
        !self.folder().join(".flowrt").exists()
    }
}

fn said(command: &mut Command) -> Said {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("the program runs");
    let said = Said {
        code: status.code(),
        out: text(&stdout),
        err: text(&stderr),
    };
    assert!(!said.err.contains("panicked"), "{said:?}");
    said
}
