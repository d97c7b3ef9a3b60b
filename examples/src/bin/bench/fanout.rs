//! Tasks beside each other, against spawns or against rows written many at a time.

use std::time::Duration;

use flowrt::Result;
use flowrt::clock::Stopwatch;

use crate::arguments::Arguments;
use crate::raw::{self, Database};
use crate::report::{Report, each, peak_memory_mb};
use crate::{flows, open};

/// Measures it.
pub async fn measure(arguments: &Arguments) -> Result<Report> {
    let tasks = arguments.tasks;
    let engine = open(arguments).await?;
    let (mut ours, mut limit, mut peak) = (Duration::MAX, Duration::MAX, None);
    for _ in 0..arguments.rounds {
        let watch = Stopwatch::start();
        engine.run(flows::fan_out(tasks)).await?;
        ours = ours.min(watch.elapsed());
        // Of the first round alone: what it leaves in `memory:` is no part of the next one's.
        peak = peak.or_else(peak_memory_mb);
        limit = limit.min(match arguments.database() {
            Some(store) => Database::beside(&store, "NORMAL")?.commits_of_many(tasks)?,
            None => raw::spawns_beside_each_other(tasks).await?,
        });
    }
    let against = match arguments.database() {
        Some(_) => "rusqlite inserts, 256 in a transaction",
        None => "tokio spawns, all awaited at the end",
    };
    Ok(Report::new(arguments, ours, each(limit, tasks), against)
        .with("rounds", arguments.rounds)
        .with_peak_memory(peak))
}
