//! The command line of the examples, as a person types it.

use std::process::{Command, Stdio};

use super::{examples, flows, text};
use crate::until::until;

#[test]
fn a_flow_runs_and_is_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = flows(folder.path(), &["run", "overall"]);
    assert_eq!(
        (run.status.code(), text(&run.stdout).as_str()),
        (Some(0), "\"jobs 1 and 2 made 3\"\n")
    );
    let list = text(&flows(folder.path(), &["runs", "ls"]).stdout);
    assert!(
        list.contains("overall") && list.contains("Completed"),
        "{list}"
    );
}

#[test]
fn a_graph_is_drawn_without_running_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let graph = text(&flows(folder.path(), &["graph", "overall"]).stdout);
    assert_eq!(graph, "job1 ─┐\njob2 ─┴─▶ job3 ─▶ job4\n");
    assert!(!folder.path().join(".flowrt").exists());
}

#[test]
fn a_program_flow_shows_its_tasks_and_no_other_functions() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = |flow: &str| {
        let graph = text(&flows(folder.path(), &["graph", flow, "--format", "json"]).stdout);
        let graph: serde_json::Value = serde_json::from_str(&graph).expect("is JSON");
        let nodes = graph["nodes"].as_array().expect("has nodes").iter();
        nodes
            .map(|node| {
                format!(
                    "{} {}",
                    node["kind"].as_str().unwrap_or("?"),
                    node["label"].as_str().unwrap_or("?")
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(names("tree"), ["Task read_folder", "Map tree"]);
    assert_eq!(names("approval"), ["Task prepare", "Wait receive"]);
    assert_eq!(
        names("backfill_rates"),
        ["Task days", "Map close_of", "Task summarise"]
    );
}

#[test]
fn bad_input_is_told_and_nothing_is_recorded() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [
        ["run", "overall", "--nope", "1"].as_slice(),
        &["graph", "overal"],
        &["run", "approval"],
    ] {
        let output = flows(folder.path(), arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        assert!(!output.stderr.is_empty());
    }
    assert!(
        text(&flows(folder.path(), &["graph", "overal"]).stderr).contains("did you mean `overall`")
    );
    assert!(!folder.path().join(".flowrt").exists());
}

#[test]
fn a_killed_run_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(examples())
        .args(["run", "approval", "--release", "1.0"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let waits = || text(&flows(folder.path(), &["runs", "ls"]).stdout).contains("1 task");
    until(waits);
    let list = text(&flows(folder.path(), &["runs", "ls"]).stdout);
    let live = list.split_whitespace().next().expect("a run");
    let stolen = flows(folder.path(), &["runs", "resume", live]);
    assert_eq!(stolen.status.code(), Some(2), "a live run is never taken");
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
    let list = text(&flows(folder.path(), &["runs", "ls"]).stdout);
    let name = list.split_whitespace().next().expect("a run").to_owned();
    let signal = flows(folder.path(), &["runs", "signal", &name, "approve", "true"]);
    assert!(signal.status.success(), "{}", text(&signal.stderr));
    let resumed = flows(folder.path(), &["runs", "resume", &name]);
    assert_eq!(
        text(&resumed.stdout),
        "\"release 1.0: published\"\n",
        "{}",
        text(&resumed.stderr)
    );
    let shown = text(&flows(folder.path(), &["runs", "show", &name]).stdout);
    assert_eq!(shown.matches("prepare").count(), 1, "{shown}");
}
