//! Notices to servers: what they get, once a cause over restarts of the program, and what a server that fails costs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{command, text, told};

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) head: String,
    pub(super) body: Value,
}

/// Answers each request with the same, and keeps it.
pub(super) struct Receiver {
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Receiver {
    pub(super) fn answering(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!(
            "http://{}/hook-7421",
            listener.local_addr().expect("an address")
        );
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.expect("a connection");
                let mut reader = BufReader::new(&stream);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n")
                    && reader.read_line(&mut head).is_ok_and(|read| read > 0)
                {}
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                let mut body = vec![0; length.unwrap_or(0)];
                if reader.read_exact(&mut body).is_err() {
                    continue;
                }
                let body = serde_json::from_slice(&body).unwrap_or_default();
                // Kept before it is answered: whoever has the answer finds it here.
                kept.lock()
                    .expect("not poisoned")
                    .push(Asked { head, body });
                let _ = (&stream).write_all(answer.as_bytes());
            }
        });
        Self { url, asked }
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

pub(super) const FINE: &str = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";

pub(super) fn folder(way: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = format!("[[notices]]\nname = \"team\"\n{way}\n");
    std::fs::write(folder.path().join("flowrt.toml"), settings).expect("written");
    folder
}

fn listed(folder: &Path) -> Value {
    let listed = text(&told(folder, &["notices", "ls", "--json"]).stdout);
    serde_json::from_str(&listed).expect("JSON")
}

#[test]
fn a_webhook_gets_each_cause_once_and_the_recovery() {
    let receiver = Receiver::answering(FINE);
    let folder = folder(&format!("webhook = \"{}\"", receiver.url));
    // Each is a process of its own.
    told(folder.path(), &["run", "import"]);
    told(folder.path(), &["run", "import", "--file", "file-2"]);
    told(folder.path(), &["run", "fine"]);
    std::fs::write(folder.path().join("file-1"), "").expect("written");
    told(folder.path(), &["run", "import"]);
    told(folder.path(), &["run", "import"]);
    let asked = receiver.asked();
    let occasions: Vec<&Value> = asked.iter().map(|asked| &asked.body["occasion"]).collect();
    assert_eq!(occasions, ["failure", "recovery"], "{asked:?}");
    let head = asked[0].head.to_lowercase();
    assert!(head.starts_with("post /hook-7421 http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    assert!(head.contains("idempotency-key: failure/import/"), "{head}");
    assert_eq!(asked[0].body["flow"], "import");
    assert_eq!(asked[0].body["state"], "Failed");
    let cause = asked[0].body["digest"]["causes"][0]["root"].as_str();
    assert!(
        cause.is_some_and(|cause| cause.contains("file-1 is not there")),
        "{asked:?}"
    );
}

#[test]
fn a_slack_message_is_its_text_and_no_more() {
    let receiver = Receiver::answering(FINE);
    let folder = folder("slack = \"env:HOOK\"\ntemplate = \"{flow}: {cause}\"");
    let mut run = command(folder.path(), &["run", "import"]);
    run.env("HOOK", &receiver.url).output().expect("runs");
    let asked = receiver.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(
        asked[0].body,
        json!({ "text": "import: file-1 is not there" })
    );
}

#[test]
fn a_receiver_that_fails_is_tried_later_and_stops_no_run() {
    for answer in [
        "HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\n\r\n",
        // To follow would make a GET of it, and a page of welcome has not taken the news.
        "HTTP/1.1 302 Found\r\nlocation: /welcome\r\nconnection: close\r\n\r\n",
    ] {
        let receiver = Receiver::answering(answer);
        let folder = folder(&format!("webhook = \"{}\"", receiver.url));
        assert_eq!(
            told(folder.path(), &["run", "import"]).status.code(),
            Some(1)
        );
        assert_eq!(told(folder.path(), &["run", "fine"]).status.code(), Some(0));
        let listed = listed(folder.path());
        assert_eq!(listed[0]["sent"], Value::Null, "{listed}");
        assert!(listed[0]["due"].is_string(), "it is tried again: {listed}");
        let error = listed[0]["error"].as_str().unwrap_or_default();
        assert!(error.contains(&answer[9..12]), "{listed}");
        assert!(!listed.to_string().contains("hook-7421"), "{listed}");
        let asked = receiver.asked();
        let keys: std::collections::HashSet<_> = asked
            .iter()
            .filter_map(|asked| {
                asked
                    .head
                    .lines()
                    .find(|line| line.starts_with("idempotency-key"))
            })
            .collect();
        assert_eq!(keys.len(), 1, "all tries share a key: {asked:?}");
        assert!(
            asked
                .iter()
                .all(|asked| asked.head.starts_with("POST /hook-7421 ")),
            "{asked:?}"
        );
    }
}

#[test]
fn nobody_at_the_other_end_changes_nothing() {
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", closed.local_addr().expect("an address"));
    drop(closed);
    let folder = folder(&format!("webhook = \"{url}\""));
    assert_eq!(
        told(folder.path(), &["run", "import"]).status.code(),
        Some(1)
    );
    let listed = listed(folder.path());
    assert!(
        listed[0]["due"].is_string() && listed[0]["error"].is_string(),
        "{listed}"
    );
}
