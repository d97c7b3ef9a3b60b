//! How late a body begins whose time has come, while very many schedules are active: `serve` in a process of its own, and in
//! this one a timer that makes a commit to the disk at the same moments.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use flowrt::clock::Clock;
use flowrt::ops::RunFilter;
use flowrt::{Error, Result};

use crate::arguments::Arguments;
use crate::open;
use crate::raw::Database;
use crate::report::{Report, round};
use crate::served::Server;

/// How long it is watched, in seconds; as many are made late enough to be watched.
const WATCHED: i64 = 60;
/// Until then the server has read its schedules.
const BEFORE: i64 = 5;
const SECOND: i64 = 1_000_000;
/// Each schedule has a slot in so many seconds, so with ten thousand of them ten are due at each second.
const EVERY: u32 = 1_000;

/// Measures it. `tasks` is how many schedules are active.
pub async fn measure(arguments: &Arguments) -> Result<Report> {
    let database = arguments.database().ok_or("a store in a file")?;
    deploy(arguments)?;
    let server = Server::start(&arguments.store)?;
    let from = (Clock::real().now() / SECOND + BEFORE) * SECOND;
    let at_once = (arguments.tasks / EVERY).max(1);
    let raw = Database::beside(&database, "FULL")?;
    let timer = tokio::task::spawn_blocking(move || timer(&raw, from, at_once));
    let mut limit = timer
        .await
        .map_err(|error| Error::from(error.to_string()))??;
    // The runs of the last slots end too.
    Clock::real().sleep(Duration::from_secs(10)).await;
    let idle = server.resident_mb();
    drop(server);
    let (mut late, doubled) = lateness(arguments, from).await?;
    late.sort_unstable();
    limit.sort_unstable();
    let fired = u32::try_from(late.len()).unwrap_or(u32::MAX);
    let against = "a timer that wakes at the same moments and puts a row for each on the disk";
    let (ours, theirs) = (percentile(&late, 99), percentile(&limit, 99));
    let mut report = Report::new(arguments, ours, theirs, against)
        .of(1)
        .with("slots", fired)
        .with("median_ms", millis(percentile(&late, 50)))
        .with("p99_ms", millis(ours))
        .with("most_ms", millis(percentile(&late, 100)))
        .with("limit_median_ms", millis(percentile(&limit, 50)))
        .with("limit_p99_ms", millis(theirs));
    if let Some(memory) = idle {
        report = report.with("rss_mb", round(memory));
    }
    // Each slot of the time that was watched has one run, and none has two.
    report.holds = !doubled && i64::from(fired) >= WATCHED * i64::from(at_once);
    Ok(report)
}

fn deploy(arguments: &Arguments) -> Result<()> {
    let database = arguments.database().ok_or("a store in a file")?;
    let mut file =
        "deployments:\n- name: bench\n  entrypoint: bench:start_once\n  schedules:\n".to_owned();
    for number in 0..arguments.tasks {
        let (minute, second) = (number % EVERY / 60, number % 60);
        let anchor = format!("2024-01-01T00:{minute:02}:{second:02}Z");
        writeln!(
            file,
            "  - {{interval: {EVERY}s, anchor_date: \"{anchor}\", slug: s{number}}}"
        )?;
    }
    let path = database.with_extension("yaml");
    std::fs::write(&path, file)?;
    let deployed = Command::new(std::env::current_exe()?)
        .arg("deploy")
        .arg("-f")
        .arg(&path)
        .args(["--yes", "--store", &arguments.store])
        .stdout(Stdio::null())
        .status()?;
    match deployed.success() {
        true => Ok(()),
        false => Err(Error::from("the schedules were not deployed")),
    }
}

/// What a program can do at best: it sleeps until the second, and writes.
fn timer(raw: &Database, from: i64, at_once: u32) -> Result<Vec<i64>> {
    let clock = Clock::real();
    let mut late = Vec::new();
    for second in 0..WATCHED {
        let due = from + second * SECOND;
        let left = due.saturating_sub(clock.now());
        let left = Duration::from_micros(u64::try_from(left).unwrap_or(0));
        tokio::runtime::Handle::current().block_on(clock.sleep(left));
        for _ in 0..at_once {
            raw.commits_in_a_row(1)?;
            late.push(clock.now() - due);
        }
    }
    Ok(late)
}

/// How late the bodies of all slots began, and whether a slot had two runs.
async fn lateness(arguments: &Arguments, from: i64) -> Result<(Vec<i64>, bool)> {
    let engine = open(arguments).await?;
    let filter = RunFilter {
        deployment: Some("bench".to_owned()),
        since: Some(from - SECOND),
        ..RunFilter::default()
    };
    let mut late = Vec::new();
    let mut seen = HashSet::new();
    let mut doubled = false;
    for run in engine.runs(filter).await? {
        let Some(slot) = run.dispatch.slot else {
            continue;
        };
        let watched = from..from + WATCHED * SECOND;
        if !watched.contains(&slot.at) {
            continue;
        }
        let steps = engine.steps(run.id).await?;
        let began = steps.first().and_then(|step| step.started);
        late.extend(began.map(|began| began - slot.at));
        doubled |= !seen.insert((slot.schedule, slot.at));
    }
    Ok((late, doubled))
}

fn percentile(sorted: &[i64], percent: usize) -> Duration {
    let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    let micros = sorted.get(place).copied().unwrap_or_default();
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

fn millis(duration: Duration) -> f64 {
    round(duration.as_secs_f64() * 1000.0)
}
