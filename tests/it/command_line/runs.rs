//! What was run: its exit code, its JSON, and the verbs of `runs`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Desk;
use crate::until::until;

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

const RUN: [&str; 27] = [
    "run_id",
    "shown",
    "name",
    "flow",
    "state",
    "queue",
    "deployment",
    "slot",
    "tags",
    "due",
    "result",
    "error",
    "duration_ms",
    "tasks",
    "parameters",
    "created",
    "started",
    "finished",
    "logical_time",
    "attempt",
    "backfill",
    "cache",
    "parent",
    "origin",
    "continued_as",
    "cancel_requested",
    "process_gone",
];

#[test]
fn a_run_is_an_object_that_scripts_can_rely_on() {
    let desk = Desk::new();
    let good = desk.json("run ship --name good");
    let mut expected = BTreeSet::from(RUN);
    expected.insert("digest");
    assert_eq!(keys(&good), expected);
    assert_eq!(
        keys(&good["tasks"]),
        BTreeSet::from([
            "total",
            "completed",
            "cached",
            "reused",
            "failed",
            "skipped"
        ])
    );
    assert_eq!(
        (&good["name"], &good["flow"], &good["state"], &good["error"]),
        (
            &"good".into(),
            &"ship".into(),
            &"Completed".into(),
            &Value::Null
        )
    );
    assert!(
        good["result"].is_string() && good["duration_ms"].is_u64(),
        "{good}"
    );
    let said = desk.say("run broken --name bad --json");
    assert_eq!(said.code, Some(1));
    let bad: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(
        keys(&bad["error"]),
        BTreeSet::from([
            "message", "chain", "task", "attempts", "hint", "kind", "location"
        ])
    );
    assert_eq!(
        (&bad["error"]["message"], &bad["error"]["task"]),
        (&"the disk is full".into(), &"refuse".into())
    );
    assert_eq!(
        bad["tasks"],
        serde_json::json!({ "total": 3, "completed": 1, "cached": 0, "reused": 0, "failed": 2, "skipped": 0 })
    );
}

#[test]
fn show_adds_the_steps() {
    let desk = Desk::new();
    desk.say("run broken --name bad");
    let shown = desk.json("runs show bad");
    let mut expected = BTreeSet::from(RUN);
    expected.extend(["steps", "digest", "artifacts"]);
    assert_eq!(keys(&shown), expected);
    assert_eq!(shown["tasks"]["total"], 3, "the counts stay");
    let steps = shown["steps"].as_array().expect("a list");
    assert_eq!(steps.len(), 3);
    for step in steps {
        assert_eq!(
            keys(step),
            BTreeSet::from([
                "step",
                "task",
                "state",
                "label",
                "attempts",
                "reused_from",
                "error",
                "kind",
                "note",
                "tolerated",
                "started",
                "finished"
            ])
        );
        let finished = step["finished"].as_str().expect("a time");
        assert!(
            finished.contains('T') && finished.ends_with('Z'),
            "{finished}"
        );
    }
    let refused = steps
        .iter()
        .find(|step| step["task"] == "refuse")
        .expect("a step");
    assert_eq!(
        (&refused["state"], &refused["attempts"]),
        (&"Failed".into(), &1.into())
    );
    let people = desk.say("runs show bad").out;
    for part in [
        "broken · bad · Failed in ",
        "why = \"the disk is full\"",
        "✗ refuse",
        "⊘ join",
        "tests/src/bin/desk.rs:",
    ] {
        assert!(people.contains(part), "{part}\n{people}");
    }
}

