//! A secret that leaks into all that a run has appears in nothing that a server answers.

use std::collections::{BTreeSet, VecDeque};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use flowrt::clock::Stopwatch;
use serde_json::{Value, json};

use super::everywhere::{assert_hidden, assert_no_file_holds_it};
use super::{VALUE, program, said};
use crate::api::Server;

/// Far longer than all of it takes on a machine under load.
const AT_MOST: Duration = Duration::from_secs(300);

/// Runs that use the secret, and how each ends.
const RUNS: [(&str, &str, &str); 7] = [
    ("leak", "No", "Completed"),
    ("leak", "Error", "Failed"),
    ("leak", "Panic", "Failed"),
    ("leak", "Result", "Failed"),
    ("named", "", "Completed"),
    ("measured", "", "Completed"),
    ("published", "", "Failed"),
];

fn parameters(flow: &str, leak: &str) -> Value {
    let token = json!({ "$secret": "@API" });
    match flow {
        "leak" => json!({ "token": token, "leak": leak }),
        "named" => json!({ "of": "API" }),
        "measured" => json!({ "token": token }),
        _ => json!({ "token": token, "of": "API" }),
    }
}

/// Sends a request and gives what comes until the connection ends, or until it has what is waited for.
fn stream(server: &Server, path: &str, until: impl Fn(&str) -> bool) -> String {
    // A stream says now and then that it lives, so that a read alone would wait for ever.
    let waited = Stopwatch::start();
    let mut connection = server.connect();
    let host = &server.address;
    write!(
        connection,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n"
    )
    .expect("it takes what is sent");
    let (mut bytes, mut part) = (Vec::new(), [0; 1 << 16]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if until(&text) {
            return text;
        }
        assert!(waited.elapsed() < AT_MOST, "{path} does not end: {text}");
        match connection.read(&mut part) {
            Ok(0) => return text,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(error) => panic!("{path}: {error} after {text}"),
        }
    }
}

/// Asks all that a reader may ask of the API, as its own document says.
fn assert_api_hides_it(server: &Server, runs: &[String]) {
    let document = server.get("/api/openapi.json").json();
    let paths = document["paths"].as_object().expect("there are paths");
    let asked = paths
        .iter()
        .filter(|(_, methods)| methods.get("get").is_some());
    let listed = server.get("/api/artifacts").json();
    let artifacts = listed["items"].as_array().or(listed.as_array());
    let artifacts = artifacts.expect("there are artifacts").iter();
    let artifacts: Vec<String> = artifacts
        .map(|one| one["key"].as_str().expect("a key").to_owned())
        .collect();
    assert!(artifacts.len() >= 4, "{listed}");
    let mut count = 0;
    for (path, _) in asked.filter(|(path, _)| *path != "/events") {
        let of_artifact = path.contains("{artifact}");
        for one in if of_artifact { &artifacts } else { runs } {
            let path = path.replace("{run}", one).replace("{artifact}", one);
            let path = format!("/api{}", path.replace("{flow}", "leak"));
            // Those of runs that have ended end too.
            let said = stream(server, &path, |_| false);
            assert!(said.starts_with("HTTP/1.1 "), "{path}: {said}");
            assert_hidden(&path, said.as_bytes());
            count += 1;
            if !path.contains(one.as_str()) {
                break;
            }
        }
    }
    assert!(count > 50, "{count} answers were looked at");
    let artifacts = server.get(&format!("/api/runs/{}/artifacts", runs[RUNS.len() - 1]));
    assert!(artifacts.body.contains("•••"), "{artifacts:?}");
}

/// Follows every link from the first page on.
fn assert_pages_hide_it(server: &Server, runs: &[String]) {
    let mut left: VecDeque<String> = VecDeque::from(["/".to_owned()]);
    left.extend(runs.iter().map(|run| format!("/runs/{run}")));
    let mut seen = BTreeSet::new();
    while let Some(address) = left.pop_front() {
        if seen.len() > 1_000 || !seen.insert(address.clone()) {
            continue;
        }
        let answer = server.get(&address);
        assert!(answer.status < 500, "{address}: {answer:?}");
        assert_hidden(&address, answer.body.as_bytes());
        for rest in answer.body.split("href=\"/").skip(1) {
            let link = rest.split('"').next().unwrap_or_default();
            let link = link.split('#').next().unwrap_or_default();
            let link = format!("/{}", link.replace("&#38;", "&").replace("&amp;", "&"));
            left.push_back(link);
        }
    }
    for part in [
        "/step?id=",
        "/logs",
        "/artifact?key=",
        "/resume",
        "/rerun",
        "/flows/leak",
        "/deployments",
        "/schedules",
        "/limits",
    ] {
        let found = seen.iter().any(|address| address.contains(part));
        assert!(found, "no link leads to {part}: {seen:#?}");
    }
    for run in runs {
        let page = stream(server, &format!("/runs/{run}"), |text| {
            text.contains("\"parts\"") && text.contains("\n\n\r\n")
        });
        assert_hidden(run, page.as_bytes());
    }
}

