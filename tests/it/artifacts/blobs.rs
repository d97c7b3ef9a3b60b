//! Values over 1 MiB.

use super::{command, files, folder, gallery, json, stdout, text};

/// A run that has recorded a large value and failed behind it.
fn stopped(folder: &std::path::Path) -> String {
    let run = gallery(folder, &["run", "large", "--json"]);
    assert_eq!(run.status.code(), Some(1), "{}", text(&run.stderr));
    let runs = json(folder, &["runs", "ls"]);
    runs[0]["name"].as_str().expect("a name").to_owned()
}

#[test]
fn a_large_value_lies_beside_the_store_and_is_read_from_there() {
    let folder = folder();
    let folder = folder.path();
    let name = stopped(folder);
    let there = files(folder);
    assert_eq!(there.len(), 1, "{there:?}");
    assert_eq!(
        std::fs::metadata(&there[0]).expect("a file").len(),
        3_000_002
    );
    let store = std::fs::metadata(folder.join(".flowrt/flowrt.db")).expect("a store");
    assert!(
        store.len() < 1_000_000,
        "the value is not in the database too"
    );
    let resumed = command(folder, &["runs", "resume", &name, "--yes", "--json"])
        .env("GALLERY_OPEN", "1")
        .output()
        .expect("the program runs");
    let said = text(&resumed.stdout);
    assert!(
        said.contains("\"result\":3000000"),
        "{said}{}",
        text(&resumed.stderr)
    );
    // The argument of `length` is an array: another text than the result of `text`.
    assert_eq!(files(folder).len(), 2);
    stdout(folder, &["runs", "delete", &name]);
    assert_eq!(files(folder), Vec::<std::path::PathBuf>::new());
}

#[test]
fn what_two_runs_need_goes_with_the_last() {
    let folder = folder();
    let folder = folder.path();
    let (first, second) = (stopped(folder), stopped(folder));
    assert_eq!(files(folder).len(), 1, "equal values are one file");
    stdout(folder, &["runs", "delete", &first]);
    assert_eq!(files(folder).len(), 1);
    stdout(folder, &["runs", "delete", &second]);
    assert_eq!(files(folder).len(), 0);
}

#[test]
fn a_file_that_is_gone_or_damaged_is_named_with_run_and_step() {
    for damage in [true, false] {
        let folder = folder();
        let folder = folder.path();
        let name = stopped(folder);
        let file = files(folder).remove(0);
        if damage {
            std::fs::write(&file, "\"other\"").expect("written");
        } else {
            std::fs::remove_file(&file).expect("removed");
        }
        let refused = gallery(folder, &["runs", "resume", &name, "--yes"]);
        assert_ne!(refused.status.code(), Some(0));
        let said = text(&refused.stderr);
        let why = if damage { "is damaged" } else { "is gone" };
        assert!(said.contains(why), "{said}");
        assert!(said.contains("the result of step text of run"), "{said}");
        let digest = file.file_name().expect("a name").to_string_lossy();
        assert!(said.contains(&*digest), "{said}");
        assert!(said.contains("try:"), "{said}");
        // It can still be listed and cleared away.
        stdout(folder, &["runs", "ls"]);
        stdout(folder, &["runs", "delete", &name]);
    }
}
