//! `runs logs`.

use std::io::Read;
use std::process::Stdio;

use super::{command, folder, newest, started, stdout, talk, text};

/// Attempt and message of each line that `--json` gives.
fn lines(json: &str) -> Vec<(u64, String, String)> {
    let all: serde_json::Value = serde_json::from_str(json).expect("is JSON");
    let line = |line: &serde_json::Value| {
        (
            line["attempt"].as_u64().expect("a number"),
            line["step"].as_str().expect("text").to_owned(),
            line["message"].as_str().expect("text").to_owned(),
        )
    };
    all.as_array().expect("a list").iter().map(line).collect()
}

#[test]
fn ten_thousand_lines_of_a_task_are_all_there_in_order() {
    let folder = folder();
    let run = talk(folder.path(), &["run", "chatter"]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    let name = newest(folder.path());
    let all = lines(&stdout(folder.path(), &["runs", "logs", &name, "--json"]));
    assert_eq!(all.len(), 10_002);
    assert_eq!(all[0], (0, String::new(), "begins".to_owned()));
    assert_eq!(all[10_001], (0, String::new(), "ends".to_owned()));
    for (number, line) in all[1..10_001].iter().enumerate() {
        assert_eq!(*line, (1, "talk".to_owned(), format!("line {number}")));
    }
    let shown = text(&run.stderr);
    assert_eq!(
        shown.matches("talk: line ").count(),
        10_000,
        "they were shown too"
    );
}

#[test]
fn the_lines_of_each_attempt_are_told_apart() {
    let folder = folder();
    stdout(folder.path(), &["run", "kinds"]);
    let name = newest(folder.path());
    let arguments = ["runs", "logs", &name, "--task", "flaky", "--json"];
    let flaky = |attempt, message: &str| (attempt, "flaky".to_owned(), message.to_owned());
    assert_eq!(
        lines(&stdout(folder.path(), &arguments)),
        [
            flaky(1, "try 1"),
            flaky(1, "not yet left=2"),
            flaky(2, "try 2"),
            flaky(2, "not yet left=1"),
            flaky(3, "try 3"),
        ]
    );
    let grave = stdout(folder.path(), &["runs", "logs", &name, "--level", "warn"]);
    assert_eq!(grave.lines().count(), 2, "{grave}");
    assert!(
        grave.contains("warn   flaky (attempt 2): not yet left=1"),
        "{grave}"
    );
}

#[test]
fn lines_of_the_blocking_pool_and_of_spawned_work_find_their_task() {
    let folder = folder();
    stdout(folder.path(), &["run", "kinds"]);
    let name = newest(folder.path());
    let of = |task: &str| {
        lines(&stdout(
            folder.path(),
            &["runs", "logs", &name, "--task", task, "--json"],
        ))
    };
    let packed = "packed bytes=512 compress{file=a.txt}";
    assert_eq!(
        of("compress"),
        [(1, "compress".to_owned(), packed.to_owned())]
    );
    assert_eq!(
        of("upload"),
        [(1, "upload".to_owned(), "sent 512".to_owned())]
    );
}

#[test]
fn a_panic_is_a_line_of_its_task() {
    let folder = folder();
    let run = talk(folder.path(), &["run", "panicking"]);
    assert_eq!(run.status.code(), Some(1));
    assert!(
        !text(&run.stderr).contains("RUST_BACKTRACE"),
        "{}",
        text(&run.stderr)
    );
    let log = stdout(folder.path(), &["runs", "logs", &newest(folder.path())]);
    assert!(log.contains("error  explode: panicked at "), "{log}");
    assert!(
        log.contains("talk.rs:") && log.contains(": out of range"),
        "{log}"
    );
}

#[test]
fn a_killed_run_that_goes_on_does_not_double_the_lines_of_its_flow() {
    let folder = folder();
    let (mut child, name) = started(folder.path(), "asks", "\"signal\"");
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
    stdout(folder.path(), &["runs", "signal", &name, "answer", "true"]);
    assert_eq!(stdout(folder.path(), &["runs", "resume", &name]), "true\n");
    let log = stdout(folder.path(), &["runs", "logs", &name]);
    assert_eq!(log.matches("asking").count(), 1, "{log}");
    assert_eq!(log.matches("talk: line 0").count(), 1, "{log}");
}

#[test]
fn following_ends_with_the_run() {
    let folder = folder();
    let (mut child, name) = started(folder.path(), "asks", "\"signal\"");
    let follower = command(
        folder.path(),
        &["runs", "logs", &name, "--follow", "--json"],
    )
    .stdout(Stdio::piped())
    .spawn()
    .expect("the program runs");
    stdout(folder.path(), &["runs", "signal", &name, "answer", "false"]);
    child.wait().expect("the run ends");
    let followed = follower.wait_with_output().expect("it ends by itself");
    let followed = text(&followed.stdout);
    assert_eq!(followed.lines().count(), 2, "{followed}");
    for line in followed.lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect("one value a line");
        assert_eq!(value["level"], "INFO");
    }
}

#[test]
fn levels_are_chosen_by_a_variable_and_nonsense_starts_nothing() {
    let folder = folder();
    let quiet = command(folder.path(), &["run", "kinds"])
        .env("FLOWRT_LOG", "warn")
        .output()
        .expect("the program runs");
    assert!(quiet.status.success(), "{}", text(&quiet.stderr));
    let log = stdout(folder.path(), &["runs", "logs", &newest(folder.path())]);
    assert_eq!(log.lines().count(), 2, "{log}");
    let wrong = command(folder.path(), &["run", "kinds"])
        .env("FLOWRT_LOG", "talk=loud")
        .output()
        .expect("the program runs");
    assert_eq!(wrong.status.code(), Some(2));
    let said = text(&wrong.stderr);
    assert!(
        said.contains("FLOWRT_LOG") && said.contains("try:"),
        "{said}"
    );
}

#[test]
fn a_step_that_is_not_there_is_told_and_silence_is_too() {
    let folder = folder();
    talk(folder.path(), &["run", "failing"]);
    let name = newest(folder.path());
    let wrong = talk(folder.path(), &["runs", "logs", &name, "--task", "brokn"]);
    assert_eq!(wrong.status.code(), Some(2));
    let said = text(&wrong.stderr);
    assert!(
        said.contains("no step `brokn`") && said.contains("did you mean `broken`"),
        "{said}"
    );
    let silent = talk(folder.path(), &["runs", "logs", &name]);
    assert!(silent.status.success() && silent.stdout.is_empty());
    assert!(
        text(&silent.stderr).contains("nothing was logged"),
        "{}",
        text(&silent.stderr)
    );
}

#[test]
fn a_reader_that_has_seen_enough_is_no_panic() {
    let folder = folder();
    talk(folder.path(), &["run", "chatter"]);
    let name = newest(folder.path());
    let mut child = command(folder.path(), &["runs", "logs", &name])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut out = child.stdout.take().expect("is piped");
    out.read_exact(&mut [0; 10]).expect("there are lines");
    drop(out);
    let end = child.wait_with_output().expect("it ends");
    assert!(end.status.success(), "{}", text(&end.stderr));
    assert!(end.stderr.is_empty(), "{}", text(&end.stderr));
}
