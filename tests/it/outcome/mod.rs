//! What follows from an outcome, seen from outside: hooks and rollbacks of real processes, some of which are killed.

mod classes;
mod hooks;
mod park;
mod rollback;

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// A folder with a store and a ledger, and the program that works there.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_outcome"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_remove("FLOWRT_STORE")
            .env_remove("FLOWRT_FAILPOINT")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program; its exit code and all it said.
    fn call(&self, arguments: &[&str]) -> (Option<i32>, String) {
        told(self.command(arguments).output().expect("it runs"))
    }

    /// Runs the program, which dies at that place.
    fn dies_at(&self, failpoint: &str, arguments: &[&str]) {
        let mut command = self.command(arguments);
        let output = command.env("FLOWRT_FAILPOINT", failpoint).output();
        let (code, said) = told(output.expect("it runs"));
        assert_eq!(code, None, "it dies at {failpoint}; it said: {said}");
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs")
    }

    fn ledger(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path().join("ledger")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn forget_ledger(&self) {
        std::fs::write(self.path().join("ledger"), "").expect("a file");
    }

    fn count(&self, start: &str) -> usize {
        let ledger = self.ledger();
        ledger.iter().filter(|line| line.starts_with(start)).count()
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "another process is waited for in real time"
    )]
    fn await_line(&self, start: &str) {
        for _ in 0..60_000 {
            if self.count(start) > 0 {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        panic!("`{start}` does not come: {:?}", self.ledger());
    }

    fn touch(&self, name: &str) {
        std::fs::write(self.path().join(name), "").expect("a file");
    }

    /// The only run that has no parent, as `runs show --json` tells it.
    fn shown(&self) -> serde_json::Value {
        let runs = self.json(&["runs", "ls", "--json"]);
        let name = runs[0]["name"].as_str().expect("a name").to_owned();
        self.json(&["runs", "show", &name, "--json"])
    }

    fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.command(arguments).output().expect("it runs");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn name(&self) -> String {
        self.shown()["name"].as_str().expect("a name").to_owned()
    }

    fn state(&self) -> String {
        self.shown()["state"].as_str().expect("a state").to_owned()
    }

    /// The recorded steps with their states, in order.
    fn steps(&self) -> Vec<String> {
        let shown = self.shown();
        let steps = shown["steps"].as_array().expect("steps");
        let text =
            |step: &serde_json::Value, key: &str| step[key].as_str().unwrap_or("").to_owned();
        steps
            .iter()
            .map(|step| format!("{} {}", text(step, "step"), text(step, "state")))
            .collect()
    }
}

fn told(output: Output) -> (Option<i32>, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    (output.status.code(), said)
}

fn kill(mut child: Child) {
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
}
