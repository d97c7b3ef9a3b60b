//! A server in a process of its own: what it takes while nothing happens, how soon a page begins, how many requests it answers.
//! Against a thread that answers the same bytes to all, without looking.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use flowrt::clock::{Clock, Stopwatch};
use flowrt::{Error, Result};

use crate::arguments::Arguments;
use crate::report::{Report, each, round};
use crate::{flows, open};

/// Requests of one kind are as many, over so many connections.
const REQUESTS: u32 = 2_000;
const CONNECTIONS: u32 = 4;

/// The pages whose first bytes are waited for.
const PAGES: [(&str, &str); 4] = [
    ("first_byte_dashboard_ms", "/"),
    ("first_byte_runs_ms", "/runs"),
    ("first_byte_flows_ms", "/flows"),
    ("first_byte_run_ms", "/runs/full"),
];

/// Measures it. `tasks` is how many rows of tasks the store holds.
pub async fn measure(arguments: &Arguments) -> Result<Report> {
    let engine = open(arguments).await?;
    if engine.find("full").await.is_err() {
        fill(&engine, arguments.tasks).await?;
    }
    drop(engine);
    let server = Server::start(&arguments.store)?;
    Clock::real().sleep(Duration::from_secs(2)).await;
    let idle = server.resident_mb();
    let address = server.address;
    let (first_bytes, ours, theirs) = tokio::task::spawn_blocking(move || -> Result<_> {
        let mut first_bytes = Vec::new();
        for (name, path) in PAGES {
            let mut stream = TcpStream::connect(address)?;
            let watch = Stopwatch::start();
            let status = ask(&mut stream, path, &mut Vec::new())?;
            first_bytes.push((name, status, watch.elapsed()));
        }
        Ok((first_bytes, load(address)?, load(nothing()?)?))
    })
    .await
    .map_err(|error| Error::from(error.to_string()))??;
    let busy = server.resident_mb();
    drop(server);
    let against = "a thread a connection that answers the same few bytes";
    let (all, p99) = ours;
    let mut report = Report::new(arguments, all, each(theirs.0, REQUESTS), against)
        .of(REQUESTS)
        .with(
            "requests_per_second",
            round(f64::from(REQUESTS) / all.as_secs_f64()),
        )
        .with("p99_ms", millis(p99))
        .with("limit_p99_ms", millis(theirs.1));
    for (name, status, took) in first_bytes {
        report = report.with(name, millis(took));
        report.holds &= status == 200;
    }
    for (name, memory) in [("idle_rss_mb", idle), ("served_rss_mb", busy)] {
        if let Some(memory) = memory {
            report = report.with(name, round(memory));
        }
    }
    Ok(report)
}

/// Runs until the store holds so many tasks; the last run is called `full`.
async fn fill(engine: &flowrt::Engine, tasks: u32) -> Result<()> {
    const RUN: u32 = 10_000;
    let mut left = tasks;
    while left > RUN {
        engine.run(flows::fan_out(RUN)).await?;
        left -= RUN;
    }
    let start = flowrt::ops::Start {
        name: Some("full".to_owned()),
        ..Default::default()
    };
    let params = serde_json::json!({ "tasks": left });
    engine
        .start_with("fan_out", &params, start)
        .await?
        .wait()
        .await?;
    Ok(())
}

/// Ends with its handle.
struct Server {
    child: Child,
    address: SocketAddr,
    _stdin: Option<ChildStdin>,
}

impl Server {
    fn start(store: &str) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", "--port", "0", "--json", "--store", store])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let said: serde_json::Value = serde_json::from_str(&line)?;
        let url = said["url"].as_str().unwrap_or_default();
        let address = url.trim_start_matches("http://").parse()?;
        Ok(Self {
            _stdin: child.stdin.take(),
            child,
            address,
        })
    }

    fn resident_mb(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib * 1024.0 / 1e6)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All requests, and the 99th percentile of one.
fn load(address: SocketAddr) -> Result<(Duration, Duration)> {
    let watch = Stopwatch::start();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            std::thread::spawn(move || -> Result<Vec<Duration>> {
                let mut stream = TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                let mut held = Vec::new();
                let mut times = Vec::new();
                for _ in 0..REQUESTS / CONNECTIONS {
                    let watch = Stopwatch::start();
                    ask(&mut stream, "/api/health", &mut held)?;
                    times.push(watch.elapsed());
                }
                Ok(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for client in clients {
        times.extend(
            client
                .join()
                .map_err(|_| Error::from("a client panicked"))??,
        );
    }
    let all = watch.elapsed();
    times.sort_unstable();
    let p99 = times
        .get(times.len() * 99 / 100)
        .copied()
        .unwrap_or_default();
    Ok((all, p99))
}

/// Asks, and returns the status with the first bytes; of an answer that says how long it is, all is read.
fn ask(stream: &mut TcpStream, path: &str, held: &mut Vec<u8>) -> Result<u16> {
    held.clear();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes())?;
    let mut part = [0; 16 << 10];
    loop {
        let read = stream.read(&mut part)?;
        if read == 0 {
            return Err(Error::from("the server has closed the connection"));
        }
        held.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(held);
        let Some((head, _)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.parse::<usize>().ok())?
        });
        let is_all = length.is_none_or(|length| held.len() >= head.len() + 4 + length);
        // Of a page the first bytes are enough.
        if is_all || path != "/api/health" {
            let status = head
                .split_whitespace()
                .nth(1)
                .and_then(|status| status.parse().ok());
            return status.ok_or_else(|| Error::from("an answer without a status"));
        }
    }
}

/// A server that does nothing but answer, for as long as this process lives.
fn nothing() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut stream = stream;
                let _ = stream.set_nodelay(true);
                let mut asked = [0; 1024];
                while stream.read(&mut asked).is_ok_and(|read| read > 0) {
                    if stream
                        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                        .is_err()
                    {
                        return;
                    }
                }
            });
        }
    });
    Ok(address)
}

fn millis(duration: Duration) -> f64 {
    round(duration.as_secs_f64() * 1000.0)
}
