//! The bench program as a person types it: what it prints, not how fast it is.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::cargo_builds::example;

fn bench(program: &Path, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the program runs")
}

#[test]
fn every_workload_prints_one_object_with_its_ratio() {
    let (program, folder) = (example("bench"), tempfile::tempdir().expect("a folder"));
    let workloads: &[&[&str]] = &[
        &["chain", "--tasks", "20"],
        &["chain", "--tasks", "20", "--store", "sqlite:one.db"],
        &[
            "chain",
            "--tasks",
            "5",
            "--store",
            "sqlite:one.db",
            "--durable",
            "power",
        ],
        &["fanout", "--tasks", "300", "--store", "sqlite:one.db"],
        &["limit", "--tasks", "20"],
        &["limit", "--tasks", "20", "--store", "sqlite:one.db"],
        &["cache", "--tasks", "20"],
        &["cache", "--tasks", "20", "--store", "sqlite:one.db"],
        &["isolate", "--tasks", "3", "--store", "sqlite:one.db"],
        &["resume", "--tasks", "50", "--store", "sqlite:one.db"],
        &["served", "--tasks", "20", "--store", "sqlite:two.db"],
        &["cold-start", "--tasks", "2", "--store", "sqlite:one.db"],
    ];
    for workload in workloads {
        let output = bench(&program, folder.path(), &[*workload, &["--json"]].concat());
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "{workload:?}: {err}");
        let object: Value = serde_json::from_str(&out).expect("one JSON object");
        assert_eq!(object["workload"], workload[0]);
        assert_eq!(object["tasks"].to_string(), workload[2]);
        for number in ["seconds", "per_task_us", "limit_per_task_us", "ratio"] {
            let value = object[number].as_f64();
            assert!(
                value.is_some_and(|value| value > 0.0),
                "{workload:?} {number}: {out}"
            );
        }
        if workload[0] == "resume" {
            assert_eq!(object["recorded_run_again"], 0, "{out}");
            assert_eq!(object["outcome"], "Completed", "{out}");
        }
        if workload[0] == "cache" {
            assert_eq!(object["computed_again"], 0, "{out}");
        }
        if workload[0] == "cold-start" {
            assert!(object["median_ms"].is_number(), "{out}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_told_with_code_2() {
    let (program, folder) = (example("bench"), tempfile::tempdir().expect("a folder"));
    let mistakes: &[&[&str]] = &[
        &[],
        &["chian"],
        &["chain", "--tasks", "0"],
        &["chain", "--store", "nowhere"],
        &["resume", "--store", "memory:"],
        &["isolate", "--store", "memory:"],
        &["fanout", "--durable", "power"],
    ];
    for mistake in mistakes {
        let output = bench(&program, folder.path(), mistake);
        assert_eq!(output.status.code(), Some(2), "{mistake:?}");
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{mistake:?}"
        );
    }
}
