//! Where runs are recorded: the default place, places that cannot be used, and the doctor.

use std::process::Command;

use super::{Desk, examples, said};
use crate::until::until;

#[test]
fn the_store_is_made_once_and_kept_private() {
    let desk = Desk::new();
    let first = desk.say("run ship");
    assert!(
        first.err.contains("made the store .flowrt/flowrt.db"),
        "{first:?}"
    );
    assert!(!desk.say("run ship").err.contains("made the store"));
    let folder = desk.folder().join(".flowrt");
    assert_eq!(
        std::fs::read_to_string(folder.join(".gitignore")).expect("a file"),
        "*\n"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| {
            std::fs::metadata(path)
                .expect("it is there")
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join("flowrt.db")), 0o600);
    }
}

#[test]
fn the_nearest_project_above_has_the_store() {
    let desk = Desk::new();
    let deep = desk.folder().join("a/b");
    std::fs::create_dir_all(&deep).expect("folders");
    let run = || said(desk.command().current_dir(&deep).args(["run", "ship"]));
    std::fs::write(desk.folder().join("flowrt.toml"), "").expect("a file");
    assert_eq!(run().code, Some(0));
    assert!(desk.folder().join(".flowrt/flowrt.db").is_file());
    std::fs::remove_file(desk.folder().join("flowrt.toml")).expect("it was there");
    assert_eq!(run().code, Some(0));
    assert_eq!(
        desk.json("runs ls").as_array().map(Vec::len),
        Some(2),
        "the folder marks it too"
    );
    assert!(!deep.join(".flowrt").exists());
}

#[test]
fn a_store_is_chosen_by_flag_before_variable() {
    let desk = Desk::new();
    let run = |arguments: &str, variable: &str| {
        let mut command = desk.command();
        said(
            command
                .env("FLOWRT_STORE", variable)
                .args(arguments.split(' ')),
        )
    };
    assert_eq!(
        run("run ship --store sqlite:one.db", "sqlite:two.db").code,
        Some(0)
    );
    assert!(desk.folder().join("one.db").is_file() && !desk.folder().join("two.db").exists());
    assert_eq!(run("run ship", "sqlite:two.db").code, Some(0));
    assert!(desk.folder().join("two.db").is_file() && desk.is_untouched());
    assert_eq!(run("run ship", "").code, Some(0));
    assert!(
        !desk.is_untouched(),
        "a variable that is empty chooses nothing"
    );
}

#[test]
fn memory_keeps_nothing() {
    let desk = Desk::new();
    assert_eq!(desk.say("run ship --store memory:").code, Some(0));
    assert!(desk.is_untouched());
}

#[test]
fn trouble_with_the_store_ends_with_1() {
    let desk = Desk::new();
    std::fs::write(
        desk.folder().join("notes.txt"),
        "these are my notes, and they stay mine",
    )
    .expect("a file");
    for (line, expected) in [
        ("run ship --store sqlite:notes.txt", "notes.txt"),
        ("runs ls --store sqlite:notes.txt", "notes.txt"),
        ("run ship --store sqlite:not/there/x.db", "not/there"),
        (
            "runs ls --store sqlite:nothing.db",
            "there is no store nothing.db",
        ),
        ("run ship --store sqlite:.", "a folder"),
        ("run ship --store mysql://x", "mysql://x"),
        ("check --store sqlite:notes.txt", "notes.txt"),
        ("store migrate --store sqlite:notes.txt", "notes.txt"),
    ] {
        let said = desk.say(line);
        assert_eq!(said.code, Some(1), "{line}: {said:?}");
        let text = format!("{}{}", said.out, said.err);
        assert!(
            text.contains(expected) && text.contains("try: "),
            "{line}: {said:?}"
        );
    }
    let kept = std::fs::read_to_string(desk.folder().join("notes.txt")).expect("a file");
    assert_eq!(kept, "these are my notes, and they stay mine");
    assert!(!desk.folder().join("nothing.db").exists());
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let locked = desk.folder().join("locked");
    std::fs::create_dir(&locked).expect("a folder");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o555)).expect("mine");
    // Root writes everywhere, so for root a file in the way has to do.
    let is_refused = std::fs::write(locked.join("probe"), "").is_err();
    if !is_refused {
        std::fs::write(locked.join(".flowrt"), "").expect("a file");
    }
    let said = said(desk.command().current_dir(&locked).args(["run", "ship"]));
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o755)).expect("mine");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.err.contains(".flowrt") && said.err.contains("try: "),
        "{said:?}"
    );
}

#[test]
fn a_healthy_place_passes_the_check() {
    let desk = Desk::new();
    assert_eq!(desk.say("check").code, Some(0));
    assert!(desk.is_untouched(), "looking makes nothing");
    desk.say("run ship");
    let check = desk.json("check");
    assert_eq!(check["ok"], true);
    let looked_at: Vec<_> = check["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|finding| finding["what"].as_str().expect("a word").to_owned())
        .collect();
    assert_eq!(
        looked_at,
        ["flows", "store", "integrity", "clock", "runs", "lost"]
    );
    assert_eq!(
        desk.json("store migrate")["schema"]
            .as_u64()
            .map(|schema| schema > 0),
        Some(true)
    );
}

#[cfg(unix)]
#[test]
fn a_damaged_store_does_not_pass_the_check() {
    use std::os::unix::fs::FileExt;

    let desk = Desk::new();
    desk.say("run ship");
    let store = desk.folder().join(".flowrt/flowrt.db");
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(store)
        .expect("a store");
    file.write_all_at(&[0; 4096], 10 * 4096)
        .expect("a page is wiped");
    let check = desk.say("check");
    assert_eq!(check.code, Some(1), "{check:?}");
    assert!(
        check.out.contains("✗ integrity  the store is damaged") && check.out.contains("try: "),
        "{check:?}"
    );
    assert_eq!(desk.json("check")["ok"], false);
}

#[test]
fn flows_that_are_gone_are_remembered() {
    let desk = Desk::new();
    desk.say("run ship --name done");
    let other = |store: &str| {
        said(
            Command::new(examples())
                .args(["check", "--store", store])
                .current_dir(desk.folder()),
        )
    };
    let lost = other("sqlite:.flowrt/flowrt.db");
    assert_eq!(lost.code, Some(0), "nothing waits for them: {lost:?}");
    for flow in ["asks", "broken", "ship", "strict"] {
        assert!(lost.out.contains(flow), "{lost:?}");
    }
    let mut child = desk
        .command()
        .args(["run", "asks", "--name", "q"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it runs");
    until(|| desk.say("runs show q").code == Some(0));
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
    let lost = other("sqlite:.flowrt/flowrt.db");
    assert_eq!(lost.code, Some(1), "{lost:?}");
    assert!(lost.out.contains("have not ended: q"), "{lost:?}");
}
