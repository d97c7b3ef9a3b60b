//! A flow that goes round very often, in a process of its own.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::until::until;

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rounds"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("FLOWRT_STORE")
        .stderr(Stdio::null());
    command
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one JSON value")
}

fn ledger(folder: &Path) -> Vec<(u32, u64)> {
    let text = std::fs::read_to_string(folder.join("ledger")).unwrap_or_default();
    let rows = text.lines().filter_map(|line| {
        let (round, memory) = line.split_once(' ')?;
        Some((round.parse().ok()?, memory.parse().ok()?))
    });
    rows.collect()
}

#[test]
fn ten_thousand_rounds_take_the_memory_of_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let ended = command(
        folder,
        &[
            "run", "go_round", "--n", "0", "--until", "10000", "--name", "r", "--json",
        ],
    );
    let ended = json(&{ ended }.output().expect("the program runs"));
    assert_eq!(
        (&ended["result"], &ended["name"]),
        (&10_000.into(), &"r-10000".into())
    );
    let memory = ledger(folder);
    let of = |round| memory.iter().find(|(at, _)| *at == round).expect("noted").1;
    let (early, late) = (of(1_000), of(9_500));
    // What the store itself holds of its file stops growing at a few MiB.
    assert!(late < early + 12 * 1024, "{early} KiB, then {late} KiB");
}

#[test]
fn a_killed_process_goes_on_by_the_name_of_the_first_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut child = command(
        folder,
        &[
            "run", "go_round", "--n", "0", "--until", "2000", "--name", "r",
        ],
    )
    .stdout(Stdio::null())
    .spawn()
    .expect("the program starts");
    until(|| ledger(folder).len() >= 2);
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
    let ended = command(folder, &["runs", "resume", "r", "--yes", "--json"]);
    let ended = json(&{ ended }.output().expect("the program runs"));
    assert_eq!(
        (&ended["result"], &ended["name"]),
        (&2_000.into(), &"r-2000".into())
    );
    let shown = command(folder, &["runs", "show", "r", "--json"]);
    let shown = json(&{ shown }.output().expect("the program runs"));
    assert!(shown["continued_as"].is_string(), "{shown}");
}
