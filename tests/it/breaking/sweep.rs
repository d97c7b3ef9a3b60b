//! Kills a run at every place where it can die, goes on, and counts what happened.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use flowrt::Engine;
use flowrt::model::state::RunState;
use tempfile::TempDir;

use super::victim::{Recorded, Running, command, ledger, ledger_path, url};

const OUTPUT: &str = "4 [1, 2, 3, 4] 12 22 102 3004 3 yes";

/// The steps of `mixed` and its children that leave a line in the ledger.
const STEPS: usize = 19;

/// Failpoints that `mixed` passes in its second life, and more in its first; the others belong to what it does not use, and
/// are the matter of tests of their own.
const REACHED_AT_LEAST: usize = 16;

/// One run of `mixed` that dies again and again.
struct Case {
    folder: TempDir,
    name: String,
    runtime: tokio::runtime::Runtime,
    engine: Option<Engine>,
    /// The run was told to somebody, so it may not be lost.
    acknowledged: bool,
    signalled: bool,
    /// What was recorded at each death, and how long the ledger was then.
    deaths: Vec<(Recorded, usize)>,
}

/// How a process is made to die.
enum Death {
    /// By its own hand at a failpoint.
    At(String),
    /// By a signal after that many milliseconds.
    After(u64),
    /// Not at all.
    Never,
}

impl Case {
    fn new(name: impl Into<String>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            name: name.into(),
            runtime,
            engine: None,
            acknowledged: false,
            signalled: false,
            deaths: Vec::new(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn engine(&mut self) -> Engine {
        let url = url(self.path());
        let runtime = &self.runtime;
        self.engine
            .get_or_insert_with(|| {
                runtime
                    .block_on(Engine::open(&url))
                    .expect("the store opens")
            })
            .clone()
    }

    fn recorded(&mut self) -> Recorded {
        let engine = self.engine();
        self.runtime.block_on(Recorded::read(&engine))
    }

    /// Sends the signal that `mixed` waits for, once there is a run.
    fn signal(&mut self) {
        let engine = self.engine();
        let recorded = self.recorded();
        let Some(root) = recorded.root().filter(|_| !self.signalled) else {
            return;
        };
        let answer = "yes".into();
        let sent = engine.signal(root.id, "answer", &answer);
        match self.runtime.block_on(sent) {
            Ok(()) => self.signalled = true,
            Err(error) => panic!("{}: the signal was refused: {error}", self.name),
        }
    }

    /// One life of a process. Whether it died.
    fn live(&mut self, death: &Death) -> bool {
        let known = if self.engine.is_some() || self.path().join("store.db").exists() {
            self.recorded().root().map(|run| run.id.to_string())
        } else {
            None
        };
        let ledger = ledger_path(self.path()).display().to_string();
        let mut command = match &known {
            Some(id) => command(self.path(), &["runs", "resume", id]),
            None => {
                assert!(
                    !self.acknowledged,
                    "{}: an acknowledged run is lost",
                    self.name
                );
                command(self.path(), &["run", "mixed", "--ledger", &ledger])
            }
        };
        if let Death::At(failpoint) = death {
            command.env("FLOWRT_FAILPOINT", failpoint);
        }
        if known.is_some() {
            self.signal();
        }
        let mut running = Running::spawn(command);
        let (mut lived, mut said) = (0, String::new());
        let status = loop {
            if let Some(status) = running.ended() {
                break status;
            }
            let words = running.errors.try_recv().unwrap_or_default();
            if words.starts_with("mixed") {
                self.acknowledged = true;
                self.signal();
            }
            said += &words;
            lived += 1;
            if matches!(death, Death::After(millis) if *millis < lived) {
                let _ = running.child.kill();
            }
            assert!(lived < 120_000, "{}: the victim hangs", self.name);
        };
        if status.code() == Some(0) {
            return false;
        }
        said.extend(running.errors.iter());
        let at_death = self.recorded();
        // Who dies too often without progress, or whose child does, is stopped, and goes on once a person says so.
        let is_stopped = at_death.root().is_some_and(|root| {
            let died = root.error.as_deref().unwrap_or_default();
            root.state == RunState::Crashed || died.contains("crashes_max")
        });
        assert!(
            status.code().is_none() || is_stopped,
            "{}: ended with {status} instead of dying: {said}",
            self.name
        );
        let length = super::victim::ledger(self.path()).len();
        self.deaths.push((at_death, length));
        true
    }

    fn completed(&mut self) -> bool {
        self.recorded()
            .root()
            .is_some_and(|run| run.state == RunState::Completed)
    }

    /// Goes on until the run has completed, then checks everything.
    fn finish(mut self) {
        while !self.completed() {
            self.live(&Death::Never);
        }
        let recorded = self.recorded();
        let lines = ledger(self.path());
        let root = recorded.root().expect("it completed");
        let output = root.output.as_ref().map(|output| output.to_value());
        assert_eq!(output, Some(OUTPUT.into()), "{}", self.name);
        for (at_death, length) in &self.deaths {
            at_death.check_not_repeated(&lines[*length..], &self.name);
        }
        let ran: HashSet<&String> = lines.iter().map(|line| &line.key).collect();
        let known: HashSet<&String> = recorded.steps.keys().collect();
        assert_eq!(ran, known, "{}: what ran is what is recorded", self.name);
        assert_eq!(ran.len(), STEPS, "{}", self.name);
        let mut once = HashSet::new();
        for line in &lines {
            assert!(
                once.insert(line),
                "{}: {line:?} twice in one process",
                self.name
            );
        }
        for (key, attempts) in &recorded.steps {
            let expected = if key.ends_with("third_time") { 3 } else { 1 };
            assert_eq!(*attempts, expected, "{}: attempts of {key}", self.name);
        }
        for run in &recorded.runs {
            assert_eq!(
                run.state,
                RunState::Completed,
                "{}: {}",
                self.name,
                run.name
            );
        }
    }
}

/// Every failpoint of the crate, read from its source, so that none is forgotten.
fn failpoints() -> Vec<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flowrt/src");
    let mut names = Vec::new();
    let mut folders = vec![source];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the source is there") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            names.extend(text.split("failpoint(\"").skip(1).filter_map(|rest| {
                let name = rest.split('"').next()?;
                name.contains("::").then(|| name.to_owned())
            }));
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Runs the cases on as many threads as the machine has cores.
fn on_all_cores<T: Sync>(items: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(item);
                }
            });
        }
    });
}

