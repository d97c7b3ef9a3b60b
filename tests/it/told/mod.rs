//! What people are told of a failure, with and without asking.

mod explained;
mod later;
mod notices;
mod receivers;

use std::path::Path;
use std::process::{Command, Output};

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_told"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("FLOWRT_STORE", "sqlite:runs.db")
        .env_remove("FLOWRT_LOG")
        .env_remove("RUST_BACKTRACE");
    command
}

fn told(folder: &Path, arguments: &[&str]) -> Output {
    let output = command(folder, arguments)
        .output()
        .expect("the program runs");
    assert!(
        !text(&output.stderr).contains("panicked"),
        "{}",
        text(&output.stderr)
    );
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
