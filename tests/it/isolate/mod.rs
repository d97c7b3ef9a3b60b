//! Tasks whose bodies run in processes of their own, in real programs.
#![allow(
    clippy::disallowed_methods,
    reason = "what is looked at here is outside of any run"
)]

mod deaths;
mod embedded;
mod ends;
mod talk;

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_isolated");

/// Only what hangs takes longer.
const HANGS: Duration = Duration::from_secs(60);

/// A folder with a store and a ledger, and the program that works there.
struct Place(TempDir);

/// How a call of the program ended.
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        let file = |name| File::create(self.path().join(name)).expect("a file");
        Command::new(PROGRAM)
            .args(arguments)
            .current_dir(self.path())
            .env_remove("FLOWRT_STORE")
            .env_remove("FLOWRT_LOG")
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .expect("the program runs")
    }

    fn call(&self, arguments: &[&str]) -> Ended {
        let child = self.spawn(arguments);
        self.end_of(child)
    }

    fn end_of(&self, mut child: Child) -> Ended {
        let mut code = None;
        await_that("the program ends", || {
            let status = child.try_wait().expect("it can be asked");
            code = status.and_then(|status| status.code());
            status.is_some()
        });
        let read = |name| std::fs::read_to_string(self.path().join(name)).unwrap_or_default();
        Ended {
            code,
            stdout: read("stdout"),
            stderr: read("stderr"),
        }
    }

    /// The log of the only run.
    fn log(&self) -> String {
        let runs = self.call(&["runs", "ls", "--json"]).stdout;
        let (_, rest) = runs.split_once("\"name\":\"").expect("a run");
        let name = rest.split('"').next().expect("its name");
        self.call(&["runs", "logs", name]).stdout
    }

    /// What follows that word in the ledger, once it is there.
    fn await_note(&self, word: &str) -> String {
        let mut found = None;
        await_that(word, || {
            let ledger = self.ledger();
            found = ledger
                .lines()
                .filter(|_| ledger.ends_with('\n'))
                .find_map(|line| line.strip_prefix(word))
                .map(|rest| rest.trim().to_owned());
            found.is_some()
        });
        found.unwrap_or_default()
    }

    fn ledger(&self) -> String {
        std::fs::read_to_string(self.path().join("ledger")).unwrap_or_default()
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

fn await_that(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < HANGS, "it never comes to that: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether that process runs. One that is dead and not buried does not.
fn lives(process: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat.rsplit(") ").next().unwrap_or_default();
    !state.is_empty() && !state.starts_with(['Z', 'X'])
}

fn await_death(process: &str) {
    await_that("the process dies", || !lives(process));
}
