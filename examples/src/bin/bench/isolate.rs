//! Tasks in processes of their own, against processes that end at once.
//!
//! Only a program whose main function knows what a child is started for may start some, so the run is driven by another
//! process, and its record tells how long it took.

use std::process::{Command, Stdio};
use std::time::Duration;

use flowrt::clock::Stopwatch;
use flowrt::ops::RunFilter;
use flowrt::{Error, Result};

use crate::arguments::Arguments;
use crate::cold_start::start_nothing;
use crate::open;
use crate::report::{Report, each};

/// Measures it.
pub async fn measure(arguments: &Arguments) -> Result<Report> {
    let (mut ours, mut limit) = (Duration::MAX, Duration::MAX);
    for _ in 0..arguments.rounds {
        ours = ours.min(run(arguments).await?);
        let watch = Stopwatch::start();
        for _ in 0..arguments.tasks {
            start_nothing()?;
        }
        limit = limit.min(watch.elapsed());
    }
    let limit = each(limit, arguments.tasks);
    let against = "a process of the same executable that ends at once";
    Ok(Report::new(arguments, ours, limit, against).with("rounds", arguments.rounds))
}

/// From the start of a run to its recorded end.
async fn run(arguments: &Arguments) -> Result<Duration> {
    let status = Command::new(std::env::current_exe()?)
        .args(["run", "chain_apart", "--store", &arguments.store])
        .args(["--tasks", &arguments.tasks.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if !status.success() {
        return Err(Error::from("the started process failed"));
    }
    let engine = open(arguments).await?;
    let filter = RunFilter {
        flow: Some("chain_apart".to_owned()),
        limit: 1,
        ..RunFilter::default()
    };
    let run = engine.runs(filter).await?.pop();
    engine.close().await?;
    let times = run.and_then(|run| run.started.zip(run.finished));
    let (started, finished) = times.ok_or_else(|| Error::from("the process left no run"))?;
    Ok(Duration::from_micros(u64::try_from(finished - started)?))
}
