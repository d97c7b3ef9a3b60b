//! A server in a process of its own: what it takes while nothing happens, how soon a page begins, how many requests it answers.
//! Against a thread that answers the same bytes to all, without looking.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use flowrt::clock::{Clock, Stopwatch};
use flowrt::{Error, Result};
use futures_util::StreamExt;

use crate::arguments::Arguments;
use crate::report::{Report, each, round};
use crate::{flows, open};

/// Requests of one kind are as many, over so many connections.
const REQUESTS: u32 = 2_000;
const CONNECTIONS: u32 = 4;

/// What is looked at: pages, and what programs ask for. The first byte of each is waited for.
const LOOKS: [&str; 24] = [
    "/",
    "/runs",
    "/runs?state=failed",
    "/runs?state=open",
    "/runs?flow=start_once",
    "/runs?text=no-run-is-called-so",
    "/runs?within=1h&state=failed",
    "/runs/full",
    "/runs/full?kind=next",
    "/runs/full/step?id=next%235",
    "/runs/full/logs",
    "/runs/broken",
    "/runs/broken?failed=1",
    "/runs/broken/resume",
    "/flows",
    "/flows/fan_out",
    "/schedules",
    "/deployments",
    "/limits",
    "/api/runs",
    "/api/runs/full",
    "/api/runs/full/steps?limit=100",
    "/api/runs/broken/digest",
    "/api/runs/full/why",
];

/// What is asked again and again: a name, the address, and what is sent.
const LOADS: [(&str, &str, Option<&str>); 3] = [
    ("runs", "/api/runs?limit=50", None),
    ("run", "/api/runs/full", None),
    ("start", "/api/runs", Some(r#"{"flow":"start_once"}"#)),
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
    let (first_bytes, ours, loads, theirs) = tokio::task::spawn_blocking(move || -> Result<_> {
        let mut first_bytes = Vec::new();
        for path in LOOKS {
            let mut stream = TcpStream::connect(address)?;
            let watch = Stopwatch::start();
            let request = request(path, None);
            let status = ask(&mut stream, &request, false, &mut Vec::new())?;
            first_bytes.push((path, status, watch.elapsed()));
        }
        let health = request("/api/health", None);
        let ours = load(address, &health)?;
        let mut loads = Vec::new();
        for (name, path, body) in LOADS {
            loads.push((name, load(address, &request(path, body))?));
        }
        Ok((first_bytes, ours, loads, load(nothing()?, &health)?))
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
    for (name, (all, p99)) in loads {
        let each_second = round(f64::from(REQUESTS) / all.as_secs_f64());
        report = report
            .with(&format!("{name}_requests_per_second"), each_second)
            .with(&format!("{name}_p99_ms"), millis(p99));
    }
    for (path, status, took) in first_bytes {
        report = report.with(&format!("first_byte_ms {path}"), millis(took));
        report.holds &= status == 200;
    }
    for (name, memory) in [("idle_rss_mb", idle), ("served_rss_mb", busy)] {
        if let Some(memory) = memory {
            report = report.with(name, round(memory));
        }
    }
    Ok(report)
}

/// Runs until the store holds so many tasks: a tenth of them in runs of one task, most in runs of ten thousand, one in a
/// hundred (but a hundred at least) in a run `broken` whose every hundredth fails, and as many as a run may be expected to have in one `full`.
async fn fill(engine: &flowrt::Engine, tasks: u32) -> Result<()> {
    const RUN: u32 = 10_000;
    let one = tasks / 10;
    let broken = (tasks / 100).max(100);
    let full = (tasks / 2).clamp(1, 50_000);
    let mut left = tasks.saturating_sub(one + broken + full);
    while left > 0 {
        let some = left.min(RUN);
        engine.run(flows::fan_out(some)).await?;
        left -= some;
    }
    let small = futures_util::stream::iter(0..one);
    let small = small.map(|_| async { engine.run(flows::start_once()).await });
    let mut small = small.buffer_unordered(256);
    while let Some(ended) = small.next().await {
        ended?;
    }
    for (name, flow, tasks) in [("broken", "fan_broken", broken), ("full", "fan_out", full)] {
        let start = flowrt::ops::Start {
            name: Some(name.to_owned()),
            ..Default::default()
        };
        let params = serde_json::json!({ "tasks": tasks });
        let run = engine.start_with(flow, &params, start).await?;
        run.wait().await?;
    }
    Ok(())
}

/// Ends with its handle.
pub struct Server {
    child: Child,
    address: SocketAddr,
    _stdin: Option<ChildStdin>,
}

impl Server {
    /// Starts it.
    pub fn start(store: &str) -> Result<Self> {
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

    /// What it takes now, in MB.
    pub fn resident_mb(&self) -> Option<f64> {
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
fn load(address: SocketAddr, request: &str) -> Result<(Duration, Duration)> {
    let watch = Stopwatch::start();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let request = request.to_owned();
            std::thread::spawn(move || -> Result<Vec<Duration>> {
                let mut stream = TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                let mut held = Vec::new();
                let mut times = Vec::new();
                for _ in 0..REQUESTS / CONNECTIONS {
                    let watch = Stopwatch::start();
                    let status = ask(&mut stream, &request, true, &mut held)?;
                    if !(200..300).contains(&status) {
                        return Err(Error::from(format!("the server answered {status}")));
                    }
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

/// The text of a request.
fn request(path: &str, body: Option<&str>) -> String {
    let body = match body {
        None => return format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n"),
        Some(body) => body,
    };
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Asks, and returns the status with the first bytes, or once all is read.
fn ask(stream: &mut TcpStream, request: &str, all: bool, held: &mut Vec<u8>) -> Result<u16> {
    held.clear();
    stream.write_all(request.as_bytes())?;
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
        if is_all || !all {
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
