//! A `serve` of its own for a test, and its end.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A program that serves its page.
pub(super) struct Served {
    child: Child,
    url: String,
    pub(super) folder: tempfile::TempDir,
}

impl Served {
    /// Starts the test program of pages in a folder of its own.
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = program(folder.path())
            .args(["serve", "--port", "0", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut said = String::new();
        let stdout = child.stdout.take().expect("it is ours");
        BufReader::new(stdout)
            .read_line(&mut said)
            .expect("it says where it listens");
        let said: serde_json::Value = serde_json::from_str(&said).expect("it is JSON");
        let url = said["url"].as_str().expect("it has an address").to_owned();
        Self { child, url, folder }
    }

    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Runs its command line on the same store.
    pub(super) fn also(&self, arguments: &[&str]) -> String {
        let output = program(self.folder.path())
            .args(arguments)
            .output()
            .expect("the program starts");
        crate::command_line::text(&output.stdout)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shown"));
    command.current_dir(folder).env_remove("FLOWRT_STORE");
    command
}
