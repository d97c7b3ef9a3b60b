//! Secrets, seen from outside: they work, and appear nowhere.

mod everywhere;
mod isolated;
mod keys;
mod parameters;
mod resources;
mod served;

use std::path::Path;
use std::process::{Command, Output};

/// Quotes, a slash, a plus and letters beyond ASCII: no encoding leaves it as it is.
pub(crate) const VALUE: &str = "k9\"Zq/w+ö-Vb7 x\\T2m";

/// The program of these tests, with nothing in its environment that names a secret or key.
pub(crate) fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vault"));
    command
        .current_dir(folder)
        .args(arguments)
        .env("FLOWRT_STORE", "sqlite:.flowrt/flowrt.db");
    for name in [
        "FLOWRT_KEY",
        "FLOWRT_KEY_FILE",
        "FLOWRT_LOG",
        "LEAK_TOKEN",
        "RUST_BACKTRACE",
    ] {
        command.env_remove(name);
    }
    command
}

/// What the program does in that folder, and everything that it says.
pub(crate) fn said(command: &mut Command) -> (Output, String) {
    let output = command.output().expect("the program runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output, text)
}

/// Puts a value into the store by stdin.
pub(crate) fn set(folder: &Path, name: &str, value: &str) {
    use std::io::Write;
    let mut child = program(folder, &["secrets", "set", name])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program runs");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin
        .write_all(format!("{value}\n").as_bytes())
        .expect("it reads");
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
}
