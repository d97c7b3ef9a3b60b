//! Files that nobody needs any more go, whenever a process dies on the way; files that somebody needs stay.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use super::{command, files, folder, json, stdout, text};

/// A run that needs two files: a large value as a result, and as an argument.
fn ran(folder: &Path, bytes: &str) -> String {
    let run = command(folder, &["run", "large", "--bytes", bytes, "--json"])
        .env("GALLERY_OPEN", "1")
        .output()
        .expect("the program runs");
    assert!(run.status.success(), "{}", text(&run.stderr));
    let value: serde_json::Value = serde_json::from_slice(&run.stdout).expect("JSON");
    value["name"].as_str().expect("a name").to_owned()
}

/// What is younger than an hour may be about to be named, and is left alone.
fn age(files: &[PathBuf]) {
    let before = SystemTime::now() - Duration::from_secs(2 * 60 * 60);
    for file in files {
        let file = File::options().write(true).open(file).expect("it is there");
        file.set_modified(before).expect("its time is set");
    }
}

#[test]
fn a_death_while_files_are_cleared_away_leaves_none_for_ever_and_takes_none_that_is_needed() {
    for place in [
        "store::discarded:1",
        "store::swept:1",
        "store::blob_removed:1",
    ] {
        let folder = folder();
        let folder = folder.path();
        let (gone, stays) = (ran(folder, "3000000"), ran(folder, "2000000"));
        assert_eq!(files(folder).len(), 4, "{place}");
        let died = command(folder, &["runs", "delete", &gone])
            .env("FLOWRT_FAILPOINT", place)
            .output()
            .expect("the program runs");
        assert_eq!(died.status.code(), None, "{place}: it is killed");
        age(&files(folder));
        stdout(folder, &["store", "prune", "--older-than", "1d"]);
        assert_eq!(files(folder).len(), 2, "{place}: {:?}", files(folder));
        let shown = json(folder, &["runs", "show", &stays]);
        assert_eq!(shown["result"], 2_000_000, "{place}");
        stdout(folder, &["runs", "delete", &stays]);
        assert_eq!(files(folder), Vec::<PathBuf>::new(), "{place}");
    }
}

#[test]
fn equal_values_are_not_taken_from_runs_that_begin_while_others_go() {
    const RUNS: usize = 6;
    let folder = folder();
    let folder = folder.path();
    let is_over = AtomicBool::new(false);
    let runs = || {
        for _ in 0..RUNS {
            // It reads by its handles what it has kept.
            let run = command(folder, &["run", "stored"])
                .env("GALLERY_OPEN", "1")
                .output()
                .expect("the program runs");
            let said = text(&run.stdout) + &text(&run.stderr);
            // Its last task reads them. Then it may be deleted before it has told its result.
            assert!(said.contains("completed  first "), "{said}");
            let is_deleted = said.contains("was deleted") || said.contains("has no run");
            assert!(is_deleted || said.contains("2000000 bytes of 7"), "{said}");
        }
    };
    std::thread::scope(|scope| {
        let both = [scope.spawn(runs), scope.spawn(runs)];
        let pruning = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                if folder.join(".flowrt/flowrt.db").exists() {
                    stdout(folder, &["store", "prune", "--older-than", "0s"]);
                }
            }
        });
        let ended = both.map(std::thread::ScopedJoinHandle::join);
        is_over.store(true, Ordering::Relaxed);
        pruning.join().expect("nothing stands in its way");
        for ended in ended {
            ended.expect("each run reads what it kept");
        }
    });
    stdout(folder, &["store", "prune", "--older-than", "0s"]);
    assert_eq!(files(folder), Vec::<PathBuf>::new());
}
