//! Manners: data apart from talk, no colour where nobody sees it, readers that leave early.

use std::io::Read;
use std::process::Stdio;

use super::{Desk, said};

#[test]
fn data_goes_to_stdout_and_the_rest_to_stderr() {
    let desk = Desk::new();
    let run = desk.say("run ship");
    assert_eq!(run.out.lines().count(), 1, "{run:?}");
    assert!(run.err.contains("Completed in "), "{run:?}");
    let failed = desk.say("run broken");
    assert_eq!(failed.out, "");
    assert!(
        failed.err.contains("Failed in ") && failed.err.contains("runs resume "),
        "{failed:?}"
    );
    let empty = Desk::new().say("runs ls");
    assert_eq!((empty.code, empty.out.as_str()), (Some(0), ""));
    assert!(empty.err.contains("no runs yet"));
}

#[test]
fn there_is_no_colour_without_a_terminal() {
    let desk = Desk::new();
    desk.say("run broken --name bad");
    for line in [
        "",
        "runs ls",
        "runs show bad",
        "check",
        "graph --run bad",
        "run ship --help",
        "run nothing",
    ] {
        let mut command = desk.command();
        let said = said(
            command
                .env("CLICOLOR_FORCE", "1")
                .args(line.split_whitespace()),
        );
        assert!(
            !said.out.contains('\x1b') && !said.err.contains('\x1b'),
            "{line}: {said:?}"
        );
    }
}

#[test]
fn a_reader_that_leaves_is_no_reason_to_fail() {
    let desk = Desk::new();
    desk.say("run broken --name bad");
    for (line, code) in [
        ("", 0),
        ("runs ls", 0),
        ("runs show bad --json", 0),
        ("completions bash", 0),
        ("run ship --help", 0),
        ("run broken --json", 1),
    ] {
        let mut child = desk
            .command()
            .args(line.split_whitespace())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        drop(child.stdout.take());
        let mut err = String::new();
        child
            .stderr
            .take()
            .expect("a pipe")
            .read_to_string(&mut err)
            .expect("text");
        assert!(
            !err.contains("panicked") && !err.contains("error: the output"),
            "{line}: {err}"
        );
        assert_eq!(
            child.wait().expect("it ends").code(),
            Some(code),
            "{line}: {err}"
        );
    }
    // Nobody listens to either.
    let mut child = desk
        .command()
        .args(["run", "broken"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let desk = Desk::new();
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("Linux has it");
    let mut command = desk.command();
    let output = command
        .args(["check"])
        .stdout(full)
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(super::text(&output.stderr).contains("the output cannot be written"));
}

/// Runs a line in a terminal of its own; none if this machine cannot make one.
#[cfg(target_os = "linux")]
fn on_a_terminal(desk: &Desk, line: &str, no_colour: bool) -> Option<String> {
    let mut script = std::process::Command::new("script");
    script
        .args([
            "-qec",
            &format!("{} {line}", env!("CARGO_BIN_EXE_desk")),
            "/dev/null",
        ])
        .current_dir(desk.folder())
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null());
    if no_colour {
        script.env("NO_COLOR", "1");
    }
    let output = script
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(super::text(&output.stdout))
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_has_headings_and_colour_unless_refused() {
    let desk = Desk::new();
    desk.say("run ship --name a");
    let Some(shown) = on_a_terminal(&desk, "runs ls", false) else {
        return;
    };
    assert!(shown.starts_with("NAME  FLOW  STATE"), "{shown}");
    assert!(shown.contains("\x1b[32m✓\x1b[0m Completed"), "{shown}");
    for line in ["runs ls", "runs show a", "check", "graph --run a"] {
        let plain = on_a_terminal(&desk, line, true).expect("it worked before");
        assert!(
            plain.contains('✓') && !plain.contains('\x1b'),
            "{line}: {plain}"
        );
    }
}
