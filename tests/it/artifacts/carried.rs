//! What runs published, and large values, in copies of runs and stores.

use std::path::Path;

use super::{command, files, folder, json, stdout, text};

/// A command on another store in the same folder.
fn elsewhere(folder: &Path, store: &str, arguments: &[&str]) -> String {
    let output = command(folder, arguments)
        .env("FLOWRT_STORE", format!("sqlite:{store}"))
        .env("GALLERY_OPEN", "1")
        .output()
        .expect("the program runs");
    let said = text(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    text(&output.stdout)
}

fn ran(folder: &Path, flow: &str) -> String {
    let run = command(folder, &["run", flow, "--json"])
        .env("GALLERY_OPEN", "1")
        .output()
        .expect("the program runs");
    assert!(run.status.success(), "{}", text(&run.stderr));
    let value: serde_json::Value = serde_json::from_slice(&run.stdout).expect("JSON");
    value["name"].as_str().expect("a name").to_owned()
}

#[test]
fn an_export_takes_artifacts_and_bytes_along() {
    let folder = folder();
    let folder = folder.path();
    let name = ran(folder, "gallery");
    stdout(folder, &["store", "export", &name, "-o", "gallery.json"]);
    // A version of the same key is there already.
    elsewhere(folder, "there.db", &["run", "gallery"]);
    elsewhere(folder, "there.db", &["store", "import", "gallery.json"]);
    let here = json(folder, &["runs", "show", &name])["artifacts"].clone();
    let there = elsewhere(folder, "there.db", &["runs", "show", &name, "--json"]);
    let there: serde_json::Value = serde_json::from_str(&there).expect("JSON");
    let mut expected = here.clone();
    for artifact in expected.as_array_mut().expect("a list") {
        if artifact["kind"] != "progress" {
            let before = if artifact["key"] == "tries" { 2 } else { 1 };
            artifact["version"] = (artifact["version"].as_u64().expect("a number") + before).into();
        }
    }
    assert_eq!(there["artifacts"], expected);
    let page = elsewhere(
        folder,
        "there.db",
        &["artifacts", "get", "page", "--version", "2"],
    );
    assert_eq!(page, "<h1>page</h1>");
    let shape = elsewhere(
        folder,
        "there.db",
        &["artifacts", "get", "shape", "-o", "out.png"],
    );
    assert_eq!(shape, "");
    let picture = std::fs::read(folder.join("out.png")).expect("a file");
    assert_eq!(picture, b"\x89PNG\r\n\x1a\n");
}

#[test]
fn stored_values_are_read_where_a_run_was_imported() {
    let folder = folder();
    let folder = folder.path();
    let stopped = command(folder, &["run", "stored"])
        .output()
        .expect("it runs");
    assert_eq!(stopped.status.code(), Some(1), "{}", text(&stopped.stderr));
    let name = json(folder, &["runs", "ls"])[0]["name"].clone();
    let name = name.as_str().expect("a name");
    stdout(folder, &["store", "export", name, "-o", "run.json"]);
    stdout(folder, &["runs", "delete", name]);
    assert_eq!(files(folder).len(), 0, "nothing is left here");
    elsewhere(folder, "there.db", &["store", "import", "run.json"]);
    let rerun = elsewhere(
        folder,
        "there.db",
        &["runs", "rerun", name, "--yes", "--json"],
    );
    assert!(rerun.contains("2000000 bytes of 7"), "{rerun}");
}

#[test]
fn a_backup_opens_with_all_that_it_names() {
    let folder = folder();
    let folder = folder.path();
    ran(folder, "gallery");
    let large = ran(folder, "large");
    let stopped = command(folder, &["run", "stored"])
        .output()
        .expect("it runs");
    assert_eq!(stopped.status.code(), Some(1), "{}", text(&stopped.stderr));
    let name = json(folder, &["runs", "ls"])[0]["name"].clone();
    stdout(folder, &["store", "backup", "copy.db"]);
    std::fs::remove_dir_all(folder.join(".flowrt")).expect("the original goes");
    let page = elsewhere(folder, "copy.db", &["artifacts", "get", "page"]);
    assert_eq!(page, "<h1>page</h1>");
    let again = [
        "runs", "rerun", &large, "--from", "length", "--yes", "--json",
    ];
    let again = elsewhere(folder, "copy.db", &again);
    assert!(again.contains("\"result\":3000000"), "{again}");
    let name = name.as_str().expect("a name");
    let resumed = elsewhere(
        folder,
        "copy.db",
        &["runs", "resume", name, "--yes", "--json"],
    );
    assert!(resumed.contains("2000000 bytes of 7"), "{resumed}");
}

#[test]
fn what_is_pruned_takes_its_artifacts_and_files_along() {
    let folder = folder();
    let folder = folder.path();
    for flow in ["gallery", "large", "stored"] {
        ran(folder, flow);
    }
    assert!(files(folder).len() >= 5, "{:?}", files(folder));
    stdout(folder, &["store", "prune", "--older-than", "0s"]);
    assert_eq!(files(folder), Vec::<std::path::PathBuf>::new());
    let left = json(folder, &["artifacts", "ls"]);
    assert_eq!(left.as_array().map(Vec::len), Some(0));
}
