//! A program of flows that tests kill. Each body appends a line to a ledger, so that what happened can be counted from
//! outside: `KEY ATTEMPT PID`, where the key is that of the step in its run.
#![allow(
    clippy::disallowed_methods,
    reason = "a body that takes its time stands for real work, whatever the run's clock says"
)]

use std::fs::OpenOptions;
use std::io::Write;

use flowrt::prelude::*;
use futures_util::future::{join, try_join_all};

/// One write of one line: what two processes append is never mixed.
fn note(ledger: &str, ctx: &TaskContext) -> Result<()> {
    let line = format!(
        "{} {} {}\n",
        ctx.idempotency_key(),
        ctx.attempt(),
        std::process::id()
    );
    let mut file = OpenOptions::new().append(true).create(true).open(ledger)?;
    file.write_all(line.as_bytes())?;
    Ok(())
}

/// Adds one.
#[task]
async fn add_one(ledger: String, n: u64, ctx: &TaskContext) -> Result<u64> {
    note(&ledger, ctx)?;
    Ok(n + 1)
}

/// Adds one after a pause, so that others end in between.
#[task]
async fn add_slowly(ledger: String, n: u64, ctx: &TaskContext) -> Result<u64> {
    note(&ledger, ctx)?;
    tokio::time::sleep(Duration::from_millis(3)).await;
    Ok(n + 1)
}

/// Adds one on a thread for work that blocks.
#[task(durable = "power")]
fn add_blocking(ledger: String, n: u64, ctx: &TaskContext) -> Result<u64> {
    note(&ledger, ctx)?;
    Ok(n + 1)
}

/// Fails twice.
#[task(retries = 3, retry_delay = "5ms")]
async fn third_time(ledger: String, ctx: &TaskContext) -> Result<u32> {
    note(&ledger, ctx)?;
    if ctx.attempt() < 3 {
        return Err(format!("attempt {}", ctx.attempt()).into());
    }
    Ok(ctx.attempt())
}

/// A part of `mixed` that is a run of its own.
#[flow]
async fn part(ledger: String, from: u64) -> Result<u64> {
    let a = add_one(ledger.clone(), from).await?;
    sleep(Duration::from_millis(2)).await;
    add_one(ledger, a).await
}

/// Another, as a DAG.
#[flow]
fn fan(ledger: String, from: u64) -> Result<u64> {
    let a = add_one(ledger.clone(), from);
    let b = add_slowly(ledger.clone(), from);
    let c = add_blocking(ledger.clone(), from);
    add_one(ledger, a + b + c)
}

/// Something of everything: a chain, work side by side, children, retries, a sleep, a signal.
#[flow]
async fn mixed(ledger: String) -> Result<String> {
    let mut n = 0;
    for _ in 0..3 {
        n = add_one(ledger.clone(), n).await?;
    }
    let side = try_join_all((0..4).map(|k| add_slowly(ledger.clone(), k))).await?;
    let (left, right) = join(
        async {
            let a = add_one(ledger.clone(), 10).await?;
            add_slowly(ledger.clone(), a).await
        },
        async {
            let a = add_blocking(ledger.clone(), 20).await?;
            add_one(ledger.clone(), a).await
        },
    )
    .await;
    let child = part(ledger.clone(), 100).await?;
    let fanned = fan(ledger.clone(), 1000).await?;
    let tries = third_time(ledger.clone()).await?;
    sleep(Duration::from_millis(5)).await;
    let answer = receive::<String>("answer").await?;
    n = add_one(ledger.clone(), n).await?;
    Ok(format!(
        "{n} {side:?} {} {} {child} {fanned} {tries} {answer}",
        left?, right?
    ))
}

/// Tasks one after the other.
#[flow]
async fn chain(ledger: String, tasks: u64) -> Result<u64> {
    let mut n = 0;
    for _ in 0..tasks {
        n = add_one(ledger.clone(), n).await?;
    }
    Ok(n)
}

/// Tasks side by side.
#[flow]
async fn wide(ledger: String, tasks: u64) -> Result<u64> {
    let all = try_join_all((0..tasks).map(|n| add_one(ledger.clone(), n))).await?;
    Ok(all.into_iter().sum())
}

/// A long chain of tasks that take their time, in a child.
#[flow]
async fn patient(ledger: String, tasks: u64) -> Result<u64> {
    slow_chain(ledger, tasks).await
}

/// The child.
#[flow]
async fn slow_chain(ledger: String, tasks: u64) -> Result<u64> {
    let mut n = 0;
    for _ in 0..tasks {
        n = add_slowly(ledger.clone(), n).await?;
    }
    Ok(n)
}

/// A task that takes its time, so that a test can do something to its process meanwhile.
#[flow]
async fn slow(ledger: String, millis: u64) -> Result<u64> {
    let n = add_one(ledger.clone(), 0).await?;
    sleep(Duration::from_millis(millis)).await;
    add_one(ledger, n).await
}

/// Writes that many lines to the log, without a pause.
#[task]
fn shout(lines: u64) -> Result<u64> {
    for line in 0..lines {
        tracing::info!(line, "still here");
    }
    Ok(lines)
}

/// Floods the log, and gives the most memory that the process has held, in KiB.
#[flow]
async fn flood(lines: u64) -> Result<u64> {
    shout(lines).await?;
    peak().await
}

/// What the system says of this process.
#[task]
async fn peak() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no VmHWM")?.parse()?)
}

flowrt::main!();
