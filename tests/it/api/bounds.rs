//! How much a server has open at a time, and what it says to who comes beyond that.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;

use super::{Answer, Server};
use crate::until::until;

/// A stream, and the first words of the answer: once they have come, it has its place, or has none.
fn opened(server: &Server, path: &str) -> (TcpStream, [u8; 12]) {
    let mut stream = server.connect();
    let host = &server.address;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n"
    )
    .expect("it takes what is sent");
    let mut first = [0; 12];
    stream.read_exact(&mut first).expect("it answers");
    (stream, first)
}

/// A stream that stays open until it is dropped.
fn held(server: &Server, path: &str) -> TcpStream {
    let (stream, first) = opened(server, path);
    assert_eq!(&first, b"HTTP/1.1 200", "{path}");
    stream
}

fn assert_refused(answer: &Answer, code: &str) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some("5"), "{answer:?}");
    assert_eq!(answer.json()["code"], code, "{answer:?}");
}

fn server(variable: &str, most: &str) -> Server {
    let folder = tempfile::tempdir().expect("a folder");
    Server::start_in(folder, &[(variable, most)])
}

#[test]
fn more_connections_than_may_be_open_are_told_to_come_again() {
    let server = server("FLOWRT_SERVER_CONNECTIONS_MAX", "3");
    let all: Vec<_> = (0..3).map(|_| held(&server, "/api/events")).collect();
    for path in ["/api/health", "/runs"] {
        assert_refused(&server.get(path), "too_many_connections");
    }
    // A body is not waited for.
    let body = json!({ "flow": "ship", "parameters": {} });
    assert_refused(&server.post("/api/runs", &body), "too_many_connections");
    drop(all);
    until(|| server.get("/api/health").status == 200);
    assert_eq!(server.get("/api/runs").json()["items"], json!([]));
}

#[test]
fn more_streams_than_may_be_open_are_told_to_come_again() {
    let server = server("FLOWRT_SERVER_STREAMS_MAX", "2");
    let run = server.start_run("asks", json!({}));
    server.wait_for_state(&run, "Waiting");
    let id = run["run_id"].as_str().expect("an id");
    let of_api = held(&server, "/api/events");
    let of_page = held(&server, "/runs");
    for path in ["events", "runs/ID/events", "runs/ID/logs/follow"] {
        let path = format!("/api/{}", path.replace("ID", id));
        assert_refused(&server.get(&path), "too_many_streams");
    }
    let accepts = [("Accept", "text/event-stream")];
    let page = server.ask("GET", "/runs", &accepts, None);
    assert_eq!(page.status, 503, "{page:?}");
    assert_eq!(page.header("retry-after"), Some("5"), "{page:?}");
    assert!(page.body.contains("as many pages are followed"), "{page:?}");
    // All else is answered.
    assert_eq!(server.get("/runs").status, 200);
    assert_eq!(server.get("/api/runs").status, 200);
    drop(of_page);
    until(|| opened(&server, "/api/events").1 == *b"HTTP/1.1 200");
    drop(of_api);
}

#[test]
fn a_bound_that_is_none_is_refused_before_anything_is_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = super::command(folder.path())
        .args(["serve", "--port", "0"])
        .env("FLOWRT_SERVER_CONNECTIONS_MAX", "0")
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("server.connections_max"), "{said}");
}
