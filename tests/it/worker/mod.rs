//! Workers as real processes: they take runs from the queue, die, freeze, drain, and nothing is lost or done twice.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests wait for processes in real time, and report how long that took"
)]

mod cancel;
mod claim;
mod deaths;
mod drain;
mod rest;
mod surroundings;

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use flowrt::clock::Clock;
use flowrt::model::dispatch::Dispatch;
use flowrt::model::ids::{ProcessId, RunId};
use flowrt::model::payload::Payload;
use flowrt::model::record::{CacheUse, Micros, NewRun, RunRecord};
use flowrt::model::state::RunState;
use flowrt::store::{Options, Process, RunFilter, Store, sqlite};
use tempfile::TempDir;

use crate::until::until;

const PROGRAM: &str = env!("CARGO_BIN_EXE_worked");

/// A folder with a store and a ledger, and the program that works there.
struct Place(TempDir);

/// A process that is killed when the test ends, however it ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may be stopped, or gone.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    fn pid(&self) -> u32 {
        self.0.id()
    }

    fn kill(mut self) {
        self.0.kill().expect("it can be killed");
        self.0.wait().expect("it is gone");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([format!("-{signal}"), self.0.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(sent.success(), "the process is there");
    }

    fn end(&mut self) -> Option<i32> {
        let mut code = None;
        until(|| {
            let ended = self.0.try_wait().expect("it is our child");
            code = ended.map(|status| status.code());
            ended.is_some()
        });
        code.flatten()
    }
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .current_dir(self.path())
            .env("FLOWRT_STORE", "sqlite:s.db")
            .stdin(Stdio::null());
        command
    }

    fn call(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program runs")
    }

    /// Starts a process that goes on until it is told to end.
    fn spawn(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Running {
        let said = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path().join("said"));
        let child = self
            .command(arguments)
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(said.expect("a file"))
            .spawn();
        Running(child.expect("the program runs"))
    }

    fn worker(&self) -> Running {
        self.spawn(&["worker"], &[])
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.path().join("said")).unwrap_or_default()
    }

    fn ledger(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path().join("ledger")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn count(&self, line: &str) -> usize {
        self.ledger().iter().filter(|there| *there == line).count()
    }

    fn await_line(&self, line: &str) {
        until(|| self.count(line) > 0);
    }

    /// The processes in which long bodies of that name have begun.
    fn pids_of(&self, name: &str) -> Vec<u32> {
        let text = std::fs::read_to_string(self.path().join("pids")).unwrap_or_default();
        let of_name = text.lines().filter_map(|line| line.strip_prefix(name));
        of_name.filter_map(|pid| pid.trim().parse().ok()).collect()
    }

    /// Waits until that process says that it is a worker.
    fn await_worker(&self, worker: &Running) {
        let pid = u64::from(worker.pid());
        until(|| {
            let told = self.call(&["workers", "--json"]).stdout;
            let told: serde_json::Value = serde_json::from_slice(&told).unwrap_or_default();
            let workers = told.as_array().cloned().unwrap_or_default();
            workers.iter().any(|worker| worker["pid"] == pid)
        });
    }

    fn touch(&self, name: &str) {
        std::fs::write(self.path().join(name), "").expect("a file");
    }

    /// The store as this process sees it.
    fn store(&self) -> TheStore {
        let path = self.path().join("s.db");
        let process = Process {
            id: ProcessId(flowrt::clock::new_uuid()),
            pid: std::process::id(),
            host: String::new(),
            started: Clock::real().now(),
            build: "test".to_owned(),
        };
        TheStore(sqlite::open(&path, Options::new(process)).expect("the store opens"))
    }
}

/// The store as the test sees it, beside the processes.
struct TheStore(std::sync::Arc<dyn Store>);

impl TheStore {
    /// Leaves a run to the workers.
    async fn leave(&self, place: &Place, flow: &str, name: &str) -> RunRecord {
        let folder = place.path().display().to_string();
        let input = match flow {
            "poisonous" => serde_json::json!({ "folder": folder }),
            _ => serde_json::json!({ "folder": folder, "who": name }),
        };
        self.leave_with(flow, name, &input, None).await
    }

    async fn leave_with(
        &self,
        flow: &str,
        name: &str,
        input: &serde_json::Value,
        due: Option<Micros>,
    ) -> RunRecord {
        let id = RunId(flowrt::clock::new_uuid());
        let now = Clock::real().now();
        let run = NewRun {
            id,
            name: name.to_owned(),
            flow: flow.to_owned(),
            input: Payload::from_json(input.to_string()),
            parent: None,
            origin: None,
            idempotency_key: None,
            seed: 1,
            created: now,
            logical_time: now,
            build: "test".to_owned(),
            cache: CacheUse::Use,
            dispatch: Dispatch::to_queue("default"),
            due,
            steps: Vec::new(),
        };
        self.0.create_run(run).await.expect("it is accepted")
    }

    async fn run(&self, run: &RunRecord) -> RunRecord {
        let found = self.0.run(run.id).await.expect("the store answers");
        found.expect("the run is there")
    }

    /// Waits until all runs that are not below others are in that state.
    async fn await_all(&self, place: &Place, state: RunState) {
        let mut last = Vec::new();
        let watch = flowrt::clock::Stopwatch::start();
        loop {
            let filter = RunFilter {
                roots_only: true,
                ..RunFilter::default()
            };
            let runs = self.0.list_runs(filter).await.expect("the store answers");
            if runs.iter().all(|run| run.state == state) {
                return;
            }
            last.clear();
            last.extend(runs.into_iter().map(|run| (run.name, run.state)));
            assert!(
                watch.elapsed().as_secs() < 60,
                "they did not become {state}: {last:?}\n{}",
                place.said()
            );
            Clock::real()
                .sleep(std::time::Duration::from_millis(5))
                .await;
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
