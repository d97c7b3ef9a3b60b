//! The programs that read our pictures: Graphviz, Mermaid, an XML parser. `cargo xtask test` installs them.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::cargo_builds::target;
use crate::command_line::text;

/// What a reader understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) nodes: BTreeSet<String>,
    pub(super) edges: BTreeSet<(String, String)>,
}

/// Runs a program on a text and gives what it says.
fn ask(mut program: Command, input: &str) -> Result<String, String> {
    let name = program.get_program().to_owned();
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{name:?}: {error}; try: cargo xtask test, which installs it")
        });
    let mut stdin = child.stdin.take().expect("its input is ours");
    // A reader that gives up early closes its input; what it says tells why.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("the program ends");
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(format!("{}\n{input}", text(&output.stderr)))
    }
}

/// Graphviz lays the graph out and tells its nodes and edges, a line each.
pub(super) fn graphviz(dot: &str) -> Result<Read, String> {
    let mut program = Command::new("dot");
    program.arg("-Tplain");
    let plain = ask(program, dot)?;
    let mut svg = Command::new("dot");
    svg.arg("-Tsvg");
    xml(&ask(svg, dot)?)?;
    let words = plain
        .lines()
        .map(|line| line.split(' ').collect::<Vec<_>>());
    let mut read = Read {
        nodes: BTreeSet::new(),
        edges: BTreeSet::new(),
    };
    for line in words {
        match line[..] {
            ["node", name, ..] => {
                read.nodes.insert(name.to_owned());
            }
            ["edge", from, to, ..] => {
                read.edges.insert((from.to_owned(), to.to_owned()));
            }
            _ => {}
        }
    }
    Ok(read)
}

pub(super) fn xml(document: &str) -> Result<(), String> {
    let mut program = Command::new("xmllint");
    program.args(["--noout", "--nonet", "-"]);
    ask(program, document).map(drop)
}

/// All flowcharts in one go: Mermaid takes half a second to load.
pub(super) fn mermaid(texts: &[&str]) -> Vec<Result<Read, String>> {
    let folder = target().join("tools/mermaid");
    assert!(
        folder.join("node_modules/mermaid").exists(),
        "mermaid is not in {}; try: cargo xtask test, which installs it",
        folder.display()
    );
    let input = tempfile::NamedTempFile::new().expect("a file");
    let list = serde_json::to_string(texts).expect("texts are JSON");
    std::fs::write(input.path(), list).expect("the file can be written");
    let mut node = Command::new("node");
    node.args(["--input-type=module", "-"])
        .current_dir(folder)
        .env("TEXTS", input.path());
    let said = ask(node, include_str!("mermaid.mjs")).unwrap_or_else(|error| panic!("{error}"));
    let said: serde_json::Value = serde_json::from_str(&said).expect("the script answers in JSON");
    let read = said.as_array().expect("an answer for each text").iter();
    read.map(understood).collect()
}

fn understood(answer: &serde_json::Value) -> Result<Read, String> {
    if let Some(error) = answer["error"].as_str() {
        return Err(error.to_owned());
    }
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
    Ok(Read {
        nodes: list("nodes").iter().map(word).collect(),
        edges: list("edges")
            .iter()
            .map(|edge| (word(&edge[0]), word(&edge[1])))
            .collect(),
    })
}
