//! Notices: once a cause, whatever dies in between, and never in the way of a run.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::{command, text, told};

/// A folder whose settings tell everything to a script, which writes a line each into the file `news`.
fn folder(script: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = format!("[[notices]]\nname = \"team\"\ncommand = '''{script}'''\n");
    std::fs::write(folder.path().join("flowrt.toml"), settings).expect("written");
    folder
}

const WRITES: &str = "cat >> news; echo >> news";

fn news(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("news")).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn occasions(folder: &Path) -> Vec<String> {
    let all = news(folder);
    let occasion = |news: &Value| news["occasion"].as_str().unwrap_or_default().to_owned();
    all.iter().map(occasion).collect()
}

#[test]
fn one_cause_is_told_once_until_the_flow_has_recovered() {
    let folder = folder(WRITES);
    let run = |file: &str| told(folder.path(), &["run", "import", "--file", file]);
    assert_eq!(run("file-1").status.code(), Some(1));
    let first = news(folder.path());
    assert_eq!(first.len(), 1, "{first:?}");
    let said = first[0]["text"].as_str().expect("words");
    assert!(
        said.starts_with("import failure: ") && said.contains("file-1 is not there"),
        "{said}"
    );
    assert_eq!(first[0]["digest"]["causes"][0]["kind"], "Failed");

    // The same cause: only a number differs.
    run("file-2");
    assert_eq!(occasions(folder.path()), ["failure"]);
    // Another flow that completes is no recovery.
    told(folder.path(), &["run", "fine"]);
    assert_eq!(occasions(folder.path()), ["failure"]);

    std::fs::write(folder.path().join("file-1"), "").expect("written");
    run("file-1");
    run("file-1");
    assert_eq!(occasions(folder.path()), ["failure", "recovery"]);
    run("file-2");
    assert_eq!(occasions(folder.path()), ["failure", "recovery", "failure"]);
}

#[test]
fn a_run_that_is_resumed_recovers() {
    let folder = folder(WRITES);
    told(folder.path(), &["run", "import", "--name", "one"]);
    std::fs::write(folder.path().join("file-1"), "").expect("written");
    told(folder.path(), &["runs", "resume", "one", "--yes"]);
    assert_eq!(occasions(folder.path()), ["failure", "recovery"]);
}

#[test]
fn a_notice_survives_the_death_of_its_process() {
    for place in [
        "engine::after_finish",
        "notices::after_note",
        "notices::after_send",
    ] {
        let folder = folder(WRITES);
        // The first use of a name is remembered: what happened before is nobody's news.
        told(folder.path(), &["run", "fine"]);
        let mut dies = command(folder.path(), &["run", "import"]);
        let ended = dies
            .env("FLOWRT_FAILPOINT", format!("{place}:1"))
            .output()
            .expect("runs");
        assert_eq!(
            ended.status.code(),
            None,
            "{place}: {}",
            text(&ended.stderr)
        );
        let was_sent = !news(folder.path()).is_empty();
        assert_eq!(was_sent, place == "notices::after_send");
        // Whoever looks next finds the end, or the note; only what was sent is left to its process for a while.
        told(folder.path(), &["run", "fine"]);
        assert_eq!(occasions(folder.path()), ["failure"], "{place}");
    }
}

#[test]
fn a_notice_that_cannot_be_sent_is_kept_and_changes_nothing() {
    let folder = folder("echo the line is dead >&2; exit 7");
    assert_eq!(
        told(folder.path(), &["run", "import"]).status.code(),
        Some(1)
    );
    let listed = text(&told(folder.path(), &["notices", "ls", "--json"]).stdout);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(
        (&listed[0]["tries"], &listed[0]["sent"]),
        (&Value::from(1), &Value::Null)
    );
    assert!(listed[0]["due"].is_string());
    assert!(
        listed[0]["error"]
            .as_str()
            .is_some_and(|error| error.contains("the line is dead")),
        "{listed}"
    );
}

#[test]
fn a_notice_can_be_tested() {
    let folder = folder(WRITES);
    assert_eq!(
        told(folder.path(), &["notices", "test", "team"])
            .status
            .code(),
        Some(0)
    );
    assert_eq!(occasions(folder.path()), ["test"]);
    let wrong = told(folder.path(), &["notices", "test", "tem"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("there is no notice `tem`"));
    let listed = text(&told(folder.path(), &["notices"]).stdout);
    assert!(
        listed.contains("team · failure, recovery of all flows"),
        "{listed}"
    );
}
