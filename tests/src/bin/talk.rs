//! Flows that log, wait and fail: what the tests of live output run.

use std::time::Duration;

use flowrt::prelude::*;
use flowrt::{Error, receive, sleep};

/// Logs so many lines.
#[task]
async fn talk(lines: u32) -> Result<u32> {
    for line in 0..lines {
        tracing::info!("line {line}");
    }
    Ok(lines)
}

/// Fails at first.
#[task(retries = 2)]
async fn flaky(ctx: &TaskContext) -> Result<u32> {
    tracing::info!("try {}", ctx.attempt());
    if ctx.attempt() < 3 {
        tracing::warn!(left = 3 - ctx.attempt(), "not yet");
        return Err("the service answered 503".into());
    }
    Ok(ctx.attempt())
}

/// Logs from the blocking pool, in a span.
#[task]
fn compress(file: String) -> Result<u32> {
    let span = tracing::info_span!("compress", file = %file);
    let _entered = span.enter();
    tracing::info!(bytes = 512, "packed");
    Ok(512)
}

/// Logs from a task of its own.
#[task]
async fn upload(size: u32) -> Result<u32> {
    use tracing::Instrument;
    let work = async move { tracing::info!("sent {size}") };
    let _ = tokio::spawn(work.instrument(tracing::info_span!("upload"))).await;
    Ok(size)
}

/// Ten thousand lines.
#[flow]
async fn chatter(#[arg(default = 10_000)] lines: u32) -> Result<u32> {
    tracing::info!("begins");
    let told = talk(lines).await?;
    tracing::info!("ends");
    Ok(told)
}

/// All kinds of bodies.
#[flow]
fn kinds() -> Result<u32> {
    let tried = flaky();
    let packed = compress("a.txt".to_owned());
    let sent = upload(packed);
    tried + sent
}

/// Fails for good.
#[task(retries = 1)]
async fn broken(part: u32) -> Result<u32> {
    if part == 2 {
        return Err(Error::from(std::io::Error::other("the disk is full")));
    }
    Ok(part)
}

/// Adds up.
#[task]
async fn total(parts: Vec<u32>) -> Result<u32> {
    Ok(parts.into_iter().sum())
}

/// Panics.
#[task]
async fn explode() -> Result<u32> {
    panic!("out of range")
}

/// A DAG whose middle fails.
#[flow]
fn failing() -> Result<u32> {
    let first = broken(1);
    let second = broken(2);
    let sum = total(vec![first, second]);
    sum
}

/// A flow that panics.
#[flow]
fn panicking() -> Result<u32> {
    explode()
}

/// Logs, then waits for an answer.
#[flow]
async fn asks() -> Result<bool> {
    tracing::info!("asking");
    talk(1).await?;
    receive::<bool>("answer").await
}

/// Sleeps for a day.
#[flow]
async fn sleepy() -> Result<()> {
    sleep(Duration::from_secs(86_400)).await;
    Ok(())
}

/// Its next attempt is tomorrow.
#[task(retries = 1, retry_delay = "1d")]
async fn tomorrow() -> Result<u32> {
    Err("the office is closed".into())
}

/// Waits for its retry.
#[flow]
async fn patient() -> Result<u32> {
    tomorrow().await
}

/// Reads one page; the first of all is there at the third try only.
#[task(retries = 2)]
async fn read(page: u32, ctx: &TaskContext) -> Result<u32> {
    if page == 0 && ctx.attempt() < 3 {
        return Err("not there".into());
    }
    Ok(page)
}

/// A fan-out of thousands, each item a child run or a task.
#[flow]
fn wide(#[arg(default = 3_000)] pages: u32) -> Result<u64> {
    let read = map(0..pages, |page| read(page));
    let part = middle(2);
    { read.len() as u64 + u64::from(part) }
}

/// A flow inside another one.
#[flow]
async fn middle(lines: u32) -> Result<u32> {
    tracing::info!("in the middle");
    talk(lines).await
}

/// A branch, and a node after it that waits long.
#[flow]
fn chooses() -> Result<u32> {
    let first = broken(1);
    let part = if first > 0 { tomorrow() } else { broken(3) };
    let all = map(0..2, |page| read(page + 1));
    let sum = total(vec![part, all.into_iter().sum()]);
    sum
}

/// A flow whose child fails.
#[flow]
async fn outer() -> Result<u32> {
    failing().await
}

limit!(ONE_DESK, 1);
limit!(SLOW_OFFICE, "1 per day");

/// Stays until its process ends.
#[task(limit = ONE_DESK)]
async fn stay(number: u32) -> Result<u32> {
    std::future::pending::<()>().await;
    Ok(number)
}

/// One sits at the desk, and the others wait.
#[flow]
async fn queues() -> Result<usize> {
    Ok(map(0..6, stay).await?.len())
}

/// May be called once a day.
#[task(limit = SLOW_OFFICE, limit_key = place)]
async fn file(place: String, number: u32) -> Result<u32> {
    let _ = place;
    Ok(number)
}

/// The second call comes tomorrow.
#[flow]
async fn files() -> Result<u32> {
    file("Vienna".to_owned(), 1).await?;
    file("Vienna".to_owned(), 2).await
}

/// Stays, and its result would be kept.
#[task(cache = "1h")]
async fn study(subject: String) -> Result<String> {
    std::future::pending::<()>().await;
    Ok(subject)
}

/// Two calls with one result.
#[flow]
async fn studies() -> Result<String> {
    let (one, two) =
        futures_util::future::try_join(study("law".to_owned()), study("law".to_owned())).await?;
    Ok(one + &two)
}

/// Goes on alone.
#[flow(max_runs = 1)]
async fn alone() -> Result<()> {
    sleep(Duration::from_secs(86_400)).await;
    Ok(())
}

flowrt::main!();
