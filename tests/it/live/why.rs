//! `runs why` and `runs watch`.

use std::process::Stdio;

use super::{command, folder, newest, started, stdout, talk, text};
use crate::until::until;

#[test]
fn a_signal_is_named_with_what_to_type() {
    let folder = folder();
    let (mut child, name) = started(folder.path(), "asks", "\"signal\"");
    assert_eq!(
        stdout(folder.path(), &["runs", "why", &name]),
        format!(
            "{name} · receive waits for the signal `answer`.\n  send it:  talk runs signal {name} answer true\n"
        )
    );
    stdout(folder.path(), &["runs", "signal", &name, "answer", "true"]);
    child.wait().expect("the run ends");
    let why = stdout(folder.path(), &["runs", "why", &name]);
    assert_eq!(why, format!("{name} has ended: completed.\n"));
}

#[test]
fn a_sleep_has_its_end() {
    let folder = folder();
    let (mut child, name) = started(folder.path(), "sleepy", "\"time\"");
    let why = stdout(folder.path(), &["runs", "why", &name]);
    assert!(
        why.starts_with(&format!("{name} · sleep sleeps until ")),
        "{why}"
    );
    assert!(why.contains("(in "), "{why}");
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
}

#[test]
fn a_retry_has_its_time_and_the_last_error() {
    let folder = folder();
    let (mut child, name) = started(folder.path(), "patient", "\"retry\"");
    let why = stdout(folder.path(), &["runs", "why", &name]);
    assert!(
        why.starts_with(&format!(
            "{name} · tomorrow waits for its attempt 2, which begins at "
        )),
        "{why}"
    );
    assert!(
        why.ends_with("  attempt 1 failed: the office is closed\n"),
        "{why}"
    );
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
}

#[test]
fn a_node_waits_for_those_that_have_not_ended_and_for_no_others() {
    let folder = folder();
    let (mut child, name) = started(folder.path(), "chooses", "\"retry\"");
    let line = format!("{name} · total waits for tomorrow.");
    let mut why = String::new();
    until(|| {
        why = stdout(folder.path(), &["runs", "why", &name]);
        // The fan-out may be under way still.
        !why.contains("waits for tomorrow, read.")
    });
    assert!(why.lines().any(|told| told == line), "{why}");
    assert_eq!(why.lines().count(), 3, "{why}");
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
}

fn ends(mut child: std::process::Child) {
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
}

/// What is said once that is part of it.
fn why_with(folder: &std::path::Path, name: &str, part: &str) -> String {
    let mut why = String::new();
    until(|| {
        why = stdout(folder, &["runs", "why", name]);
        why.contains(part)
    });
    why
}

#[test]
fn a_wait_for_a_limit_names_who_holds_it() {
    let folder = folder();
    let (child, name) = started(folder.path(), "queues", "\"limit\"");
    let why = why_with(folder.path(), &name, "4 more steps");
    let lines: Vec<&str> = why.lines().collect();
    assert_eq!(lines.len(), 4, "{why}");
    assert!(
        lines[0].starts_with(&format!("{name} · stay["))
            && lines[0].ends_with("waits for the limit ONE_DESK (1 at a time)."),
        "{why}"
    );
    assert!(
        lines[1].starts_with(&format!("  held by {name} · stay[")),
        "{why}"
    );
    assert_eq!(lines[2], "  and 4 more steps of this run");
    assert_eq!(lines[3], "  see the queue:  talk limits show ONE_DESK");
    ends(child);
}

#[test]
fn a_wait_for_a_rate_says_when_it_is_over() {
    let folder = folder();
    let (child, name) = started(folder.path(), "files", "\"limit\"");
    let why = stdout(folder.path(), &["runs", "why", &name]);
    let first = format!(
        "{name} · file#2 waits for the limit SLOW_OFFICE of Vienna (1 per day); it starts at "
    );
    assert!(why.starts_with(&first), "{why}");
    assert!(why.contains("(in "), "{why}");
    ends(child);
}

#[test]
fn a_wait_for_a_cached_result_names_who_computes_it() {
    let folder = folder();
    let (child, name) = started(folder.path(), "studies", "\"cache\"");
    let why = stdout(folder.path(), &["runs", "why", &name]);
    let told = |waits: &str, computes: &str| {
        format!(
            "{name} · {waits} waits for the cached result of an equal call, which {name} · {computes} computes.\n"
        )
    };
    assert!(
        [told("study#2", "study"), told("study", "study#2")].contains(&why),
        "{why}"
    );
    ends(child);
}

#[test]
fn a_run_that_waits_for_others_of_its_flow_names_them() {
    let folder = folder();
    let (first, holder) = started(folder.path(), "alone", "\"time\"");
    let (second, name) = started(folder.path(), "alone", "\"max_runs\"");
    let why = stdout(folder.path(), &["runs", "why", &name]);
    assert_eq!(
        why,
        format!(
            "{name} waits for a place among the runs of alone, which may have 1 at once.\n  held by {holder}\n  see the first:  talk runs show {holder}\n"
        )
    );
    ends(second);
    ends(first);
}

#[test]
fn a_dead_process_is_named_with_how_to_go_on() {
    let folder = folder();
    let (mut child, name) = started(folder.path(), "asks", "\"signal\"");
    let pid = child.id();
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
    let why = stdout(folder.path(), &["runs", "why", &name]);
    let first = format!(
        "{name} stands still: the process that drove it (pid {pid}) is gone. What is recorded is kept."
    );
    let lines: Vec<&str> = why.lines().collect();
    assert_eq!(lines[0], first);
    assert_eq!(lines[1], format!("  go on:  talk runs resume {name}"));
    assert!(lines[2].contains("waits for the signal `answer`"), "{why}");
}

#[test]
fn a_failure_says_where_to_look() {
    let folder = folder();
    talk(folder.path(), &["run", "failing"]);
    let name = newest(folder.path());
    let why = stdout(folder.path(), &["runs", "why", &name]);
    assert!(
        why.starts_with(&format!("{name} has ended: failed.\n")),
        "{why}"
    );
    assert!(why.contains(&format!("talk runs resume {name}")), "{why}");
}

#[test]
fn a_run_of_another_process_is_watched_to_its_end() {
    let folder = folder();
    let (mut child, name) = started(folder.path(), "asks", "\"signal\"");
    let watcher = command(folder.path(), &["runs", "watch", &name])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    stdout(folder.path(), &["runs", "signal", &name, "answer", "true"]);
    child.wait().expect("the run ends");
    let seen = watcher.wait_with_output().expect("it ends with the run");
    assert!(seen.status.success());
    assert_eq!(text(&seen.stdout), "true\n");
    let told = text(&seen.stderr);
    assert!(told.contains("completed  talk "), "{told}");
    assert!(told.contains("info       asking"), "{told}");
    assert!(
        told.lines()
            .last()
            .is_some_and(|line| line.starts_with("Completed in ")),
        "{told}"
    );
}

#[test]
fn watching_a_run_whose_process_is_dead_ends_with_why() {
    let folder = folder();
    let (mut child, name) = started(folder.path(), "asks", "\"signal\"");
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
    let seen = talk(folder.path(), &["runs", "watch", &name]);
    assert_eq!(seen.status.code(), Some(4), "{}", text(&seen.stderr));
    assert!(
        text(&seen.stdout).contains("stands still"),
        "{}",
        text(&seen.stdout)
    );
}
