//! A process that dies between a file and the record that names it.

use std::path::PathBuf;

use super::{command, files, folder, json, stdout, text};

#[test]
fn a_death_before_the_record_leaves_only_garbage() {
    for place in ["store::blob_unnamed:1", "store::blobs_written:1"] {
        let folder = folder();
        let folder = folder.path();
        let died = command(folder, &["run", "large"])
            .env("FLOWRT_FAILPOINT", place)
            .env("GALLERY_OPEN", "1")
            .output()
            .expect("the program runs");
        assert_eq!(died.status.code(), None, "{place}: it is killed");
        assert_eq!(files(folder).len(), 1, "{place}");
        let name = json(folder, &["runs", "ls"])[0]["name"].clone();
        let name = name.as_str().expect("a name");
        let resumed = command(folder, &["runs", "resume", name, "--json"])
            .env("GALLERY_OPEN", "1")
            .output()
            .expect("the program runs");
        let said = text(&resumed.stdout);
        assert!(said.contains("\"result\":3000000"), "{place}: {said}");
        stdout(folder, &["runs", "delete", name]);
        let left = files(folder);
        let is_unnamed = |file: &PathBuf| file.parent().is_some_and(|of| of.ends_with("tmp"));
        assert!(left.iter().all(is_unnamed), "{place}: {left:?}");
    }
}
