//! Building other programs from a test, into the folder in which the tests themselves were built: what both need is built already.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::layering::repository;

/// Runs cargo in a folder, without network.
pub(crate) fn cargo(folder: &Path, arguments: &[&str]) -> Output {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    Command::new(cargo)
        .args(arguments)
        .args(["--offline", "--color", "never"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target())
        .output()
        .expect("cargo runs")
}

/// The folder into which cargo builds: this test is in its `debug/deps`.
pub(crate) fn target() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    test.ancestors().nth(3).expect("three folders").to_owned()
}

/// Gives a workspace the versions of the repository; cargo adds the crates that are only there.
pub(crate) fn lock(workspace: &Path) {
    std::fs::copy(
        repository().join("Cargo.lock"),
        workspace.join("Cargo.lock"),
    )
    .expect("the lock file can be copied");
}
