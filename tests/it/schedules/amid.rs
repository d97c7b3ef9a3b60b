//! A server that is killed again and again in the midst of all that it does: it fills slots of many schedules, carries out a
//! backfill, and drives long runs. All slots are in the past, so nothing here depends on what time it is.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use flowrt::clock::{Clock, Stopwatch, random_u64};
use flowrt::model::backfill::{BackfillRecord, BackfillState};
use flowrt::model::deployment::{Catchup, ScheduleRecord};
use flowrt::model::record::{Micros, RunRecord};
use flowrt::model::schedule::Schedule;
use flowrt::model::state::RunState;
use flowrt::store::deployments::Change;
use flowrt::store::{RunFilter, Store};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::{deployment, open};

const PROGRAM: &str = env!("CARGO_BIN_EXE_amid");

/// Tasks of a long run: the server is killed in each of them.
const TASKS: usize = 5;

const LONG: [&str; 3] = ["a", "b", "c"];

/// How many runs of the backfill may go on at once.
const CONCURRENCY: usize = 3;

/// Where a server kills itself, at which time of passing there.
const PLACES: [&str; 5] = [
    "scheduler::before_fill:7",
    "scheduler::after_fill:20",
    "backfill::before_begin:2",
    "backfill::after_begin:2",
    "backfill::after_begin:1",
];

/// All slots between, whatever was missed; days of which the backfill has some; and long runs that somebody starts.
const FILE: &str = r#"
deployments:
- name: ticks
  flow_name: tick
  parameters: {folder: FOLDER}
  catchup: all
  schedules:
  - {slug: minutes, cron: "* * * * *", start: "2024-01-05T00:00:00Z", end: "2024-01-05T00:30:00Z", parameters: {who: minutes}}
  - {slug: seconds, cron: "*/10 * * * * *", start: "2024-01-05T00:00:00Z", end: "2024-01-05T00:05:00Z", parameters: {who: seconds}}
  - {slug: hours, interval: 1h, start: "2024-03-30T12:00:00Z", end: "2024-03-31T12:00:00Z", timezone: Europe/Vienna, parameters: {who: hours}}
  - {slug: odd, interval: 7m, anchor_date: "2024-01-01T00:01:00Z", start: "2024-01-05T00:00:00Z", end: "2024-01-05T03:00:00Z", parameters: {who: odd}}
  - {slug: nights, cron: "30 2 * * *", start: "2024-03-01T00:00:00Z", end: "2024-04-01T00:00:00Z", timezone: America/New_York, parameters: {who: nights}}
  - {slug: fridays, rrule: "FREQ=WEEKLY;BYDAY=FR;BYHOUR=18;BYMINUTE=0;BYSECOND=0", start: "2023-06-01T00:00:00Z", end: "2024-01-01T00:00:00Z", parameters: {who: fridays}}
- name: days
  flow_name: tick
  parameters: {folder: FOLDER, who: days}
  schedules:
  - {slug: daily, cron: "0 10 * * *", timezone: Asia/Tokyo, end: "2024-12-31T00:00:00Z"}
- name: long
  flow_name: stretches
  parameters: {folder: FOLDER, who: nobody, count: 5}
"#;

/// A server that is killed when the test ends, however it ends.
pub(super) struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    pub(super) fn kill(mut self) {
        self.0.kill().expect("it can be killed");
        self.0.wait().expect("it is gone");
    }

    /// Whether it has killed itself.
    fn is_dead(&mut self) -> bool {
        let ended = self.0.try_wait().expect("it is our child");
        if let Some(status) = ended {
            assert_eq!(status.code(), None, "it ended otherwise");
        }
        ended.is_some()
    }
}

pub(super) struct Place {
    folder: TempDir,
    store: Arc<dyn Store>,
}

impl Place {
    async fn new() -> Self {
        let place = Self::of(FILE);
        place.deploy_what_was_missed().await;
        place
    }

    /// Where that was deployed; `FOLDER` in it is the place.
    pub(super) fn of(file: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let name = folder.path().to_str().expect("a name in UTF-8");
        let file = file.replace("FOLDER", name);
        std::fs::write(folder.path().join("flowrt.yaml"), file).expect("a file");
        let store = open(folder.path());
        let place = Self { folder, store };
        place.call(&["deploy", "--yes"]);
        place
    }

    /// As if they had been deployed before their first slot, and nobody had served since.
    async fn deploy_what_was_missed(&self) {
        let start = 1_704_412_800_000_000;
        let end = start + 90 * 60_000_000;
        let rule = json!({ "cron": "* * * * *", "start": start, "end": end });
        let schedule = |slug: &str, catchup| ScheduleRecord {
            parameters: Map::from_iter([("who".to_owned(), json!(slug))]),
            catchup,
            ..ScheduleRecord::new("missed", slug, rule.clone(), start - 1)
        };
        let schedules = vec![
            schedule("all", Catchup::All),
            schedule("last", Catchup::Last),
            schedule("none", Catchup::None),
        ];
        let parameters = Map::from_iter([("folder".to_owned(), json!(self.folder.path()))]);
        let change = Change::Set(deployment("missed", "tick", parameters), schedules);
        let seen = self.store.deployments_revision().await.expect("a number");
        assert!(
            self.store
                .deploy(seen, vec![change])
                .await
                .expect("it is deployed")
        );
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("FLOWRT_STORE", "sqlite:s.db")
            // A run may be killed as often as the server is.
            .env("FLOWRT_CRASHES_MAX", "1000")
            .stdin(Stdio::null());
        command
    }

