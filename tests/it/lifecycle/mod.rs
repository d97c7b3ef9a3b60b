//! The life of runs that real processes drive: cancelled, interrupted, killed, tried again.

mod cancel;
mod crash;
mod interrupt;
mod retry;

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::until::until;

const PROGRAM: &str = env!("CARGO_BIN_EXE_lifecycle");

/// A folder with a store and a ledger, and the program that works there.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("FLOWRT_STORE")
            .stdin(Stdio::null());
        command
    }

    fn call(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program runs")
    }

    /// Starts a flow in a process of its own.
    fn start(&self, flow: &str) -> Child {
        self.spawn(&["run", flow, "--folder", "."])
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.path().join("said")).expect("a file"))
            .spawn()
            .expect("the program runs")
    }

    /// How the process ended that was started last, and what it said.
    fn end_of(&self, mut child: Child) -> (Option<i32>, String) {
        let status = child.wait().expect("it ends");
        (status.code(), self.said())
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.path().join("said")).unwrap_or_default()
    }

    fn ledger(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.0.path().join("ledger")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn count(&self, line: &str) -> usize {
        self.ledger().iter().filter(|there| *there == line).count()
    }

    fn touch(&self, name: &str) {
        std::fs::write(self.path().join(name), "").expect("a file");
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Waits until the ledger has that line so often.
    fn await_line(&self, line: &str, times: usize) {
        until(|| self.count(line) >= times);
    }

    /// The runs as `runs ls --json` tells them.
    fn runs(&self) -> String {
        text(&self.call(&["runs", "ls", "--json"]).stdout)
    }

    /// The name of the only run.
    fn name(&self) -> String {
        let runs = self.runs();
        let (_, rest) = runs.split_once("\"name\":\"").expect("a run");
        rest.split('"').next().expect("its name").to_owned()
    }

    fn await_state(&self, state: &str) {
        let wanted = format!("\"state\":\"{state}\"");
        until(|| self.runs().contains(&wanted));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn kill(mut child: Child) {
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
}

fn signal(child: &Child, signal: &str) {
    let sent = Command::new("kill")
        .args([format!("-{signal}"), child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(sent.success(), "the process is there");
}
