//! The examples as a person runs them.

use std::path::Path;
use std::process::Command;

use crate::command_line::{examples, flows, text};

/// Files in the books of the example shop, by kind.
fn books(folder: &Path) -> [usize; 4] {
    let files: Vec<String> = std::fs::read_dir(folder.join("shop"))
        .into_iter()
        .flatten()
        .map(|file| {
            let file = file.expect("an entry of a folder that is there");
            file.file_name().to_string_lossy().into_owned()
        })
        .collect();
    ["reserved", "paid", "shipped", "released"]
        .map(|kind| files.iter().filter(|name| name.starts_with(kind)).count())
}

#[test]
fn each_says_what_its_readme_promises() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(folder.path().join("a/b")).expect("a folder");
    std::fs::write(folder.path().join("a/b/file"), "12345").expect("a file");
    for (arguments, said) in [
        (&["run", "greet", "--arg", "world"][..], "\"hello world\"\n"),
        (&["run", "exchange", "--amount", "92"], "100.0\n"),
        (
            &["run", "tree", "--path", "a"],
            "{\"bytes\":5,\"depth\":1,\"files\":1}\n",
        ),
        (
            &["run", "order", "--item", "chair", "--card", "0000"],
            "\"refused: the card 0000 was refused\"\n",
        ),
    ] {
        let output = flows(folder.path(), arguments);
        let told = text(&output.stdout);
        let compact = |text: &str| text.replace([' ', '\n'], "");
        assert_eq!(
            compact(&told),
            compact(said),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
    }
    assert_eq!(books(folder.path()), [1, 0, 0, 1]);
}

#[test]
fn an_order_killed_at_any_commit_is_paid_once() {
    let mut killed = 0;
    for (place, at) in ["store::before_commit", "store::after_commit"]
        .into_iter()
        .flat_map(|place| (1..=12).map(move |at| (place, at)))
    {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Command::new(examples())
            .args(["run", "order", "--item", "lamp"])
            .current_dir(folder.path())
            .env("FLOWRT_FAILPOINT", format!("{place}:{at}"))
            .output()
            .expect("the program runs");
        if first.status.success() {
            assert_eq!(books(folder.path()), [1, 1, 1, 0]);
            continue;
        }
        killed += 1;
        let list = text(&flows(folder.path(), &["runs", "ls", "--json"]).stdout);
        let runs: serde_json::Value = serde_json::from_str(&list).unwrap_or_default();
        let Some(name) = runs[0]["name"].as_str() else {
            assert_eq!(
                books(folder.path()),
                [0; 4],
                "{place}:{at}: not accepted, yet begun"
            );
            continue;
        };
        let resumed = flows(folder.path(), &["runs", "resume", name]);
        let ended = runs[0]["state"] == "Completed";
        assert!(
            ended || resumed.status.success(),
            "{place}:{at}: {}",
            text(&resumed.stderr)
        );
        assert_eq!(books(folder.path()), [1, 1, 1, 0], "{place}:{at}");
    }
    assert!(killed > 8, "only {killed} runs were killed");
}

/// Makes a commit of that day in the repository `repo`.
fn commit(folder: &Path, day: &str) {
    let repo = folder.join("repo");
    std::fs::write(repo.join("notes"), day).expect("there is room");
    let date = format!("{day}T12:00:00Z");
    for arguments in [
        &["add", "notes"][..],
        &["commit", "--quiet", "--message", day],
    ] {
        let done = Command::new("git")
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.com"])
            .args(arguments)
            .current_dir(&repo)
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .status()
            .expect("git is there");
        assert!(done.success(), "{arguments:?}");
    }
}

/// The states of the months of a new report.
fn months(folder: &Path, name: &str) -> Vec<String> {
    let run = ["run", "repo_report", "--path", "repo", "--name", name];
    let output = flows(folder, &run);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&flows(folder, &["runs", "show", name, "--json"]).stdout);
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    let steps = shown["steps"].as_array().expect("steps").iter();
    let mut months: Vec<(String, String)> = steps
        .filter(|step| step["task"] == "summarise_month")
        .map(|step| (step["step"].to_string(), step["state"].to_string()))
        .collect();
    months.sort_unstable();
    months
        .into_iter()
        .map(|(_, state)| state.replace('"', ""))
        .collect()
}

#[test]
fn a_second_report_takes_the_months_that_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = Command::new("git")
        .args(["init", "--quiet", "repo"])
        .current_dir(folder.path())
        .status();
    assert!(made.expect("git is there").success());
    for day in ["2026-01-10", "2026-02-10", "2026-03-10"] {
        commit(folder.path(), day);
    }
    assert_eq!(months(folder.path(), "first"), ["Completed"; 3]);
    assert_eq!(months(folder.path(), "second"), ["Cached"; 3]);
    commit(folder.path(), "2026-03-11");
    assert_eq!(
        months(folder.path(), "third"),
        ["Cached", "Cached", "Completed"]
    );
}
