//! Tasks one after the other, against a spawn or a commit for each.

use std::time::Duration;

use flowrt::clock::Stopwatch;
use flowrt::{Engine, Result};

use crate::arguments::Arguments;
use crate::raw::{self, Database};
use crate::report::{Report, each, peak_memory_mb};
use crate::{flows, open};

/// A sync takes as long as it takes: fewer of them tell as much.
const SYNCED_MAX: u32 = 2_000;

/// Measures it.
pub async fn measure(arguments: &Arguments) -> Result<Report> {
    let engine = open(arguments).await?;
    let (mut ours, mut limit) = (Duration::MAX, Duration::MAX);
    for _ in 0..arguments.rounds {
        let watch = Stopwatch::start();
        run(&engine, arguments).await?;
        ours = ours.min(watch.elapsed());
        limit = limit.min(raw_limit(arguments).await?);
    }
    let against = match (arguments.database(), arguments.power) {
        (None, _) => "a tokio spawn and await",
        (Some(_), false) => "a rusqlite insert and commit, synchronous=NORMAL",
        (Some(_), true) => "a rusqlite insert and commit, synchronous=FULL",
    };
    let durable = if arguments.power { "power" } else { "default" };
    Ok(Report::new(arguments, ours, limit, against)
        .with("durable", durable)
        .with("rounds", arguments.rounds)
        .with_peak_memory(peak_memory_mb()))
}

async fn run(engine: &Engine, arguments: &Arguments) -> Result<u32> {
    if arguments.power {
        engine.run(flows::chain_on_disk(arguments.tasks)).await
    } else {
        engine.run(flows::chain(arguments.tasks)).await
    }
}

/// What one task takes at least.
async fn raw_limit(arguments: &Arguments) -> Result<Duration> {
    let tasks = arguments.tasks;
    let Some(store) = arguments.database() else {
        return Ok(each(raw::spawns_in_a_row(tasks).await?, tasks));
    };
    if arguments.power {
        let tasks = tasks.min(SYNCED_MAX);
        let took = Database::beside(&store, "FULL")?.commits_in_a_row(tasks)?;
        return Ok(each(took, tasks));
    }
    let took = Database::beside(&store, "NORMAL")?.commits_in_a_row(tasks)?;
    Ok(each(took, tasks))
}
