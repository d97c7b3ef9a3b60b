//! Without a terminal: one line an event, and the last lines.

use super::{folder, newest, talk, text};

/// The lines of stderr without their times.
fn told(stderr: &[u8]) -> Vec<String> {
    let line = |line: &str| match line.split_once("  ") {
        Some((time, rest)) if time.len() == 8 && time.as_bytes()[2] == b':' => rest.to_owned(),
        _ => line.to_owned(),
    };
    text(stderr).lines().map(line).collect()
}

/// Durations differ from run to run.
fn without_amounts(line: &str) -> String {
    let line = line.replace("ms:", "ms :").replace("µs:", "µs :");
    let mut words: Vec<&str> = line.split(' ').collect();
    while let Some(unit) = words
        .iter()
        .position(|word| matches!(*word, "ms" | "µs" | "s"))
    {
        words[unit - 1] = "N";
        words.remove(unit);
    }
    words.join(" ").replace("N :", "N:")
}

#[test]
fn one_plain_line_an_event() {
    let folder = folder();
    let run = talk(folder.path(), &["run", "failing"]);
    let name = newest(folder.path());
    let mut told: Vec<String> = told(&run.stderr)
        .iter()
        .map(|line| without_amounts(line))
        .collect();
    // The two parts run beside each other.
    told[1..7].sort();
    assert_eq!(
        told,
        [
            format!("failing · {name}").as_str(),
            "completed  broken N",
            "failed     broken#2 N: the disk is full",
            "retrying   broken#2 (attempt 1 failed): the disk is full",
            "running    broken",
            "running    broken#2",
            "running    broken#2 (attempt 2)",
            "not run    total",
            "Failed in N at broken#2 (attempt 2 of 2)",
            "  the disk is full",
            told_location(&told).as_str(),
            format!("try:  talk runs resume {name}          (redoes broken#2, then total)")
                .as_str(),
            format!("      talk runs logs {name} --task broken#2").as_str(),
        ]
    );
    assert!(run.stdout.is_empty());
    assert!(
        !text(&run.stderr).contains('\x1b'),
        "no colours without a terminal"
    );
}

fn told_location(told: &[String]) -> String {
    let line = told
        .iter()
        .find(|line| line.contains("talk.rs:"))
        .expect("the place is told");
    assert!(line.ends_with(" · 1 task kept, 1 not started"), "{line}");
    line.clone()
}

#[test]
fn the_last_line_of_a_success() {
    let folder = folder();
    let run = talk(folder.path(), &["run", "kinds"]);
    let told = told(&run.stderr);
    let last = without_amounts(told.last().expect("there are lines"));
    assert_eq!(last, "Completed in N · 3 tasks, 1 retried");
    assert_eq!(text(&run.stdout), "515\n");
}

#[test]
fn a_fan_out_of_thousands_is_told_in_few_lines() {
    let folder = folder();
    let run = talk(folder.path(), &["run", "wide"]);
    let told = told(&run.stderr);
    assert!(told.len() < 80, "{} lines", told.len());
    for line in [
        "completed  read × 100",
        "completed  read × 2,000",
        "retrying   read[0] (attempt 2 failed): not there",
    ] {
        assert!(told.iter().any(|told| told == line), "{line}: {told:#?}");
    }
    assert!(
        told.iter().any(|line| line.contains(" middle")),
        "{told:#?}"
    );
    assert!(
        told.iter().any(|line| line.ends_with(" talk: line 1")),
        "{told:#?}"
    );
    assert_eq!(text(&run.stdout), "3002\n");
}

#[test]
fn a_failure_inside_a_child_run_leads_there() {
    let folder = folder();
    let run = talk(folder.path(), &["run", "outer"]);
    assert_eq!(run.status.code(), Some(1));
    let told = told(&run.stderr);
    let last = told.last().expect("there are lines");
    let command = last
        .trim_start()
        .strip_prefix("talk ")
        .expect("is a command of this program");
    let arguments: Vec<&str> = command.split(' ').collect();
    assert_eq!(arguments[..2], ["runs", "logs"]);
    assert_eq!(arguments[3..], ["--task", "broken#2"]);
    let shown = talk(folder.path(), &["runs", "show", arguments[2]]);
    assert!(
        text(&shown.stdout).contains("failing"),
        "{}",
        text(&shown.stdout)
    );
}

#[test]
fn for_programs_there_is_one_value_and_nothing_else() {
    let folder = folder();
    let run = talk(folder.path(), &["run", "kinds", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&run.stdout).expect("one value");
    assert_eq!(value["result"], 515);
    assert!(run.stderr.is_empty(), "{}", text(&run.stderr));
}
