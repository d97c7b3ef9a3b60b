//! Real programs, real deaths.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    reason = "other processes need real time to get on"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The example `jobs`, which cargo builds before these tests.
fn jobs() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a file");
    let folder = test
        .parent()
        .and_then(Path::parent)
        .expect("target/debug/deps");
    folder.join("examples/jobs")
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(jobs());
    command
        .args(arguments)
        .current_dir(folder)
        .env("FLOWRT_STORE", "sqlite:runs.db")
        .env_remove("FLOWRT_LOG");
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments)
        .output()
        .expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn until(what: &str, is: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{what}: not within a minute"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn rows(folder: &Path, sql: &str) -> i64 {
    let connection =
        flowrt_ready::rusqlite::Connection::open(folder.join("jobs.db")).expect("opens");
    connection
        .query_row(sql, [], |row| row.get(0))
        .expect("reads")
}

#[test]
fn a_script_and_statements_make_a_flow() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = run(folder.path(), &["run", "nightly"]);
    assert_eq!(text(&ran.stdout).trim(), "3", "{}", text(&ran.stderr));
    assert_eq!(rows(folder.path(), "SELECT sum(amount) FROM sale"), 12);
}

#[test]
fn each_line_is_in_the_log_and_the_last_words_explain_a_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "echo one; echo two >&2; exit 3";
    let ran = run(
        folder.path(),
        &["run", "script", "--name", "spoken", "--text", script],
    );
    let told = text(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{told}");
    assert!(
        told.contains("ended with exit code 3\n    caused by: two"),
        "{told}"
    );
    assert!(told.contains("before: WARN two"), "{told}");
    let log = text(&run(folder.path(), &["runs", "logs", "spoken"]).stdout);
    assert!(log.contains("one") && log.contains("two"), "{log}");
}

#[test]
fn a_program_that_is_not_there_is_not_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "no-such-program-anywhere";
    let ran = run(folder.path(), &["run", "nightly", "--script", script]);
    let told = text(&ran.stderr);
    assert!(
        told.contains("there is no such program (exit code 127)"),
        "{told}"
    );
    assert!(!told.contains("attempt 2"), "{told}");
}

/// A script that leaves its own number and that of a child, and then sleeps for an hour.
const SLEEPER: &str = "sleep 3600 & echo $$ $! > numbers.tmp; mv numbers.tmp numbers; wait";

/// Whether a process with one of those numbers goes on.
fn lives(numbers: &str) -> bool {
    numbers.split_whitespace().any(|number| {
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        // One that nobody has waited for yet is dead all the same.
        !stat.is_empty() && !stat.contains(") Z ")
    })
}

fn sleeping(folder: &Path) -> (std::process::Child, String) {
    let child = command(
        folder,
        &["run", "script", "--name", "long", "--text", SLEEPER],
    )
    .stdout(Stdio::null())
    .stderr(Stdio::null())
    .spawn()
    .expect("the program runs");
    let numbers = folder.join("numbers");
    until("the script begins", || numbers.exists());
    let numbers = std::fs::read_to_string(numbers).expect("they are there");
    assert!(lives(&numbers));
    (child, numbers)
}

#[test]
fn a_cancel_ends_the_program_and_all_that_it_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut child, numbers) = sleeping(folder.path());
    let cancelled = run(folder.path(), &["runs", "cancel", "long"]);
    assert!(cancelled.status.success(), "{}", text(&cancelled.stderr));
    until("all of them are gone", || !lives(&numbers));
    assert_eq!(child.wait().expect("ends").code(), Some(3));
}

#[test]
fn nothing_outlives_a_killed_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut child, numbers) = sleeping(folder.path());
    child.kill().expect("is killed");
    child.wait().expect("ends");
    until("all of them are gone", || !lives(&numbers));
}

#[test]
fn what_is_done_once_is_done_once_though_the_process_dies_after_each_commit() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("deaths"), "10 10 20 30 30 ").expect("written");
    let arguments = [
        "run",
        "payments",
        "--name",
        "pays",
        "--database",
        "jobs.db",
        "--deaths",
        "deaths",
    ];
    let mut ended = run(folder.path(), &arguments);
    let mut deaths = 0;
    while !ended.status.success() {
        deaths += 1;
        assert!(deaths < 10, "{}", text(&ended.stderr));
        ended = run(folder.path(), &["runs", "resume", "pays", "--yes"]);
    }
    assert_eq!(deaths, 5, "{}", text(&ended.stderr));
    assert_eq!(text(&ended.stdout).trim(), "3");
    assert_eq!(rows(folder.path(), "SELECT count(*) FROM payment"), 3);
    assert_eq!(rows(folder.path(), "SELECT sum(amount) FROM payment"), 60);
}
