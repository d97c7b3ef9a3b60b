//! Verbs of the command line, each with the real program: what they say to people and to programs, and how they refuse.
#![allow(
    clippy::disallowed_methods,
    reason = "tests wait for processes in real time"
)]

mod artifacts;
mod backfill;
mod deployments;
mod limits;
mod notices;
mod schedules;
mod worker;

use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const DESK: &str = env!("CARGO_BIN_EXE_desk");

/// A program in a folder of its own.
struct Desk {
    program: &'static str,
    folder: TempDir,
}

/// How a command ended, and what it said.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Desk {
    fn of(program: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { program, folder }
    }

    /// The program `desk`, with these deployments.
    fn deployed(file: &str) -> Self {
        let desk = Self::of(DESK);
        std::fs::write(desk.path().join("flowrt.yaml"), file).expect("written");
        desk.ask("deploy --yes");
        desk
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command
            .args(words)
            .current_dir(self.path())
            .env_remove("FLOWRT_STORE")
            .env_remove("FLOWRT_SERVER")
            .env_remove("FLOWRT_LOG")
            .stdin(Stdio::null());
        command
    }

    fn say(&self, words: &[&str]) -> Said {
        let output = self.command(words).output().expect("the program runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = Said {
            code: output.status.code(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        };
        assert!(!said.err.contains("panicked"), "{words:?}: {said:?}");
        said
    }

    /// What a command says that does what it should.
    fn ask(&self, line: &str) -> Said {
        let said = self.say(&line.split_whitespace().collect::<Vec<_>>());
        assert_eq!(said.code, Some(0), "`{line}`: {said:?}");
        said
    }

    /// What it tells programs: JSON on one line, and nothing else there.
    fn json(&self, line: &str) -> Value {
        let said = self.ask(&format!("{line} --json"));
        assert_eq!(said.out.lines().count(), 1, "`{line}`: {said:?}");
        serde_json::from_str(&said.out)
            .unwrap_or_else(|error| panic!("`{line}`: {error}: {said:?}"))
    }

    /// Bad input ends with 2, says what is wrong and what to try, and leaves what programs read empty.
    fn refuses(&self, words: &[&str], what: &[&str]) {
        let said = self.say(words);
        assert_eq!(said.code, Some(2), "{words:?}: {said:?}");
        assert_eq!(said.out, "", "{words:?}: {said:?}");
        assert!(said.err.contains("error: "), "{words:?}: {said:?}");
        assert!(said.err.contains("\ntry: "), "{words:?}: {said:?}");
        for what in what {
            assert!(
                said.err.contains(what),
                "{words:?} does not say {what:?}: {said:?}"
            );
        }
    }

    /// A process that goes on until the test ends.
    fn spawn(&self, line: &str) -> Running {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut command = self.command(&words);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Running(child.expect("the program runs"))
    }
}

/// It is killed with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
