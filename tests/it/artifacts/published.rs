//! `ctx.artifact`, `ctx.progress`, and what the command line shows of them.

use super::{folder, gallery, json, stdout, text};

#[test]
fn each_kind_is_listed_shown_and_taken_out() {
    let folder = folder();
    let folder = folder.path();
    stdout(folder, &["run", "gallery"]);
    let listed = json(folder, &["artifacts", "ls"]);
    let kinds: Vec<_> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|artifact| (artifact["key"].clone(), artifact["kind"].clone()))
        .collect();
    let expected = [
        ("hot-files", "table"),
        ("notes", "markdown"),
        ("page", "file"),
        ("shape", "image"),
        ("site", "link"),
        ("tries", "markdown"),
    ];
    assert_eq!(kinds, expected.map(|(key, kind)| (key.into(), kind.into())));
    let shown = stdout(folder, &["artifacts", "show", "hot-files"]);
    assert!(shown.contains("most changed first"), "{shown}");
    assert!(shown.contains("src/lib.rs"), "{shown}");
    let table = stdout(folder, &["artifacts", "get", "hot-files"]);
    assert_eq!(table, "file,changes\nsrc/lib.rs,12\n\"a,b\",3\n");
    assert_eq!(
        stdout(folder, &["artifacts", "get", "page"]),
        "<h1>page</h1>"
    );
    stdout(folder, &["artifacts", "get", "shape", "-o", "out.png"]);
    let picture = std::fs::read(folder.join("out.png")).expect("a file");
    assert_eq!(picture, b"\x89PNG\r\n\x1a\n");
}

#[test]
fn a_run_shows_what_it_published_and_which_attempt_failed() {
    let folder = folder();
    let folder = folder.path();
    let run = json(folder, &["run", "gallery"]);
    let name = run["name"].as_str().expect("a name");
    let shown = stdout(folder, &["runs", "show", name]);
    assert!(shown.contains("from a failed attempt"), "{shown}");
    assert!(shown.contains("7 of 9 ▰▰▰"), "{shown}");
    let tries: Vec<_> = json(folder, &["runs", "show", name])["artifacts"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|artifact| artifact["key"] == "tries")
        .map(|artifact| (artifact["attempt"].clone(), artifact["failed"].clone()))
        .collect();
    assert_eq!(tries, [(1.into(), true.into()), (2.into(), false.into())]);
    let all = json(folder, &["runs", "show", name])["artifacts"].clone();
    let progress = all.as_array().expect("a list").iter();
    let progress: Vec<_> = progress.filter(|one| one["kind"] == "progress").collect();
    assert_eq!(progress.len(), 1);
    assert_eq!(progress[0]["data"]["done"], 7);
}

#[test]
fn versions_count_over_all_runs() {
    let folder = folder();
    let folder = folder.path();
    for _ in 0..2 {
        stdout(folder, &["run", "gallery"]);
    }
    let shown = json(folder, &["artifacts", "show", "notes"]);
    assert_eq!(shown["version"], 2);
    assert_eq!(shown["versions"].as_array().map(Vec::len), Some(2));
    let first = json(folder, &["artifacts", "show", "notes", "--version", "1"]);
    assert_eq!(first["version"], 1);
    assert_ne!(first["run_id"], shown["run_id"]);
    let run = first["run_id"].as_str().expect("an id");
    stdout(folder, &["runs", "delete", run]);
    let shown = json(folder, &["artifacts", "show", "notes"]);
    assert_eq!(shown["versions"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_wrong_is_said() {
    let folder = folder();
    let folder = folder.path();
    let refused = gallery(folder, &["run", "bad_key"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    assert!(said.contains("a key has 1 to 200 bytes"), "{said}");
    let refused = gallery(folder, &["run", "bad_size"]);
    let said = text(&refused.stderr);
    assert!(said.contains("artifact_bytes_max"), "{said}");
    let missing = gallery(folder, &["artifacts", "show", "nothing"]);
    let said = text(&missing.stderr);
    assert!(
        said.contains("nothing was published as `nothing`"),
        "{said}"
    );
    assert!(said.contains("artifacts ls"), "{said}");
}