/// What other processes of the program write of the store, where it is said that no secret is in it.
fn assert_copies_hide_it(at: &Path, runs: &[String]) {
    let one = |arguments: &[&str]| {
        let (output, text) = said(&mut program(at, arguments));
        assert!(output.status.success(), "{arguments:?}: {text}");
        assert_hidden(&format!("{arguments:?}"), text.as_bytes());
    };
    one(&["cache", "ls"]);
    one(&["cache", "ls", "--json"]);
    one(&["store", "backup", "copy.db"]);
    for run in runs {
        for format in ["text", "svg", "mermaid", "dot", "json"] {
            one(&["graph", "--run", run, "--format", format]);
        }
        one(&["store", "export", run, "--output", &format!("{run}.jsonl")]);
    }
    let (copied, imported) = (at.join("copy.db"), at.join("there"));
    assert!(copied.exists(), "a copy was made");
    std::fs::create_dir(&imported).expect("there is room");
    let file = at.join(format!("{}.jsonl", runs[1])).display().to_string();
    let (output, text) = said(&mut program(&imported, &["store", "import", &file]));
    assert!(output.status.success(), "{text}");
    assert_hidden("an import", text.as_bytes());
    assert!(
        assert_no_file_holds_it(at) >= 10,
        "store, key, copy, exports"
    );
}

#[test]
fn a_secret_appears_in_no_answer_of_a_server_and_in_no_copy() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::of(
        env!("CARGO_BIN_EXE_vault"),
        folder,
        &[("FLOWRT_LOG", "trace")],
    );
    let secret = json!({ "value": VALUE });
    let set = server.ask("PUT", "/api/secrets/API", &[], Some(&secret));
    assert_eq!(set.status, 204, "{set:?}");
    let mut runs = Vec::new();
    std::thread::scope(|scope| {
        // Told while the runs go on, until the one that is started last.
        let server = &server;
        let (opened, has_opened) = std::sync::mpsc::channel();
        let watched = scope.spawn(move || {
            let is_open = std::cell::Cell::new(false);
            stream(server, "/api/events", |text| {
                if text.contains("\r\n\r\n") && !is_open.replace(true) {
                    opened.send(()).expect("somebody waits");
                }
                text.contains("the-last") && text.contains("Cancelled")
            })
        });
        has_opened.recv().expect("it is open");
        for (flow, leak, state) in RUNS {
            let run = server.start_run(flow, parameters(flow, leak));
            let ended = server.wait_for_state(&run, state);
            runs.push(ended["name"].as_str().expect("a name").to_owned());
        }
        assert_copies_hide_it(server.folder(), &runs);
        // What somebody writes into a parameter that is no secret is recorded as it is, and shown by no process that knows better.
        let plain = json!({ "of": VALUE });
        let body = json!({ "flow": "named", "parameters": plain, "name": "in-clear" });
        assert_eq!(server.post("/api/runs", &body).status, 201);
        server.wait_for("in-clear", |run| run["state"] == "Failed");
        runs.push("in-clear".to_owned());
        let asked = json!({ "flow": "asked", "parameters": {}, "name": "the-last" });
        let asked = server.post("/api/runs", &asked).json();
        server.wait_for_state(&asked, "Waiting");
        let id = asked["run_id"].as_str().expect("an id");
        let cancelled = server.post(&format!("/api/runs/{id}/cancel"), &json!({}));
        assert_eq!(cancelled.status, 200, "{cancelled:?}");
        let told = watched.join().expect("it watches");
        assert_hidden("the changes of all runs", told.as_bytes());
    });
    runs.push("the-last".to_owned());
    // Echoed by whoever seeks it.
    let sought = "k9%22Zq%2Fw%2B%C3%B6-Vb7%20x%5CT2m";
    for address in [
        format!("/runs?text={sought}"),
        format!("/runs/{sought}"),
        format!("/api/runs/{sought}"),
        format!("/{sought}"),
    ] {
        let answer = server.get(&address);
        assert_hidden(&address, answer.body.as_bytes());
    }
    assert_api_hides_it(&server, &runs);
    assert_pages_hide_it(&server, &runs);
}
