//! The flows of the soak. Each body appends a line to a ledger when it begins, `KEY ATTEMPT NONCE`, and gives the nonce back with
//! its value: so the record of a step tells which of its executions it came from.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use flowrt::prelude::*;
use futures_util::future::{join, try_join_all};
use serde::{Deserialize, Serialize};

/// The name of the ledger of bodies; a process works in the folder of its soak.
pub const EFFECTS: &str = "effects";

/// What a body gives.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Done {
    /// What the flow goes on with.
    pub value: u64,
    /// The execution that computed it.
    pub by: String,
}

/// One write of one line: what several processes append is never mixed.
pub fn append(file: &Path, line: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(file)?;
    file.write_all(format!("{line}\n").as_bytes())
}

fn execute(ctx: &TaskContext, value: u64) -> Result<Done> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = flowrt::clock::Clock::real().now();
    let by = format!("{}-{now}-{count}", std::process::id());
    let line = format!("{} {} {by}", ctx.idempotency_key(), ctx.attempt());
    append(Path::new(EFFECTS), &line)?;
    Ok(Done { value, by })
}

#[task]
async fn add_one(n: u64, ctx: &TaskContext) -> Result<Done> {
    execute(ctx, n + 1)
}

#[task]
async fn add_slowly(n: u64, ctx: &TaskContext) -> Result<Done> {
    let done = execute(ctx, n + 1)?;
    tokio::time::sleep(Duration::from_millis(15)).await;
    Ok(done)
}

#[task(durable = "power")]
fn add_blocking(n: u64, ctx: &TaskContext) -> Result<Done> {
    let done = execute(ctx, n + 1)?;
    std::thread::sleep(Duration::from_millis(5));
    Ok(done)
}

#[task(retries = 1000, retry_delay = "20ms")]
async fn third_time(n: u64, ctx: &TaskContext) -> Result<Done> {
    let done = execute(ctx, n + 1)?;
    if ctx.attempt() < 3 {
        return Err(format!("attempt {}", ctx.attempt()).into());
    }
    Ok(done)
}

#[task]
async fn never(n: u64, ctx: &TaskContext) -> Result<Done> {
    let done = execute(ctx, n)?;
    tokio::time::sleep(Duration::from_secs(600)).await;
    Ok(done)
}

limit!(TURNS, 2);

/// Only two at a time, in all processes.
#[task(limit = TURNS)]
async fn add_in_turn(n: u64, ctx: &TaskContext) -> Result<Done> {
    let done = execute(ctx, n + 1)?;
    tokio::time::sleep(Duration::from_millis(10)).await;
    Ok(done)
}

#[task(retry_rules = [(is_too_early, 1000, "20ms"), (is_anything, 0)])]
async fn third_time_by_rule(n: u64, ctx: &TaskContext) -> Result<Done> {
    let done = execute(ctx, n + 1)?;
    if ctx.attempt() < 3 {
        return Err("too early".into());
    }
    Ok(done)
}

fn is_too_early(error: &flowrt::Error) -> bool {
    error.message() == "too early"
}

fn is_anything(_: &flowrt::Error) -> bool {
    true
}

/// Works in the second attempt of its group only.
#[task]
async fn in_the_second(n: u64, ctx: &TaskContext) -> Result<Done> {
    let done = execute(ctx, n + 1)?;
    if ctx.idempotency_key().contains("/attempt2/") {
        Ok(done)
    } else {
        Err("not yet".into())
    }
}

/// Two steps that are done again together: gives `n + 2`.
#[flow(inline, retries = 2, retry_delay = "50ms", timeout = "1d")]
async fn group(n: u64) -> Result<u64> {
    let one = add_one(n).await?.value;
    Ok(in_the_second(one).await?.value)
}

/// A limit over all processes, a group, rules: gives the sum of `1..=size`, and three.
#[flow]
pub async fn turns(size: u64) -> Result<u64> {
    let all = map(0..size, |n| add_in_turn(n)).await?;
    let grouped = group(0).await?;
    let ruled = third_time_by_rule(0).await?.value;
    Ok(all.iter().map(|done| done.value).sum::<u64>() + grouped + ruled)
}

/// Tasks one after the other: gives `size`.
#[flow]
pub async fn chain(size: u64) -> Result<u64> {
    let mut n = 0;
    for _ in 0..size {
        n = add_slowly(n).await?.value;
        sleep(Duration::from_millis(100)).await;
    }
    Ok(n)
}

/// A child of `family`: gives `n + 2`.
#[flow]
async fn child(n: u64) -> Result<u64> {
    let n = add_one(n).await?.value;
    sleep(Duration::from_millis(300)).await;
    Ok(add_one(n).await?.value)
}

/// A DAG with a fan-out: gives the sum of `1..=size`, and three.
#[flow]
pub fn fan(size: u64) -> Result<u64> {
    let all = map(0..size, |n| add_slowly(n)).concurrency(4);
    let blocking = add_blocking(0);
    let tried = third_time(0);
    let last = add_one(0).after(all);
    all.iter().map(|done| done.value).sum::<u64>() + blocking.value + tried.value + last.value
}

/// Work side by side, children, a race, a signal: gives `size * 2 + 9`.
#[flow]
pub async fn family(size: u64) -> Result<u64> {
    let children = try_join_all((0..size).map(|_| child(0))).await?;
    let (left, right) = join(
        async { Ok::<_, Error>(add_blocking(1).await?.value) },
        async { Ok::<_, Error>(add_slowly(2).await?.value) },
    )
    .await;
    let first = match race((add_slowly(0), never(0))).await {
        Race2::First(done) | Race2::Second(done) => done?.value,
    };
    let go = receive::<u64>("go").await?;
    Ok(children.iter().sum::<u64>() + left? + right? + first + go)
}

/// What a flow must give.
pub fn expected(flow: &str, size: u64) -> Option<u64> {
    match flow {
        "chain" => Some(size),
        "fan" | "turns" => Some(size * (size + 1) / 2 + 3),
        "family" => Some(size * 2 + 9),
        _ => None,
    }
}
