//! Runs that go from store to store, copies of a store, and what is cleared away, on the real program.

mod backup;
mod broken;
mod info;
mod prune;
mod settings;
mod transfer;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::until::until;

const PROGRAM: &str = env!("CARGO_BIN_EXE_depot");
const OTHER_PROGRAM: &str = env!("CARGO_BIN_EXE_night");

/// A folder where tasks leave their traces, and stores `here` and `there` in it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, program: &str, store: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env("FLOWRT_STORE", format!("sqlite:{store}.db"))
            .env_remove("FLOWRT_LOG")
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null());
        command
    }

    fn call(&self, store: &str, arguments: &[&str]) -> Output {
        let output = self.command(PROGRAM, store, arguments).output();
        output.expect("the program runs")
    }

    /// What a call printed that must succeed.
    fn told(&self, store: &str, arguments: &[&str]) -> String {
        let output = self.call(store, arguments);
        let said = text(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        text(&output.stdout)
    }

    fn json(&self, store: &str, arguments: &[&str]) -> Value {
        let told = self.told(store, &[arguments, &["--json"]].concat());
        serde_json::from_str(&told).expect("it is JSON")
    }

    /// Exit code, and all that was said, of a call that must fail.
    fn refused(&self, store: &str, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.call(store, arguments);
        let said = text(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
        (output.status.code(), said + &text(&output.stdout))
    }

    /// Runs a flow to its end, and gives its name. It may fail.
    fn ran(&self, store: &str, flow: &[&str]) -> String {
        let arguments = [&["run"], flow, &["--folder", ".", "--json"]].concat();
        let output = self.call(store, &arguments);
        let value: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("no JSON: {}", text(&output.stderr)));
        value["name"].as_str().expect("a name").to_owned()
    }

    fn spawn(&self, store: &str, arguments: &[&str]) -> Child {
        self.command(PROGRAM, store, arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs")
    }

    fn touch(&self, name: &str) {
        std::fs::write(self.path(name), "").expect("a file");
    }

    fn ledger(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("ledger")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn await_lines(&self, count: usize) {
        until(|| self.ledger().len() >= count);
    }

    /// Names of the runs that nobody started from another run.
    fn names(&self, store: &str) -> Vec<String> {
        let runs = self.json(store, &["runs", "ls", "--limit", "0"]);
        let runs = runs.as_array().expect("a list").iter();
        runs.map(|run| run["name"].as_str().expect("a name").to_owned())
            .collect()
    }

    fn rows(&self, store: &str, table: &str) -> u64 {
        let info = self.json(store, &["store", "info"]);
        info["rows"][table].as_u64().expect("a number of rows")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn kill(mut child: Child) {
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
}

fn shown(path: &Path) -> &str {
    path.to_str().expect("the folder's name is text")
}
