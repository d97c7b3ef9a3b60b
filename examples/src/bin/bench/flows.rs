//! The flows that are measured. Their tasks do next to nothing, so what remains is what flowrt costs.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use flowrt::clock::{Clock, Stopwatch};
use flowrt::prelude::*;
use futures_util::future::join_all;

/// Set when a resume begins.
pub static RESUMED: OnceLock<Stopwatch> = OnceLock::new();
/// How long after that the first body began.
pub static FIRST_BODY: OnceLock<Duration> = OnceLock::new();

/// Does nothing.
#[task]
async fn next(n: u32) -> u32 {
    n + 1
}

/// Does nothing, and is on the disk before anybody hears of it.
#[task(durable = "power")]
async fn next_on_disk(n: u32) -> u32 {
    n + 1
}

limit!(ROOMY, 1_000);

/// Does nothing, under a limit.
#[task(limit = ROOMY)]
async fn next_in_turn(n: u32) -> u32 {
    n + 1
}

/// How many bodies of the cached task have run.
pub static COMPUTED: AtomicU32 = AtomicU32::new(0);

/// Does nothing that would have to be done twice.
#[task(cache = "1h")]
async fn next_kept(n: u32) -> u32 {
    COMPUTED.fetch_add(1, Ordering::Relaxed);
    n + 1
}

/// Does nothing, in a process of its own.
#[task(isolate)]
async fn next_apart(n: u32) -> u32 {
    n + 1
}

/// Writes a line, so that it can be told how often it ran.
#[task]
async fn noted(n: u32, middle: u32, ledger: String) -> Result<u32> {
    static LEDGER: OnceLock<File> = OnceLock::new();
    match RESUMED.get() {
        Some(resumed) => _ = FIRST_BODY.get_or_init(|| resumed.elapsed()),
        // The process that is to be killed stays where it is to be killed.
        None if n == middle => std::future::pending().await,
        None => {}
    }
    let mut file = match LEDGER.get() {
        Some(file) => file,
        None => {
            let file = OpenOptions::new().create(true).append(true).open(ledger)?;
            LEDGER.get_or_init(|| file)
        }
    };
    // A whole line in one write, so that a kill leaves no half one.
    file.write_all(format!("{n}\n").as_bytes())?;
    Ok(n + 1)
}

/// Says when it ran.
#[task]
async fn moment() -> i64 {
    Clock::real().now()
}

/// Tasks one after the other.
#[flow]
pub async fn chain(tasks: u32) -> Result<u32> {
    let mut n = 0;
    while n < tasks {
        n = next(n).await?;
    }
    Ok(n)
}

/// The same, each on the disk before the next.
#[flow]
pub async fn chain_on_disk(tasks: u32) -> Result<u32> {
    let mut n = 0;
    while n < tasks {
        n = next_on_disk(n).await?;
    }
    Ok(n)
}

/// The same, each under a limit.
#[flow]
pub async fn chain_in_turn(tasks: u32) -> Result<u32> {
    let mut n = 0;
    while n < tasks {
        n = next_in_turn(n).await?;
    }
    Ok(n)
}

/// The same, each cached.
#[flow]
pub async fn chain_kept(tasks: u32) -> Result<u32> {
    let mut n = 0;
    while n < tasks {
        n = next_kept(n).await?;
    }
    Ok(n)
}

/// The same, each in a process of its own.
#[flow]
pub async fn chain_apart(tasks: u32) -> Result<u32> {
    let mut n = 0;
    while n < tasks {
        n = next_apart(n).await?;
    }
    Ok(n)
}

/// The same, with a line for each in a ledger.
#[flow]
pub async fn noted_chain(tasks: u32, ledger: String) -> Result<u32> {
    let mut n = 0;
    while n < tasks {
        n = noted(n, tasks / 2, ledger.clone()).await?;
    }
    Ok(n)
}

/// Tasks beside each other.
#[flow]
pub async fn fan_out(tasks: u32) -> Result<u64> {
    let results = join_all((0..tasks).map(next)).await;
    let mut sum = 0;
    for result in results {
        sum += u64::from(result?);
    }
    Ok(sum)
}

/// Does nothing, or fails.
#[task]
async fn next_or_not(n: u32) -> Result<u32> {
    match n % 100 {
        99 => Err(Error::from(format!("there is nothing after {n}"))),
        _ => Ok(n + 1),
    }
}

/// Tasks beside each other, of which one in a hundred fails.
#[flow]
pub async fn fan_broken(tasks: u32) -> Result<Vec<u32>> {
    map(0..tasks, |n| next_or_not(n)).await
}

/// One task.
#[flow]
pub async fn start_once() -> Result<i64> {
    moment().await
}
