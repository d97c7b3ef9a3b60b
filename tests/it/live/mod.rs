//! What a person sees of a run while it goes on and afterwards, on the real program.

mod logs;
mod plain;
mod terminal;
mod why;

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::until::until;

/// Named, so that nothing is said about where it is.
const STORE: &str = "sqlite:runs.db";

const PROGRAM: &str = env!("CARGO_BIN_EXE_talk");

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .current_dir(folder)
        .env("TZ", "UTC")
        .env("FLOWRT_STORE", STORE)
        .env_remove("FLOWRT_LOG")
        .env_remove("RUST_BACKTRACE");
    command
}

fn talk(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments)
        .output()
        .expect("the program runs")
}

fn stdout(folder: &Path, arguments: &[&str]) -> String {
    let output = talk(folder, arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        text(&output.stderr)
    );
    text(&output.stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The name of the newest run; empty while there is none, or no store yet.
fn newest(folder: &Path) -> String {
    let listed = talk(folder, &["runs", "ls", "--json"]);
    let runs: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap_or_default();
    runs[0]["name"].as_str().unwrap_or_default().to_owned()
}

/// Starts a flow that waits, and returns when `runs why` says for what.
fn started(folder: &Path, flow: &str, reason: &str) -> (Child, String) {
    let child = command(folder, &["run", flow])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut name = String::new();
    until(|| {
        name = newest(folder);
        !name.is_empty() && stdout(folder, &["runs", "why", &name, "--json"]).contains(reason)
    });
    (child, name)
}
