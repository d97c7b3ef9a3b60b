//! Runs the program `victim`, kills it, and counts from outside what it did.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use flowrt::Engine;
use flowrt::model::ids::RunId;
use flowrt::model::record::{RunRecord, StepKind};
use flowrt::ops::RunFilter;

/// A test that hangs is told from one that is slow by this.
pub(crate) const HANG: Duration = Duration::from_secs(120);

/// The program, in a folder.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_victim"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("FLOWRT_STORE", url(folder))
        .env_remove("FLOWRT_FAILPOINT");
    command
}

/// The address of the store in a folder.
pub(crate) fn url(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("store.db").display())
}

/// The file in which bodies note that they ran.
pub(crate) fn ledger_path(folder: &Path) -> PathBuf {
    folder.join("ledger")
}

/// A body that began.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Line {
    pub(crate) key: String,
    pub(crate) attempt: u32,
    pub(crate) pid: u32,
}

/// What the bodies noted, in order.
pub(crate) fn ledger(folder: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(ledger_path(folder)).unwrap_or_default();
    // What is being written now may be seen half written.
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    text[..whole]
        .lines()
        .map(|line| {
            let mut parts = line.rsplitn(3, ' ');
            let mut part = || parts.next().expect("a line has three parts");
            let (pid, attempt, key) = (part(), part(), part());
            Line {
                key: key.to_owned(),
                attempt: attempt.parse().expect("an attempt is a number"),
                pid: pid.parse().expect("a process id is a number"),
            }
        })
        .collect()
}

/// A running victim whose words are read as they come.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) errors: Receiver<String>,
    pub(crate) output: Receiver<String>,
}

impl Running {
    pub(crate) fn spawn(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the victim starts");
        let errors = lines(child.stderr.take().expect("it is piped"));
        let output = lines(child.stdout.take().expect("it is piped"));
        Self {
            child,
            errors,
            output,
        }
    }

    /// Whether it has ended; waits a moment if not.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().expect("a child can be waited for");
        if status.is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        status
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> (ExitStatus, String, String) {
        let mut left = HANG;
        loop {
            if let Some(status) = self.ended() {
                return (
                    status,
                    self.output.iter().collect(),
                    self.errors.iter().collect(),
                );
            }
            left = left.saturating_sub(Duration::from_millis(1));
            if left.is_zero() {
                let _ = self.child.kill();
                let said: String = self.errors.iter().collect();
                panic!("the victim hangs; it said: {said}");
            }
        }
    }
}

fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line + "\n").is_err() {
                return;
            }
        }
    });
    receiver
}

/// What is recorded of all runs of a store at one moment.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    pub(crate) runs: Vec<RunRecord>,
    /// Steps by key, with the number of attempts that they took.
    pub(crate) steps: HashMap<String, u32>,
    /// Failed attempts.
    pub(crate) attempts: HashSet<(String, u32)>,
}

impl Recorded {
    pub(crate) async fn read(engine: &Engine) -> Self {
        let mut recorded = Self {
            runs: engine.runs(RunFilter::default()).await.expect("lists"),
            ..Self::default()
        };
        let ids: Vec<RunId> = recorded.runs.iter().map(|run| run.id).collect();
        for id in ids {
            let journal = engine.journal(id).await.expect("reads");
            for step in journal.steps {
                if step.kind == StepKind::Task {
                    recorded
                        .steps
                        .insert(format!("{id}/{}", step.step), step.attempts);
                }
            }
            for attempt in journal.attempts {
                recorded
                    .attempts
                    .insert((format!("{id}/{}", attempt.step), attempt.attempt));
            }
        }
        recorded
    }

    /// The run that somebody started.
    pub(crate) fn root(&self) -> Option<&RunRecord> {
        self.runs.iter().find(|run| run.parent.is_none())
    }

    /// Nothing that was recorded may begin again.
    pub(crate) fn check_not_repeated(&self, later: &[Line], case: &str) {
        for line in later {
            assert!(
                !self.steps.contains_key(&line.key),
                "{case}: {} was recorded and ran again",
                line.key
            );
            assert!(
                !self.attempts.contains(&(line.key.clone(), line.attempt)),
                "{case}: attempt {} of {} was recorded and ran again",
                line.attempt,
                line.key
            );
        }
    }
}