/// Kills a life of `mixed` at every failpoint, each time it is passed; `first` is how the life before it ended.
fn sweep(first: Option<&str>) {
    let names = failpoints();
    assert!(names.len() > 12, "{names:?}");
    let (reached, deaths) = (AtomicUsize::new(0), AtomicUsize::new(0));
    on_all_cores(&names, |name| {
        for n in 1.. {
            let failpoint = format!("{name}:{n}");
            let mut case = Case::new(&failpoint);
            if let Some(first) = first {
                assert!(
                    case.live(&Death::At(first.to_owned())),
                    "{first} is reached"
                );
            }
            let died = case.live(&Death::At(failpoint));
            deaths.fetch_add(usize::from(died), Ordering::Relaxed);
            case.finish();
            if !died {
                reached.fetch_add(usize::from(n > 1), Ordering::Relaxed);
                return;
            }
        }
    });
    let (reached, deaths) = (reached.into_inner(), deaths.into_inner());
    eprintln!("{deaths} deaths at {reached} of {} failpoints", names.len());
    assert!(
        reached >= REACHED_AT_LEAST,
        "only {reached} of {names:?} were reached"
    );
}

#[test]
fn a_run_killed_at_any_failpoint_goes_on_where_it_stopped() {
    sweep(None);
}

#[test]
fn a_run_killed_again_while_it_goes_on_goes_on_once_more() {
    sweep(Some("engine::after_record:12"));
}

/// Small, seeded, good enough to pick moments.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[test]
fn a_run_killed_at_random_moments_again_and_again_completes() {
    let first = std::env::var("FLOWRT_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(u64::from(std::process::id()) * 0x9e37_79b9);
    eprintln!("seeds from {first}");
    let seeds: Vec<u64> = (1..=40).map(|n| first + n).collect();
    on_all_cores(&seeds, |seed| {
        let mut random = Random(*seed);
        let mut case = Case::new(format!("seed {seed}"));
        for _ in 0..=random.below(6) {
            case.live(&Death::After(random.below(60)));
            if case.engine.is_some() && case.completed() {
                break;
            }
        }
        case.finish();
    });
}
