//! `worker` and `workers`.

use serde_json::{Value, json};

use super::{DESK, Desk};
use crate::until::until;

const FILE: &str = "\
deployments:
- name: fast
  flow_name: ship
  work_pool: { name: p, queue: express }
- name: slow
  flow_name: ship
";

fn workers(desk: &Desk) -> Vec<Value> {
    let told = desk.json("workers");
    told.as_array().expect("a list").clone()
}

#[test]
fn a_worker_says_what_it_was_told_and_takes_from_its_queues_only() {
    let desk = Desk::deployed(FILE);
    let none = desk.ask("workers");
    assert!(none.err.contains("no worker lives"), "{none:?}");
    let run = |deployment: &str| -> String {
        let run = desk.json(&format!("deployments run {deployment}"));
        run["name"].as_str().expect("a name").to_owned()
    };
    let (slow, fast) = (run("slow"), run("fast"));
    let running = desk.spawn("worker --queue express --queue night --concurrency 3");
    until(|| !workers(&desk).is_empty());
    let told = &workers(&desk)[0];
    assert_eq!(
        (
            &told["pid"],
            &told["queues"],
            &told["concurrency"],
            &told["launcher"]
        ),
        (
            &json!(running.0.id()),
            &json!(["express", "night"]),
            &json!(3),
            &json!("inline")
        ),
        "{told}"
    );
    let state = |run: &str| desk.json(&format!("runs show {run}"))["state"].clone();
    until(|| state(&fast) == "Completed");
    // It was there before, and lies in another queue.
    assert_eq!(state(&slow), "Pending");
    let why = desk.ask(&format!("runs why {slow}"));
    assert!(why.out.contains("default"), "{why:?}");
    let _other = desk.spawn("worker");
    until(|| state(&slow) == "Completed");
}

#[test]
fn what_a_worker_cannot_do_it_says_before_it_begins() {
    let desk = Desk::of(DESK);
    for verb in ["worker", "serve"] {
        for (words, what) in [
            (&["--concurrency", "0"][..], &["--concurrency"][..]),
            (&["--concurrency", "many"], &["--concurrency"]),
            (
                &["--launcher", "docker"],
                &["this program has no launcher `docker`", "inline, process"],
            ),
            (&["--queue"], &["lacks its value"]),
            (
                &["--queu", "x"],
                &["does not know `--queu`", "did you mean `--queue`?"],
            ),
        ] {
            desk.refuses(&[&[verb], words].concat(), what);
            let said = desk.say(&[&[verb], words].concat());
            assert!(!said.err.contains("working on"), "{said:?}");
        }
    }
    desk.refuses(&["workers", "--nothing"], &["does not know `--nothing`"]);
}
