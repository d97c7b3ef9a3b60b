//! Tasks under a limit that has room, against a slot taken and given back by what flowrt stands on.

use std::time::Duration;

use flowrt::Result;
use flowrt::clock::Stopwatch;

use crate::arguments::Arguments;
use crate::raw::{self, Database};
use crate::report::{Report, each, micros, peak_memory_mb, round};
use crate::{flows, open};

/// Measures it, and the same chain without the limit.
pub async fn measure(arguments: &Arguments) -> Result<Report> {
    let tasks = arguments.tasks;
    let engine = open(arguments).await?;
    let (mut ours, mut free, mut limit) = (Duration::MAX, Duration::MAX, Duration::MAX);
    for _ in 0..arguments.rounds {
        let watch = Stopwatch::start();
        engine.run(flows::chain_in_turn(tasks)).await?;
        ours = ours.min(watch.elapsed());
        let watch = Stopwatch::start();
        engine.run(flows::chain(tasks)).await?;
        free = free.min(watch.elapsed());
        limit = limit.min(match arguments.database() {
            Some(store) => Database::beside(&store, "NORMAL")?.slots_in_a_row(tasks)?,
            None => raw::permits_in_a_row(tasks).await?,
        });
    }
    let against = match arguments.database() {
        Some(_) => {
            "by rusqlite, a commit that takes a slot and one that writes the row and gives it back"
        }
        None => "a permit of a tokio semaphore around a spawn and await",
    };
    Ok(Report::new(arguments, ours, each(limit, tasks), against)
        .with("rounds", arguments.rounds)
        .with("without_limit_us", round(micros(each(free, tasks))))
        .with_peak_memory(peak_memory_mb()))
}
