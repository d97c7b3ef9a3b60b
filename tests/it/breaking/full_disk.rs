//! A disk that is full: a run waits for space, and then goes on.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::victim::{Running, command, ledger, ledger_path};

const TASKS: usize = 3000;

/// Waits until a run of `chain` has come to a halt, makes room, and checks that it lost nothing.
fn waits_for_room(folder: &Path, book: &Path, mut running: Running, make_room: impl FnOnce(u32)) {
    let count = || fs::read_to_string(book).map_or(0, |text| text.lines().count());
    let (mut before, mut quiet) = (0, 0);
    while before == 0 || quiet < 300 {
        if let Some(status) = running.ended() {
            let (_, output, errors) = running.end();
            panic!("{status} after {} tasks: {output}{errors}", count());
        }
        let now = count();
        quiet = if now == before { quiet + 1 } else { 0 };
        before = now;
    }
    assert!(before < TASKS, "the disk was not full in time");
    make_room(running.child.id());
    let (status, output, errors) = running.end();
    assert_eq!(
        (status.code(), output.trim()),
        (Some(0), "3000"),
        "{errors}"
    );
    let keys: HashSet<_> = ledger(folder).into_iter().map(|line| line.key).collect();
    assert_eq!((keys.len(), count()), (TASKS, TASKS), "each ran once");
}

/// A limit on the size of files stands for a full disk where nothing can be mounted.
#[test]
fn a_file_that_may_not_grow_stops_a_run_until_it_may() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let book = ledger_path(path);
    let plain = command(path, &[]);
    let mut limited = Command::new("sh");
    limited
        .arg("-c")
        .arg("trap '' XFSZ; ulimit -S -f 2000; exec \"$0\" \"$@\"")
        .arg(plain.get_program())
        .args([
            "run",
            "chain",
            "--ledger",
            &book.display().to_string(),
            "--tasks",
            "3000",
        ])
        .current_dir(path)
        .env("FLOWRT_STORE", super::victim::url(path));
    let running = Running::spawn(limited);
    waits_for_room(path, &book, running, |pid| {
        let raised = Command::new("prlimit")
            .args(["--pid", &pid.to_string(), "--fsize=unlimited"])
            .status();
        assert!(raised.expect("prlimit runs").success());
    });
}

/// The real thing, for those who may mount.
#[test]
fn a_full_file_system_stops_a_run_until_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let small = tempfile::tempdir().expect("a folder");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1000k", "none"])
        .arg(small.path())
        .output();
    if !mounted.is_ok_and(|done| done.status.success()) {
        eprintln!("this user may not mount: the limit on the size of files has to do");
        return;
    }
    let book = ledger_path(folder.path());
    let arguments = [
        "run",
        "chain",
        "--ledger",
        &book.display().to_string(),
        "--tasks",
        "3000",
    ];
    let mut command = command(folder.path(), &arguments);
    let store = small.path().join("store.db");
    command.env("FLOWRT_STORE", format!("sqlite:{}", store.display()));
    let running = Running::spawn(command);
    waits_for_room(folder.path(), &book, running, |_| {
        let grown = Command::new("mount")
            .args(["-o", "remount,size=64m"])
            .arg(small.path())
            .status();
        assert!(grown.expect("mount runs").success());
    });
    let unmounted = Command::new("umount").arg(small.path()).status();
    assert!(unmounted.expect("umount runs").success());
}
