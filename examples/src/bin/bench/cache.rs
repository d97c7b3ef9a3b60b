//! Tasks whose results are kept, against finding a row by its key and writing another.

use std::sync::atomic::Ordering;
use std::time::Duration;

use flowrt::Result;
use flowrt::clock::Stopwatch;

use crate::arguments::Arguments;
use crate::raw::{self, Database};
use crate::report::{Report, each, peak_memory_mb};
use crate::{flows, open};

/// Measures it. The first run, which computes what is kept, does not count.
pub async fn measure(arguments: &Arguments) -> Result<Report> {
    let tasks = arguments.tasks;
    let engine = open(arguments).await?;
    engine.run(flows::chain_kept(tasks)).await?;
    let computed = flows::COMPUTED.load(Ordering::Relaxed);
    let (mut ours, mut limit) = (Duration::MAX, Duration::MAX);
    for _ in 0..arguments.rounds {
        let watch = Stopwatch::start();
        engine.run(flows::chain_kept(tasks)).await?;
        ours = ours.min(watch.elapsed());
        limit = limit.min(match arguments.database() {
            Some(store) => Database::beside(&store, "NORMAL")?.hits_in_a_row(tasks)?,
            None => raw::lookups_in_a_row(tasks).await?,
        });
    }
    let against = match arguments.database() {
        Some(_) => "by rusqlite, a select by key, an insert and commit, synchronous=NORMAL",
        None => "a look into a map around a spawn and await",
    };
    let again = flows::COMPUTED.load(Ordering::Relaxed) - computed;
    let mut report = Report::new(arguments, ours, each(limit, tasks), against)
        .with("rounds", arguments.rounds)
        .with("computed_again", again)
        .with_peak_memory(peak_memory_mb());
    report.holds = again == 0;
    Ok(report)
}