#[test]
fn runs_are_listed_and_filtered() {
    let desk = Desk::new();
    assert_eq!(desk.json("runs ls"), serde_json::json!([]));
    assert!(desk.is_untouched(), "listing makes no store");
    for name in ["a", "b"] {
        desk.say(&format!("run ship --name {name}"));
    }
    desk.say("run broken --name c");
    desk.say("run parent --name d");
    let names = |line: &str| -> Vec<String> {
        let list = desk.json(line);
        let names = list.as_array().expect("a list").iter();
        names
            .map(|run| run["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    assert_eq!(names("runs ls"), ["d", "c", "b", "a"]);
    assert_eq!(names("runs"), ["d", "c", "b", "a"]);
    assert_eq!(names("runs ls --flow ship"), ["b", "a"]);
    assert_eq!(names("runs ls --state failed"), ["c"]);
    assert_eq!(
        names("runs ls --state Failed --state Completed --limit 2"),
        ["d", "c"]
    );
    assert_eq!(names("runs --flow ship --limit 1"), ["b"]);
    assert_eq!(names("runs ls --children").len(), 5);
    assert!(desk.say("runs ls --limit 3").err.contains("--limit 0"));
    assert!(!desk.say("runs ls --limit 4").err.contains("--limit 0"));
    assert_eq!(keys(&desk.json("runs ls")[0]), BTreeSet::from(RUN));
    let table = desk.say("runs ls").out;
    let column = |line: &str| line.find("20").expect("a year");
    let columns: BTreeSet<_> = table
        .lines()
        .map(|line| line[..column(line)].chars().count())
        .collect();
    assert_eq!(columns.len(), 1, "aligned:\n{table}");
    assert!(
        table.lines().any(|line| line.starts_with("c  ")
            && line.contains("✗ Failed")
            && line.contains("3 tasks, 2 failed")),
        "{table}"
    );
}

#[test]
fn times_are_local() {
    let desk = Desk::new();
    desk.say("run ship --name a");
    let zone = |name: &str| {
        let mut command = desk.command();
        super::said(command.env("TZ", name).args(["runs", "show", "a"])).out
    };
    assert!(
        zone("Asia/Tokyo").contains(" JST"),
        "{}",
        zone("Asia/Tokyo")
    );
    assert!(zone("UTC").contains(" UTC"));
}

#[test]
fn names_are_words_or_what_one_says() {
    let desk = Desk::new();
    let made = desk.json("run ship")["name"]
        .as_str()
        .expect("a name")
        .to_owned();
    let parts: Vec<_> = made.split('-').collect();
    assert!(
        parts.len() == 2
            && parts
                .iter()
                .all(|part| part.chars().all(char::is_alphabetic)),
        "{made}"
    );
    assert_eq!(desk.json("run ship --name nightly")["name"], "nightly");
    assert_eq!(
        desk.json("run ship --name nightly")["name"],
        "nightly-2",
        "no two runs have one name"
    );
    assert_eq!(desk.say(&format!("runs show {made}")).code, Some(0));
    desk.say("run parent --name top");
    let child = desk.say("runs show top/strict");
    assert!(
        child.code == Some(0) && child.out.contains("part of     top\n"),
        "a child is called by its parent and step: {child:?}"
    );
}

#[test]
fn deleted_runs_are_gone() {
    let desk = Desk::new();
    desk.say("run ship --name a");
    desk.say("run parent --name b");
    let missing = desk.say("runs delete a nothing");
    assert_eq!(missing.code, Some(2));
    assert_eq!(desk.say("runs show a").code, Some(0), "all or none");
    assert_eq!(
        desk.json("runs delete a b"),
        serde_json::json!({ "deleted": ["a", "b"] })
    );
    assert_eq!(desk.json("runs ls --children"), serde_json::json!([]));
}

#[test]
fn without_waiting_the_run_goes_on_by_itself() {
    let desk = Desk::new();
    let left = desk.say("run ship --no-wait --name bg");
    assert_eq!(
        (left.code, left.out.as_str()),
        (Some(0), "bg\n"),
        "{left:?}"
    );
    until(|| desk.json("runs show bg")["state"] == "Completed");
    let memory = desk.say("run ship --no-wait --store memory:");
    assert_eq!(memory.code, Some(2));
    assert!(memory.err.contains("`memory:`"), "{memory:?}");
}
