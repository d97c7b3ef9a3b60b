//! The OpenAPI document, read by strangers: a validator, and a program that asks what the document says may be asked.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Server;
use crate::cargo_builds::target;

/// How long the stranger may ask; it takes a few seconds.
const AT_MOST: Duration = Duration::from_secs(115);

fn tool(name: &str) -> PathBuf {
    let tool = target().join("tools/python/bin").join(name);
    assert!(
        tool.exists(),
        "{} is not there; try: cargo xtask test, which installs it",
        tool.display()
    );
    tool
}

#[test]
fn a_validator_finds_nothing_wrong() {
    let server = Server::start();
    let document = server.folder().join("openapi.json");
    std::fs::write(&document, server.get("/api/openapi.json").body).unwrap();
    let said = Command::new(tool("openapi-spec-validator"))
        .arg(&document)
        .output()
        .unwrap();
    assert!(
        said.status.success(),
        "{}{}",
        String::from_utf8_lossy(&said.stdout),
        String::from_utf8_lossy(&said.stderr)
    );
}

#[test]
fn every_operation_says_what_it_does_and_is_answered() {
    let server = Server::start();
    let document = server.get("/api/openapi.json").json();
    let paths = document["paths"].as_object().expect("there are paths");
    assert!(paths.len() > 20, "{} paths", paths.len());
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().expect("operations") {
            let said = operation["summary"].as_str().unwrap_or_default();
            assert!(!said.is_empty(), "{method} {path} says nothing of itself");
        }
    }
    // What the document has is answered, by a word of its own where the thing itself is not there.
    for (path, operations) in paths {
        for method in operations.as_object().expect("operations").keys() {
            // That one has no end.
            if path == "/events" {
                continue;
            }
            let parts = path.split('/').map(|part| match part.starts_with('{') {
                true => "nobody",
                false => part,
            });
            let path = parts.collect::<Vec<_>>().join("/");
            let answer = server.ask(&method.to_uppercase(), &format!("/api{path}"), &[], None);
            let code = match answer.header("content-type") {
                Some("application/problem+json") => answer.json()["code"].clone(),
                _ => json!(null),
            };
            let is_route = code != "no_route" && code != "method_not_allowed";
            assert!(
                is_route && answer.status < 500,
                "{method} {path}: {answer:?}"
            );
        }
    }
}

#[test]
fn a_stranger_who_asks_all_that_may_be_asked_finds_no_mistake() {
    let server = Server::start();
    // So that there is something to find.
    for flow in ["ship", "broken", "asks"] {
        server.start_run(flow, json!({}));
    }
    let settings = server.folder().join("schemathesis.toml");
    std::fs::write(&settings, include_str!("schemathesis.toml")).unwrap();
    let url = server.url();
    let log = std::fs::File::create(server.folder().join("said")).unwrap();
    let mut asking = Command::new(tool("schemathesis"))
        .arg("--config-file")
        .arg(&settings)
        .args(["run", "--no-color", "--seed", "1", "--max-examples", "20"])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--request-timeout", "20", "--url"])
        .arg(format!("{url}/api"))
        .arg(format!("{url}/api/openapi.json"))
        .current_dir(server.folder())
        .stderr(log.try_clone().unwrap())
        .stdout(log)
        .spawn()
        .unwrap();
    let started = Instant::now();
    let status = loop {
        if let Some(status) = asking.try_wait().unwrap() {
            break Some(status);
        }
        if started.elapsed() > AT_MOST {
            let _ = asking.kill();
            let _ = asking.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    let said = std::fs::read_to_string(server.folder().join("said")).unwrap_or_default();
    let end = said.len().saturating_sub(8000);
    let end = (end..said.len())
        .find(|at| said.is_char_boundary(*at))
        .unwrap_or(0);
    assert!(
        status.is_some_and(|status| status.success()),
        "it ended with {status:?}:\n{}",
        &said[end..]
    );
    assert_eq!(server.get("/api/ready").status, 200, "it still lives");
}
