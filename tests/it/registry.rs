//! Flows of several crates in one program: none is lost without a word, none takes another's place.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::cargo_builds::{cargo, lock, target};
use crate::command_line::text;
use crate::layering::repository;

/// Builds the programs of `tests/workspaces/registry` once, where the tests themselves were built: what both need is built already.
fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(|| {
        let workspace = repository().join("tests/workspaces/registry");
        lock(&workspace);
        let built = cargo(&workspace, &["build", "--quiet"]);
        assert!(built.status.success(), "{}", text(&built.stderr));
        target().join("debug")
    });
    folder.join(name)
}

fn run(name: &str, arguments: &[&str]) -> Output {
    Command::new(program(name))
        .args(["--store", "memory:"])
        .args(arguments)
        .output()
        .expect("the program runs")
}

/// Code, standard output and standard error.
fn said(name: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = run(name, arguments);
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn a_crate_that_main_names_is_linked() {
    let (code, out, err) = said("named", &["run", "quadruple", "--n", "3"]);
    assert_eq!((code, out.as_str()), (Some(0), "12\n"), "{err}");
}

#[test]
fn a_crate_that_main_does_not_name_is_missed_with_the_cause_and_the_fix() {
    for arguments in [&["run", "quadruple"][..], &["graph", "quadruple"]] {
        let (code, out, err) = said("unnamed", arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(err.contains("quadruple"), "{err}");
        assert!(err.contains("flowrt::main!(flows = ["), "{err}");
    }
    let (code, out, err) = said("unnamed", &["run", "own"]);
    assert_eq!((code, out.as_str()), (Some(0), "1\n"), "{err}");
}

#[test]
fn a_program_without_flows_says_why_whatever_it_is_asked() {
    for arguments in [&[][..], &["run", "quadruple"], &["graph", "quadruple"]] {
        let (code, out, err) = said("empty", arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {err}");
        assert!(err.contains("this program has no flows"), "{err}");
        assert!(err.contains("flowrt::main!(flows = ["), "{err}");
    }
}

#[test]
fn two_flows_of_one_name_stop_the_program_and_both_places_are_named() {
    for arguments in [&[][..], &["run", "quadruple"], &["runs", "ls"]] {
        let (code, out, err) = said("twice", arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {err}");
        assert!(err.contains("two flows have the name `nightly`"), "{err}");
        for file in ["team/src/lib.rs:20", "other/src/lib.rs:7"] {
            assert!(err.contains(file), "{file}: {err}");
        }
    }
}

#[test]
fn tasks_and_the_run_time_may_come_through_other_crates() {
    for (flow, value) in [("as_dag", "3\n"), ("as_program", "5\n")] {
        let (code, out, err) = said("through-facade", &["run", flow]);
        assert_eq!((code, out.as_str()), (Some(0), value), "{err}");
    }
    let (_, out, _) = said("through-facade", &["graph", "as_dag"]);
    assert_eq!(out, "double ─▶ add_one\n");
}

#[test]
fn a_library_of_flows_takes_neither_a_store_nor_a_command_line() {
    let _built = program("named");
    let tree = [
        "tree",
        "-p",
        "team-flows",
        "-e",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ];
    let tree = cargo(&repository().join("tests/workspaces/registry"), &tree);
    let tree = text(&tree.stdout);
    let has = |name: &str| {
        tree.lines()
            .any(|line| line.split(' ').next() == Some(name))
    };
    assert!(has("flowrt") && has("serde"), "{tree}");
    for heavy in [
        "rusqlite",
        "libsqlite3-sys",
        "clap",
        "comfy-table",
        "axum",
        "hyper",
    ] {
        assert!(!has(heavy), "{heavy} is in\n{tree}");
    }
    let crates = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .collect::<std::collections::BTreeSet<_>>();
    // Fourteen of them are the encryption, without which a parameter of type `Secret` could not be recorded.
    assert!(crates.len() <= 75, "{} crates:\n{tree}", crates.len());
}

#[test]
fn two_versions_of_flowrt_do_not_meet_in_one_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    let now = repository().join("flowrt");
    let manifest = std::fs::read_to_string(now.join("Cargo.toml")).expect("a manifest");
    let links = manifest.lines().find(|line| line.starts_with("links = "));
    let links = links.expect("flowrt links something, so that cargo refuses a second one");
    write(
        "next/Cargo.toml",
        &format!(
            "[package]\nname = \"flowrt\"\nversion = \"9.0.0\"\nedition = \"2024\"\nbuild = \"build.rs\"\n{links}\n"
        ),
    );
    write("next/build.rs", "fn main() {}\n");
    write("next/src/lib.rs", "");
    write("program/src/main.rs", "fn main() {}\n");
    let program = format!(
        "[package]\nname = \"program\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\nflowrt = {{ path = {now:?}, default-features = false }}\nnext = {{ package = \"flowrt\", path = \"../next\" }}\n"
    );
    write("program/Cargo.toml", &program);
    lock(&folder.path().join("program"));
    let refused = cargo(
        &folder.path().join("program"),
        &["metadata", "--format-version", "1"],
    );
    let told = text(&refused.stderr);
    assert!(!refused.status.success(), "cargo took both");
    assert!(
        told.contains("links to the native library `flowrt`")
            || told.contains("links = \"flowrt\""),
        "{told}"
    );
}
