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
    let mut stream = server.connect();
    let last = last.map_or_else(String::new, |last| format!("Last-Event-ID: {last}\r\n"));
    let address = &server.address;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{last}\r\n"
    )
    .expect("it takes what is sent");
    let (mut events, mut data) = (Vec::new(), None);
    for line in BufReader::new(stream).lines() {
        let line = line.expect("it goes on in time");
        if let Some(text) = line.strip_prefix("data: ") {
            data = serde_json::from_str(text).ok();
        } else if let (Some(id), Some(_)) = (line.strip_prefix("id: "), &data) {
            events.push(Sent {
                id: id.to_owned(),
                data: data.take().expect("it was looked at"),
            });
            if events.len() == most {
                break;
            }
        }
    }
    events
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
    let why = server.get(&format!("/api/runs/{id}/why")).json();
    let signal = why
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["why"] == "signal");
    let name = signal.expect("it waits for one")["signal"]
        .as_str()
        .unwrap();
    // Watched all along by somebody else, and taken up again by the first.
    let (whole, rest) = std::thread::scope(|scope| {
        let whole = scope.spawn(|| watch(&server, &path, None, usize::MAX));
        let sent = server.post(
            &format!("/api/runs/{id}/signal/{name}"),
            &json!({ "value": true }),
        );
        assert_eq!(sent.status, 204, "{sent:?}");
        let rest = watch(&server, &path, Some(&before[0].id), usize::MAX);
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
fn changes_of_all_runs_are_told() {
    let server = Server::start();
    let seen = std::thread::scope(|scope| {
        let seen = scope.spawn(|| watch(&server, "/api/events", None, 1));
        // The watcher is told what changes after it has come.
        let until = std::time::Instant::now() + super::AT_MOST;
        while !seen.is_finished() && std::time::Instant::now() < until {
            server.start_run("ship", json!({ "region": "eu" }));
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        seen.join().expect("it watches")
    });
    assert_eq!(seen[0].data["flow"], "ship", "{seen:?}");
}
