//! What is wrong is told with a code, and all of it at once.

use serde_json::{Value, json};

use super::Server;

fn paths(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().expect("a list of errors");
    let paths = errors.iter().filter_map(|error| error["path"].as_str());
    let mut paths: Vec<_> = paths.map(str::to_owned).collect();
    paths.sort();
    paths
}

#[test]
fn every_fault_of_a_body_is_told() {
    let server = Server::start();
    let answer = server.post(
        "/api/runs",
        &json!({ "flo": "x", "parameters": 3, "cache": "no" }),
    );
    assert_eq!(answer.status, 422, "{answer:?}");
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    let problem = answer.json();
    assert_eq!(problem["code"], "invalid");
    assert_eq!(paths(&problem), ["cache", "flo", "flow", "parameters"]);
}

#[test]
fn every_fault_of_a_query_is_told() {
    let server = Server::start();
    let answer = server.get("/api/runs?limit=x&state=Bad&nonsense=1&before=7");
    assert_eq!(answer.status, 422, "{answer:?}");
    let paths = paths(&answer.json());
    assert!(
        ["limit", "nonsense", "state[0]"]
            .iter()
            .all(|path| paths.iter().any(|one| one == path)),
        "{paths:?}"
    );
}

#[test]
fn what_is_not_there_has_a_hint() {
    let server = Server::start();
    let run = server.get("/api/runs/nothing-like-that");
    assert_eq!(
        (run.status, run.json()["code"].clone()),
        (404, json!("not_found"))
    );
    let flow = server.get("/api/flows/shp");
    assert_eq!(flow.json()["try"], "did you mean `ship`?", "{flow:?}");
    assert_eq!(server.get("/api/nothing").json()["code"], "no_route");
    let method = server.ask("PATCH", "/api/runs", &[], None);
    assert_eq!(
        (method.status, method.json()["code"].clone()),
        (405, json!("method_not_allowed"))
    );
}

#[test]
fn what_is_no_json_is_refused() {
    let server = Server::start();
    let form = [("Content-Type", "text/plain"), ("Content-Length", "2")];
    use std::io::{Read, Write};
    let mut stream = server.connect();
    let headers: String = form
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .concat();
    let address = &server.address;
    write!(
        stream,
        "POST /api/runs HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n{{}}"
    )
    .unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 415"), "{said}");
}