    pub(super) fn call(&self, arguments: &[&str]) -> Value {
        let output = self.command(arguments).arg("--json").output();
        let output = output.expect("the program runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
        serde_json::from_slice(&output.stdout).expect("it is JSON")
    }

    pub(super) fn serve(&self, failpoint: Option<&str>) -> Server {
        let said = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("said"));
        let mut command = self.command(&["serve", "--port", "0", "--concurrency", "8"]);
        if let Some(place) = failpoint {
            command.env("FLOWRT_FAILPOINT", place);
        }
        let child = command
            .stdout(Stdio::null())
            .stderr(said.expect("a file"))
            .spawn();
        Server(child.expect("the program runs"))
    }

    pub(super) fn ledger(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join("ledger")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn go(&self, number: usize) {
        let path = self.folder.path().join(format!("go-{number}"));
        std::fs::write(path, "").expect("a file");
    }

    pub(super) async fn runs(&self) -> Vec<RunRecord> {
        let all = self.store.list_runs(RunFilter::default()).await;
        all.expect("the runs")
    }

    pub(super) async fn backfill(&self, id: &str) -> BackfillRecord {
        let found = self.store.backfill(id.to_owned()).await;
        found.expect("the store answers").expect("it is there")
    }

    /// Lives in which the server kills itself where it writes.
    async fn kill_in_the_midst_of_writes(&self, id: &str) {
        for failpoint in PLACES {
            let mut server = self.serve(Some(failpoint));
            self.until(id, failpoint, async || server.is_dead()).await;
        }
    }

    /// Lives that end at any time, each in another task of the long runs.
    async fn kill_in_each_task(&self, id: &str) {
        for number in 0..TASKS {
            let lines = self.ledger().len();
            let server = self.serve(None);
            self.until(id, "long runs", async || {
                self.begun_since(lines, number) == LONG.len()
            })
            .await;
            let more = usize::try_from(random_u64() % 40).expect("it is small");
            let then = self.ledger().len() + more;
            self.until(id, "some more", async || {
                let is_open = |run: &RunRecord| {
                    !run.state.is_final() && run.dispatch.deployment.as_deref() != Some("long")
                };
                let is_done = self.backfill(id).await.state == BackfillState::Done;
                self.ledger().len() >= then || is_done && !self.runs().await.iter().any(is_open)
            })
            .await;
            server.kill();
            // What was in the middle of that task must not be over before the next life has it.
            self.go(number);
        }
    }

    /// Looks until it holds. Ends when nothing has happened for a minute: no line, no run, no end of a run.
    async fn until(&self, backfill: &str, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let mut watch = Stopwatch::start();
        let mut seen = (0, 0, 0);
        loop {
            if holds().await {
                return;
            }
            let runs = self.runs().await;
            let over = |run: &&RunRecord| run.state.is_final();
            let now = (
                self.ledger().len(),
                runs.len(),
                runs.iter().filter(over).count(),
            );
            let own = |run: &&RunRecord| run.dispatch.backfill.as_deref() == Some(backfill);
            let going_on = runs.iter().filter(own).filter(|run| !over(run)).count();
            assert!(going_on <= CONCURRENCY, "{going_on} of the backfill go on");
            if now != seen {
                (watch, seen) = (Stopwatch::start(), now);
            }
            assert!(
                watch.elapsed().as_secs() < 60,
                "{what}: nothing happens after {seen:?}\n{}",
                std::fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
            );
            Clock::real()
                .sleep(std::time::Duration::from_millis(10))
                .await;
        }
    }

    /// How many long runs have begun that task in the life that began with so many lines.
    fn begun_since(&self, lines: usize, number: usize) -> usize {
        let ledger = self.ledger();
        let wanted = LONG.map(|who| format!("{who} begins {number}"));
        let since: BTreeSet<&String> = ledger.iter().skip(lines).collect();
        wanted.iter().filter(|line| since.contains(line)).count()
    }
}

fn expected_of(schedule: &ScheduleRecord) -> BTreeSet<Micros> {
    let rule = Schedule::from_json(&schedule.schedule).expect("a schedule");
    let all: Vec<Micros> = rule.between(schedule.since, Micros::MAX).collect();
    assert!(all.len() > 20, "{}: {}", schedule.slug, all.len());
    all.into_iter().collect()
}

/// The slots that each schedule of a deployment must have.
async fn expected(place: &Place, name: &str) -> BTreeMap<String, BTreeSet<Micros>> {
    let found = place.store.deployment(name.to_owned()).await;
    let (_, schedules) = found.expect("the store answers").expect("it is there");
    schedules
        .iter()
        .map(|schedule| (schedule.slug.clone(), expected_of(schedule)))
        .collect()
}

/// The slots that have their run; each run fills another, and has completed.
fn filled(runs: &[RunRecord], deployment: &str) -> BTreeMap<String, BTreeSet<Micros>> {
    let mut filled = BTreeMap::<String, BTreeSet<Micros>>::new();
    for run in runs {
        if run.dispatch.deployment.as_deref() != Some(deployment) {
            continue;
        }
        assert_eq!(
            run.state,
            RunState::Completed,
            "{} {:?}",
            run.name,
            run.error
        );
        let slot = run.dispatch.slot.as_ref().expect("it fills a slot");
        assert_eq!(run.logical_time, slot.at);
        let is_new = filled
            .entry(slot.schedule.clone())
            .or_default()
            .insert(slot.at);
        assert!(is_new, "a slot of {} has two runs", slot.schedule);
    }
    filled
}

/// A task that is recorded has its line; of one that was killed in its midst, the next life begins it anew.
fn check_long_runs(ledger: &[String]) {
    for who in LONG {
        let own: Vec<&str> = ledger
            .iter()
            .filter_map(|line| line.strip_prefix(who)?.strip_prefix(' '))
            .collect();
        for number in 0..TASKS {
            let ends = format!("ends {number}");
            let ended = own.iter().filter(|line| **line == ends).count();
            assert_eq!(ended, 1, "{who} {number}: {own:?}");
            let end = own.iter().position(|line| *line == ends);
            let after = own.iter().skip(end.unwrap_or_default());
            let again = format!("begins {number}");
            assert!(!after.copied().any(|line| line == again), "{who}: {own:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_the_midst_of_everything_loses_and_doubles_nothing() {
    let place = Place::new().await;
    for who in LONG {
        let parameter = format!("who={who}");
        place.call(&["deployments", "run", "long", "-p", &parameter]);
    }
    let begun = place.call(&[
        "backfill",
        "days",
        "--from",
        "2024-01-01",
        "--to",
        "2024-02-28",
        "--concurrency",
        "3",
    ]);
    let id = begun["backfill"].as_str().expect("its name").to_owned();

    place.kill_in_the_midst_of_writes(&id).await;
    place.kill_in_each_task(&id).await;
    let _server = place.serve(None);
    let ticks = expected(&place, "ticks").await;
    let missed = expected(&place, "missed").await;
    let all = missed["all"].clone();
    let last = all.last().copied().into_iter().collect();
    let missed = BTreeMap::from([("all".to_owned(), all), ("last".to_owned(), last)]);
    let count = |slots: &BTreeMap<String, BTreeSet<Micros>>| {
        slots.values().map(BTreeSet::len).sum::<usize>()
    };
    let wanted = count(&ticks) + count(&missed) + 59 + LONG.len();
    place
        .until(&id, "the end of all", async || {
            let runs = place.runs().await;
            let is_done = place.backfill(&id).await.state == BackfillState::Done;
            is_done && runs.len() >= wanted && runs.iter().all(|run| run.state.is_final())
        })
        .await;

    let runs = place.runs().await;
    assert_eq!(filled(&runs, "ticks"), ticks);
    assert_eq!(filled(&runs, "missed"), missed);
    let days = filled(&runs, "days");
    assert_eq!(days.len(), 1);
    assert_eq!(days["daily"].len(), 59);
    let backfill = place.backfill(&id).await;
    assert_eq!((backfill.begun, backfill.reason), (59, None));
    let chosen = backfill.backfill.slots.iter().map(|slot| slot.at);
    assert_eq!(chosen.collect::<BTreeSet<_>>(), days["daily"]);
    assert_eq!(runs.len(), wanted, "and nothing besides");
    let is_long = |run: &&RunRecord| run.dispatch.deployment.as_deref() == Some("long");
    for run in runs.iter().filter(is_long) {
        assert_eq!(run.state, RunState::Completed, "{:?}", run.error);
        assert_eq!(run.output.as_ref().expect("a sum").to_value(), json!(10));
    }

    // Each slot had its body.
    let ledger = place.ledger();
    let lines: BTreeSet<&str> = ledger
        .iter()
        .filter_map(|line| line.strip_prefix("tick "))
        .collect();
    let slots = ticks.iter().chain(&missed);
    let mut told: BTreeSet<String> = slots
        .flat_map(|(slug, slots)| slots.iter().map(move |at| format!("{slug} {at}")))
        .collect();
    told.extend(days["daily"].iter().map(|at| format!("days {at}")));
    assert_eq!(lines, told.iter().map(String::as_str).collect());
    check_long_runs(&ledger);
}
