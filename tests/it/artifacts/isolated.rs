//! What bodies in processes of their own publish and keep apart: they have no store, so their parents write it.

use super::{command, folder, gallery, json, stdout, text};

#[test]
fn a_child_publishes_and_says_how_far_it_is() {
    let folder = folder();
    let folder = folder.path();
    let run = gallery(folder, &["run", "isolated", "--how", "fail"]);
    assert_eq!(run.status.code(), Some(1), "{}", text(&run.stderr));
    let file = folder.join("out");
    let out = file.to_str().expect("a path");
    stdout(folder, &["artifacts", "get", "apart-file", "-o", out]);
    assert_eq!(std::fs::read(&file).expect("a file"), vec![7; 200_000]);
    let table = stdout(folder, &["artifacts", "get", "apart"]);
    assert_eq!(table, "name,count\na,1\nb,2\n");
    let shown = json(folder, &["artifacts", "show", "apart"]);
    assert_eq!(shown["failed"], true);
    assert_eq!(shown["description"], "from a child");
    assert_eq!(shown["step"], "apart");
    let name = json(folder, &["runs", "ls"])[0]["name"].clone();
    let shown = json(folder, &["runs", "show", name.as_str().expect("a name")]);
    let all = shown["artifacts"].as_array().expect("a list");
    let progress: Vec<_> = all.iter().filter(|one| one["kind"] == "progress").collect();
    assert_eq!(progress.len(), 1, "{all:?}");
    assert_eq!(progress[0]["data"]["done"], 3);
}

#[test]
fn what_a_child_published_before_it_died_stays() {
    let folder = folder();
    let folder = folder.path();
    let run = gallery(folder, &["run", "isolated", "--how", "die"]);
    assert_eq!(run.status.code(), Some(1), "{}", text(&run.stderr));
    let shown = json(folder, &["artifacts", "show", "apart"]);
    assert_eq!(
        (shown["version"].clone(), shown["failed"].clone()),
        (1.into(), true.into())
    );
}

#[test]
fn stored_values_go_into_a_child_and_come_out_of_it() {
    let folder = folder();
    let folder = folder.path();
    let stopped = gallery(folder, &["run", "isolated"]);
    assert_eq!(stopped.status.code(), Some(1), "{}", text(&stopped.stderr));
    let name = json(folder, &["runs", "ls"])[0]["name"].clone();
    let name = name.as_str().expect("a name");
    let resumed = command(folder, &["runs", "resume", name, "--yes", "--json"])
        .env("GALLERY_OPEN", "1")
        .output()
        .expect("the program runs");
    let said = text(&resumed.stdout);
    assert!(
        said.contains("\"result\":1500007"),
        "{said}{}",
        text(&resumed.stderr)
    );
}
