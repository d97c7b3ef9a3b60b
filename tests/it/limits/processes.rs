//! One limit over several processes, one of which is killed.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// Calls of each process. `FLOWRT_TEST_CALLS=3334` is the long version: three processes, 10,000 calls, 100 seconds.
fn calls() -> u32 {
    std::env::var("FLOWRT_TEST_CALLS")
        .ok()
        .and_then(|calls| calls.parse().ok())
        .unwrap_or(250)
}

fn limited(folder: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_limited"))
        .args(arguments)
        .args([
            "--store",
            &format!("sqlite:{}", folder.join("store.db").display()),
            "--json",
        ])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}

fn ledger(folder: &Path) -> Vec<i64> {
    let text = std::fs::read_to_string(folder.join("ledger")).unwrap_or_default();
    let mut starts: Vec<i64> = text.lines().filter_map(|line| line.parse().ok()).collect();
    starts.sort_unstable();
    starts
}

fn most_in_a_second(starts: &[i64]) -> usize {
    let mut from = 0;
    (0..starts.len())
        .map(|to| {
            while starts[to] - starts[from] >= 1_000_000 {
                from += 1;
            }
            to - from + 1
        })
        .max()
        .unwrap_or(0)
}

#[test]
fn a_rate_holds_over_three_processes_one_of_which_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (folder, calls) = (folder.path(), calls());
    let text = calls.to_string();
    let run = |name: &str| {
        limited(
            folder,
            &[
                "run",
                "call_often",
                "--ledger",
                "ledger",
                "--calls",
                &text,
                "--name",
                name,
            ],
        )
    };
    let (one, two, mut three) = (run("one"), run("two"), run("three"));
    while ledger(folder).len() < 150 {
        sleep(Duration::from_millis(20));
    }
    three.kill().expect("it can be killed");
    three.wait().expect("it is gone");
    let three = limited(folder, &["runs", "resume", "three"]);
    for process in [one, two, three] {
        let output = process.wait_with_output().expect("it ends");
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one object");
        assert_eq!(
            (&value["state"], &value["result"]),
            (&"Completed".into(), &calls.into()),
            "{value}"
        );
    }
    let starts = ledger(folder);
    let took = (starts[starts.len() - 1] - starts[0]) / 1_000;
    println!("{} calls began within {took} ms", starts.len());
    assert!(starts.len() >= 3 * calls as usize, "every call began");
    // That a limit is used up is for a test whose clock does not run on: on a slow machine fewer begin.
    let most = most_in_a_second(&starts);
    assert!(most <= 100, "{most} in a second");
}
