//! The API as a client sees it: a real server in a process of its own, and real HTTP.
#![allow(
    clippy::disallowed_methods,
    reason = "tests wait for processes in real time"
)]

mod access;
mod backfills;
mod bounds;
mod deployments;
mod document;
mod door;
mod events;
mod notices;
mod outlive;
mod problems;
mod reach;
mod runs;
mod starts;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// What a test waits for at most.
const AT_MOST: Duration = Duration::from_secs(60);

/// A server of the program `desk` in a folder of its own; it ends with this.
pub(crate) struct Server {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    folder: TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), &[])
    }

    pub(crate) fn start_in(folder: TempDir, variables: &[(&str, &str)]) -> Self {
        Self::of(env!("CARGO_BIN_EXE_desk"), folder, variables)
    }

    /// A server of another program.
    pub(crate) fn of(program: &str, folder: TempDir, variables: &[(&str, &str)]) -> Self {
        let mut child = program_in(program, folder.path())
            .args(["serve", "--port", "0", "--json"])
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let out = child.stdout.take().expect("stdout is piped");
        let mut line = String::new();
        BufReader::new(out)
            .read_line(&mut line)
            .expect("it says where it listens");
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|error| {
            panic!("{error}: {line:?}");
        });
        let url = said["url"].as_str().expect("its address");
        Self {
            child,
            address: url.trim_start_matches("http://").to_owned(),
            folder,
        }
    }

    /// Ends it as a crash would, and gives the folder back.
    pub(crate) fn kill(mut self) -> TempDir {
        self.child.kill().expect("it is there");
        self.child.wait().expect("it ends");
        let other = tempfile::tempdir().expect("a folder");
        std::mem::replace(&mut self.folder, other)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, &[], Some(body))
    }

    /// Asks, on a connection of its own.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let body = body.map_or_else(String::new, Value::to_string);
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head.push_str(&format!("Host: {}\r\n", self.address));
        }
        if !body.is_empty() {
            let length = body.len();
            head.push_str(&format!(
                "Content-Type: application/json\r\nContent-Length: {length}\r\n"
            ));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut stream = self.connect();
        stream
            .write_all(format!("{head}\r\n{body}").as_bytes())
            .expect("it takes what is sent");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("it answers in time");
        Answer::read(&bytes)
    }

    /// A connection that fails instead of waiting forever.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("it listens");
        stream
            .set_read_timeout(Some(AT_MOST))
            .expect("a time that is not zero");
        stream
    }

    /// Starts a flow, and gives the run.
    pub(crate) fn start_run(&self, flow: &str, parameters: Value) -> Value {
        let body = serde_json::json!({ "flow": flow, "parameters": parameters });
        let answer = self.post("/api/runs", &body);
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()
    }

    /// The run, once it is like that.
    pub(crate) fn wait_for(&self, run: &str, is: impl Fn(&Value) -> bool) -> Value {
        self.wait_at(&format!("/api/runs/{run}"), is)
    }

    /// What is there, once it is like that.
    pub(crate) fn wait_at(&self, path: &str, is: impl Fn(&Value) -> bool) -> Value {
        let until = std::time::Instant::now() + AT_MOST;
        loop {
            let there = self.get(path).json();
            if is(&there) {
                return there;
            }
            assert!(std::time::Instant::now() < until, "it stays so: {there}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn wait_for_state(&self, run: &Value, state: &str) -> Value {
        let id = run["run_id"].as_str().expect("an id");
        self.wait_for(id, |run| run["state"] == state)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program `desk` in that folder.
pub(crate) fn command(folder: &Path) -> Command {
    program_in(env!("CARGO_BIN_EXE_desk"), folder)
}

fn program_in(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env_remove("FLOWRT_STORE")
        .env_remove("FLOWRT_SERVER")
        .env_remove("FLOWRT_SERVER_TOKEN")
        .env_remove("FLOWRT_TOKEN")
        .stdin(Stdio::null());
    command
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let status = status.and_then(|status| status.parse().ok());
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let is_chunked = headers
            .iter()
            .any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        Self {
            status: status.unwrap_or_else(|| panic!("this is no answer: {text:?}")),
            headers,
            body: match is_chunked {
                true => unchunked(body),
                false => body.to_owned(),
            },
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(there, _)| there == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length.trim(), 16).expect("the length of a chunk");
        whole.push_str(&rest[..length]);
        body = rest[length..].trim_start_matches("\r\n");
    }
    whole
}
