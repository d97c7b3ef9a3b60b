//! Events as they happen, and going on after the last one that was seen.

use std::io::{BufRead, BufReader, Write};

use serde_json::{Value, json};

use super::Server;

/// An event as it was sent.
#[derive(Debug, Clone, PartialEq)]
struct Sent {
    id: String,
    data: Value,
}

/// Reads events until so many have come, or the stream has ended.
fn watch(server: &Server, path: &str, last: Option<&str>, most: usize) -> Vec<Sent> {
    let mut events = Vec::new();
    follow(server, path, last, |event| {
        events.extend(event);
        events.len() < most
    });
    events
}

/// Hands on that the stream is open, and then each event, until no more are wanted or the stream has ended.
fn follow(
    server: &Server,
    path: &str,
    last: Option<&str>,
    mut next: impl FnMut(Option<Sent>) -> bool,
) {
    let mut stream = server.connect();
    let last = last.map_or_else(String::new, |last| format!("Last-Event-ID: {last}\r\n"));
    let address = &server.address;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{last}\r\n"
    )
    .expect("it takes what is sent");
    let (mut is_open, mut data) = (false, None);
    // A stream says now and then that it lives, so that a read alone would wait for ever.
    let end = std::time::Instant::now() + 2 * super::AT_MOST;
    for line in BufReader::new(stream).lines() {
        let line = line.expect("it goes on in time");
        assert!(std::time::Instant::now() < end, "{path} does not end");
        if let Some(text) = line.strip_prefix("data: ") {
            data = serde_json::from_str(text).ok();
        } else if let (Some(id), Some(_)) = (line.strip_prefix("id: "), &data) {
            let event = Sent {
                id: id.to_owned(),
                data: data.take().expect("it was looked at"),
            };
            if !next(Some(event)) {
                return;
            }
        } else if line.is_empty() && !is_open {
            is_open = true;
            if !next(None) {
                return;
            }
        }
    }
}

/// Answers the run that waits for it.
fn say_yes(server: &Server, run: &str) {
    let path = format!("/api/runs/{run}/signal/yes");
    let sent = server.post(&path, &json!({ "value": true }));
    assert_eq!(sent.status, 204, "{sent:?}");
}

fn kinds(events: &[Sent]) -> Vec<&str> {
    let kinds = events.iter().map(|event| event.data["event"].as_str());
    kinds.map(Option::unwrap_or_default).collect()
}

#[test]
fn a_run_is_told_from_its_start_to_its_end() {
    let server = Server::start();
    let run = server.start_run("ship", json!({ "region": "eu" }));
    let id = run["run_id"].as_str().unwrap();
    let events = watch(&server, &format!("/api/runs/{id}/events"), None, usize::MAX);
    let kinds = kinds(&events);
    assert_eq!(kinds.first(), Some(&"run_started"), "{events:?}");
    assert_eq!(kinds.last(), Some(&"run_ended"), "{events:?}");
    assert!(kinds.contains(&"ended"), "{events:?}");
}

#[test]
fn who_comes_back_misses_nothing_and_is_told_nothing_twice() {
    let server = Server::start();
    let run = server.start_run("asks", json!({}));
    let id = run["run_id"].as_str().unwrap();
    server.wait_for_state(&run, "Waiting");
    let path = format!("/api/runs/{id}/events");
    let before = watch(&server, &path, None, 1);
    assert_eq!(kinds(&before), ["run_started"]);
    // Watched all along by somebody else, and taken up again by the first.
    let (whole, rest) = std::thread::scope(|scope| {
        let (begun, has_begun) = std::sync::mpsc::channel();
        let (server, path) = (&server, &path);
        let whole = scope.spawn(move || {
            let mut events = Vec::new();
            follow(server, path, None, |event| {
                events.extend(event);
                let _ = begun.send(events.len());
                true
            });
            events
        });
        while has_begun.recv().expect("it watches") == 0 {}
        say_yes(server, id);
        let rest = watch(server, path, Some(&before[0].id), usize::MAX);
        (whole.join().expect("it watches"), rest)
    });
    let mut again = before;
    again.extend(rest);
    assert_eq!(again, whole);
    assert_eq!(kinds(&whole).last(), Some(&"run_ended"));
}

#[test]
fn logs_follow_and_go_on_after_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::of(env!("CARGO_BIN_EXE_talk"), folder, &[]);
    let run = server.start_run("chatter", json!({ "lines": 2500 }));
    let id = run["run_id"].as_str().unwrap();
    let path = format!("/api/runs/{id}/logs/follow");
    let all = watch(&server, &path, None, usize::MAX);
    assert_eq!(all.len(), 2502);
    let page = server
        .get(&format!("/api/runs/{id}/logs?limit=10000"))
        .json();
    let lines: Vec<_> = all.iter().map(|line| line.data.clone()).collect();
    assert_eq!(page["items"], Value::Array(lines));
    let seen = &all[1700].id;
    assert_eq!(watch(&server, &path, Some(seen), usize::MAX), all[1701..]);
}

#[test]
fn changes_of_all_runs_are_told_from_the_first_run_on() {
    let server = Server::start();
    let told = std::thread::scope(|scope| {
        let (tell, hear) = std::sync::mpsc::channel();
        let server = &server;
        let watched = scope.spawn(move || {
            let mut states = Vec::new();
            follow(server, "/api/events", None, |event| {
                let state = event.map(|event| {
                    assert_eq!(event.data["name"], "only", "{event:?}");
                    event.data["state"].as_str().unwrap_or_default().to_owned()
                });
                states.extend(state.clone());
                let _ = tell.send(state.clone());
                state.as_deref() != Some("Completed")
            });
            states
        });
        assert_eq!(hear.recv().expect("it is open"), None);
        let body = json!({ "flow": "asks", "parameters": {}, "name": "only" });
        assert_eq!(server.post("/api/runs", &body).status, 201);
        // What the watcher is told comes in the end, however long it takes; the run goes on only then.
        while hear.recv().expect("it watches").as_deref() != Some("Waiting") {}
        say_yes(server, "only");
        watched.join().expect("it watches")
    });
    assert_eq!(told.last().map(String::as_str), Some("Completed"));
}
