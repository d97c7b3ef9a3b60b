//! Building other programs from a test, into the folder in which the tests themselves were built: what both need is built already.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use crate::layering::repository;

/// A program of the examples, built once: cargo puts even a program that is up to date into its place anew, and a test that
/// starts it at that moment would not find it.
pub(crate) fn example(name: &'static str) -> PathBuf {
    static BUILT: Mutex<Option<HashMap<&str, PathBuf>>> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let built = built.get_or_insert_default();
    built.entry(name).or_insert_with(|| build(name)).clone()
}

fn build(name: &str) -> PathBuf {
    let arguments = ["build", "--quiet", "-p", "examples", "--bin", name];
    let output = cargo(&repository(), &arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} does not build:\n{said}");
    target().join("debug").join(name)
}

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
