//! Streams of a server that goes away and comes back.

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::*;

const RUN: &str = "01920000-0000-7000-8000-000000000001";
const NEXT: &str = "01920000-0000-7000-8000-000000000002";

/// Answers each connection with the next of these, then hangs up; gives what each asked to go on after.
async fn server(answers: Vec<Vec<String>>) -> (Stream, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(&format!("http://{}", listener.local_addr().unwrap()), None).unwrap();
    let asked = tokio::spawn(async move {
        let mut asked = Vec::new();
        for events in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (reads, mut writes) = stream.split();
            let mut lines = BufReader::new(reads).lines();
            let mut last = String::new();
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.is_empty() {
                    break;
                }
                if let Some(id) = line.strip_prefix("last-event-id: ") {
                    last = id.to_owned();
                }
            }
            asked.push(last);
            let text = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}",
                events.concat()
            );
            writes.write_all(text.as_bytes()).await.unwrap();
        }
        asked
    });
    (
        Stream::new(client, format!("/api/runs/{RUN}/events")),
        asked,
    )
}

fn event(id: &str, run: &str, what: serde_json::Value) -> String {
    let mut data = serde_json::json!({ "run_id": run, "at": "2026-01-01T00:00:00Z" });
    let fields = what.as_object().unwrap().clone();
    data.as_object_mut().unwrap().extend(fields);
    format!("id: {id}\ndata: {data}\n\n")
}

fn step(id: &str, name: &str) -> String {
    let what = serde_json::json!({ "event": "fanned_out", "step": name, "items": 1 });
    event(id, RUN, what)
}

fn ended(id: &str, run: &str, state: RunState) -> String {
    let what = serde_json::json!({ "event": "run_ended", "state": state, "error": null });
    event(id, run, what)
}

async fn all(mut stream: Stream) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(event) = stream.next().await.expect("followed to the end") {
        told.push(match event.what {
            What::FannedOut { step, .. } => step.to_string(),
            What::RunEnded { state, .. } => state.to_string(),
            other => format!("{other:?}")
                .split(' ')
                .next()
                .unwrap_or_default()
                .to_owned(),
        });
    }
    told
}

#[tokio::test]
async fn the_end_of_a_connection_is_not_the_end_of_the_run() {
    let (stream, asked) = server(vec![
        vec![step("a-0", "one"), step("a-1", "two")],
        vec![],
        // A server that was started anew tells everything once more.
        vec![
            step("b-0", "one"),
            step("b-1", "two"),
            step("b-2", "three"),
            ended("b-3", RUN, RunState::Completed),
        ],
    ])
    .await;
    assert_eq!(all(stream).await, ["one", "two", "three", "Completed"]);
    assert_eq!(asked.await.unwrap(), ["", "a-1", "a-1"]);
}

#[tokio::test]
async fn an_end_is_an_end() {
    let end = vec![step("a-0", "one"), ended("a-1", RUN, RunState::Interrupted)];
    let (stream, asked) = server(vec![end]).await;
    assert_eq!(all(stream).await, ["one", "Interrupted"]);
    assert_eq!(asked.await.unwrap(), [""]);
}

#[tokio::test]
async fn a_run_that_a_server_left_behind_is_followed_when_it_is_taken_up_again() {
    let left = vec![step("b-0", "one"), ended("b-1", RUN, RunState::Interrupted)];
    let goes_on = vec![
        step("c-0", "one"),
        step("c-1", "two"),
        ended("c-2", RUN, RunState::Failed),
    ];
    let (stream, _asked) =
        server(vec![vec![step("a-0", "one")], left.clone(), left, goes_on]).await;
    assert_eq!(all(stream).await, ["one", "two", "Failed"]);
}

#[tokio::test]
async fn a_run_is_followed_into_the_one_that_continues_it() {
    let started = serde_json::json!({
        "event": "run_started", "name": "n", "flow": "f", "parent": null, "continues": RUN,
    });
    let first = vec![
        ended("a-0", RUN, RunState::Completed),
        event("a-1", NEXT, started),
    ];
    let (stream, _asked) = server(vec![
        first.clone(),
        first.clone(),
        [first, vec![ended("b-2", NEXT, RunState::Failed)]].concat(),
    ])
    .await;
    assert_eq!(all(stream).await, ["Completed", "RunStarted", "Failed"]);
}

#[tokio::test]
async fn a_server_that_does_not_come_back_is_given_up() {
    let (mut stream, asked) = server(vec![vec![step("a-0", "one")]]).await;
    assert!(stream.next().await.expect("an event").is_some());
    let told = stream.next().await.unwrap_err();
    assert!(told.message().contains("cannot be reached"), "{told}");
    assert_eq!(asked.await.unwrap().len(), 1);
}
