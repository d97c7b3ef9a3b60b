//! What tasks publish, and values that are kept in files beside the store: on the real program.
#![allow(
    clippy::disallowed_methods,
    reason = "a file is made to look old by the real clock"
)]

mod blobs;
mod carried;
mod cleared;
mod isolated;
mod killed;
mod published;
mod secret;
mod stored;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gallery"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("FLOWRT_STORE", "sqlite:.flowrt/flowrt.db")
        .env_remove("GALLERY_OPEN")
        .env_remove("FLOWRT_FAILPOINT");
    command
}

fn gallery(folder: &Path, arguments: &[&str]) -> Output {
    let output = command(folder, arguments).output();
    output.expect("the program runs")
}

/// What a command wrote that ended well.
fn stdout(folder: &Path, arguments: &[&str]) -> String {
    let output = gallery(folder, arguments);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    text(&output.stdout)
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let mut all = arguments.to_vec();
    all.push("--json");
    let written = stdout(folder, &all);
    serde_json::from_str(&written).expect("one JSON value")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Files of blobs, those without a name included.
fn files(folder: &Path) -> Vec<PathBuf> {
    let inside = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries
            .map(|entry| entry.expect("an entry").path())
            .collect::<Vec<_>>()
    };
    let folders = inside(&folder.join(".flowrt/blobs"));
    folders.iter().flat_map(|folder| inside(folder)).collect()
}
