//! What the documents show is true: every block of Rust compiles and runs, every command does what it says.

mod blocks;

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use blocks::Block;

use crate::cargo_builds::{cargo, lock, target};
use crate::command_line::{examples, flows, text};
use crate::layering::repository;

/// The documents that people read to learn what to type.
fn documents() -> Vec<(PathBuf, String)> {
    let root = repository();
    let mut paths = vec![root.join("README.md"), root.join("examples/README.md")];
    let guide = std::fs::read_dir(root.join("docs/guide"));
    paths.extend(
        guide
            .into_iter()
            .flatten()
            .map(|entry| entry.expect("an entry of a folder that is there").path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "md")),
    );
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path, text)
        })
        .collect()
}

/// Writes each block as a program of one package, so that all are built in one go.
fn write_package(folder: &Path, blocks: &[(PathBuf, Block)]) -> Vec<String> {
    let flowrt = repository().join("flowrt");
    let ready = repository().join("integrations/ready");
    let manifest = format!(
        "[package]\nname = \"shown\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\nflowrt = {{ path = {flowrt:?} }}\nflowrt-ready = {{ path = {ready:?} }}\nserde_json = \"1\"\nserde = {{ version = \"1\", features = [\"derive\"] }}\ntokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n\n[profile.dev]\ndebug = \"line-tables-only\"\n"
    );
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    write("Cargo.toml", &manifest);
    lock(folder);
    let mut names = Vec::new();
    for (path, block) in blocks {
        let stem = path
            .strip_prefix(repository())
            .expect("a document of the repository")
            .with_extension("");
        let stem = stem.to_string_lossy().to_lowercase().replace('/', "_");
        let name = format!("{stem}_line_{}", block.line);
        let has_main = block.text.contains("fn main()") || block.text.contains("flowrt::main!(");
        let main = if has_main { "" } else { "\nfn main() {}\n" };
        let mut code = String::from("#![allow(dead_code, unused)]\n");
        let _ = write!(code, "{}{main}", block.text);
        write(&format!("src/bin/{name}.rs"), &code);
        names.push(name);
    }
    names
}

/// Runs what a block makes: a program of flows with each flow that needs no parameter, any other as it is.
fn run(program: &Path, block: &Block) {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .expect("the program runs");
        let told = text(&output.stderr);
        assert!(output.status.success(), "{program:?} {arguments:?}: {told}");
        text(&output.stdout)
    };
    if !block.text.contains("flowrt::main!(") {
        run(&[]);
        return;
    }
    let listed: serde_json::Value = serde_json::from_str(&run(&["--json"])).expect("JSON");
    let flows = listed.as_array().expect("a list of flows");
    assert!(!flows.is_empty(), "{program:?} has no flows");
    for flow in flows {
        let name = flow["name"].as_str().expect("a flow has a name");
        run(&["graph", name]);
        let output = Command::new(program)
            .args(["--store", "memory:", "run", name])
            .current_dir(folder.path())
            .output()
            .expect("the program runs");
        let told = text(&output.stderr);
        let lacks = output.status.code() == Some(2)
            && ["lacks", "is missing"]
                .iter()
                .any(|word| told.contains(word));
        assert!(
            output.status.success() || lacks,
            "{program:?} {name}: {told}"
        );
    }
}

#[test]
fn every_block_of_rust_compiles_and_runs() {
    let mut shown = Vec::new();
    for (path, document) in documents() {
        for block in blocks::blocks(&document) {
            if block.kind == "rust" || block.kind.starts_with("rust,") {
                let known = ["rust", "rust,no_run"].contains(&block.kind.as_str());
                assert!(
                    known,
                    "{}:{}: `{}` is neither compiled nor run",
                    path.display(),
                    block.line,
                    block.kind
                );
                shown.push((path.clone(), block));
            }
        }
    }
    assert!(!shown.is_empty(), "no document shows any Rust");
    let folder = target().join("shown");
    let _ = std::fs::remove_dir_all(folder.join("src"));
    let names = write_package(&folder, &shown);
    let built = cargo(&folder, &["build", "--quiet"]);
    assert!(built.status.success(), "{}", text(&built.stderr));
    for (name, (_, block)) in names.iter().zip(&shown) {
        if block.kind == "rust" {
            run(&target().join("debug").join(name), block);
        }
    }
}

/// A folder in which every shown command makes sense: a repository with something in it.
fn folder_for_commands() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("docs")).expect("a folder");
    std::fs::write(folder.path().join("docs/a.md"), "text\n").expect("a file");
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "."],
        &[
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@example.org",
            "commit",
            "--quiet",
            "-m",
            "first",
        ],
    ] {
        let git = Command::new("git")
            .args(arguments)
            .current_dir(folder.path())
            .status()
            .expect("git runs");
        assert!(git.success());
    }
    folder
}

/// Serves until it says where, and ends it as Ctrl-C does.
fn served_until_told(folder: &Path) -> Output {
    let mut server = Command::new(examples())
        .args(["serve", "--port", "0", "--json"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut line = String::new();
    let mut said = BufReader::new(server.stdout.take().expect("it is a pipe"));
    let read = said.read_line(&mut line);
    let told = Command::new("kill")
        .args(["-INT", &server.id().to_string()])
        .status();
    let output = server.wait_with_output().expect("it ends");
    assert!(read.is_ok() && line.contains("http://"), "{line:?}");
    assert!(told.expect("kill runs").success());
    output
}

#[test]
fn every_command_runs_as_shown() {
    let folder = folder_for_commands();
    let mut count = 0;
    for (path, document) in documents() {
        for arguments in blocks::example_runs(&document) {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let output = match arguments.as_slice() {
                ["serve"] => served_until_told(folder.path()),
                arguments => flows(folder.path(), arguments),
            };
            assert!(
                output.status.success(),
                "{}: {arguments:?}: {}",
                path.display(),
                text(&output.stderr)
            );
            count += 1;
        }
        for mut verbs in blocks::verbs(&document) {
            verbs.push("--help".to_owned());
            let verbs: Vec<&str> = verbs.iter().map(String::as_str).collect();
            let output = flows(folder.path(), &verbs);
            assert!(
                output.status.success(),
                "{}: {verbs:?}: {}",
                path.display(),
                text(&output.stderr)
            );
            count += 1;
        }
    }
    assert!(count > 8, "only {count} commands were found");
}
