//! Flows with hooks and rollbacks. Each body leaves a line in a ledger, so that a test knows what ran.

#![allow(
    clippy::disallowed_methods,
    reason = "bodies of tasks wait as they like"
)]

use std::io::Write;

use flowrt::Outcome;
use flowrt::prelude::*;

/// Adds a line to the ledger, which lies where the program runs.
fn note(line: &str) -> Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open("ledger")?;
    file.write_all(format!("{line}\n").as_bytes())?;
    Ok(())
}

fn exists(name: &str) -> bool {
    std::path::Path::new(name).exists()
}

/// Begins, and ends once there is a file of that name.
async fn until(name: &str) {
    while !exists(name) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Tells how something ended.
#[task]
async fn tell(outcome: Outcome) -> Result<()> {
    let why = outcome
        .error
        .as_ref()
        .map_or_else(String::new, |error| format!("{error:#}"));
    note(&format!(
        "{} is {} after {}: {why}",
        outcome.step.as_deref().unwrap_or("the run"),
        outcome.state,
        outcome.attempts
    ))
}

/// A hook that is told nothing, and waits for a file.
#[task]
async fn tell_slowly() -> Result<()> {
    note("slow hook begins")?;
    until("hook").await;
    note("slow hook ends")
}

/// A hook that panics.
#[task]
async fn panic_at_it() -> Result<()> {
    note("panics")?;
    panic!("the hook is broken")
}

/// A hook that fails, and whose own hook is not called.
#[task(on_failure = tell)]
async fn fail_at_it() -> Result<()> {
    note("fails")?;
    Err("the hook failed".into())
}

/// A hook that is a flow, with steps and a hook of its own, which is not called.
#[flow(on_success = tell)]
async fn report(outcome: Outcome) -> Result<()> {
    put(format!("reported {}", outcome.state)).await
}

/// Leaves a line.
#[task]
async fn put(line: String) -> Result<()> {
    note(&line)
}

/// Fails until there is a file `mended`.
#[task(retries = 1, on_failure = tell, on_success = tell)]
async fn break_down() -> Result<u32> {
    if exists("mended") {
        Ok(1)
    } else {
        Err("broken".into())
    }
}

/// Takes something that must be given back.
#[task(rollback = give_back)]
async fn take(ctx: &TaskContext, name: String, amount: u64) -> Result<String> {
    let key = ctx.idempotency_key();
    let key = key.split_once('/').map_or("", |(_, step)| step);
    note(&format!("take {name} {amount} {key}"))?;
    Ok(format!("ticket of {name}"))
}

/// Gives it back: fails twice for `b` and always for what is called `lost`.
#[task(retries = 2)]
async fn give_back(ctx: &TaskContext, name: String, amount: u64, ticket: String) -> Result<()> {
    note(&format!("give back {name} {amount} {ticket}"))?;
    if name == "slow" {
        until("give").await;
    }
    if name == "lost" || (name == "b" && ctx.attempt() <= 2) {
        return Err(format!("the shop does not know {name}").into());
    }
    Ok(())
}

#[flow(on_failure = tell, on_success = tell)]
async fn plain() -> Result<u32> {
    break_down().await
}

#[flow(on_failure = panic_at_it)]
async fn with_broken_hook() -> Result<u32> {
    break_down().await
}

#[flow(on_failure = fail_at_it)]
async fn with_failing_hook() -> Result<u32> {
    break_down().await
}

#[flow(on_success = report)]
async fn with_flow_as_hook() -> Result<u32> {
    Ok(7)
}

#[flow(on_success = tell_slowly)]
async fn with_slow_hook() -> Result<u32> {
    put("the flow".to_owned()).await?;
    Ok(7)
}

/// A task whose hook takes its time, and after it one that waits.
#[task(on_success = tell_slowly)]
async fn watched() -> Result<u32> {
    note("watched")?;
    Ok(1)
}

#[flow]
async fn with_watched_task() -> Result<u32> {
    let one = watched().await?;
    put("goes on".to_owned()).await?;
    Ok(one)
}

/// Goes on without a task that failed, whose hook has told of that.
#[flow(on_failure = tell, on_success = tell)]
async fn forgiving() -> Result<u32> {
    if risky().await.is_err() {
        put("without it".to_owned()).await?;
    }
    break_down().await
}

#[task(on_failure = tell, on_success = tell)]
async fn risky() -> Result<u32> {
    note("risks it")?;
    if exists("safe") {
        Ok(1)
    } else {
        Err("too risky".into())
    }
}

/// Goes on until it is told to stop.
#[task]
async fn endure(ctx: &TaskContext) -> Result<()> {
    note("endures")?;
    ctx.on_cancel().await;
    Err("cancelled".into())
}

#[flow(on_cancel = tell, on_failure = put_wrong)]
async fn cancelled() -> Result<()> {
    take("a".to_owned(), 1).await?;
    endure().await
}

#[task]
async fn put_wrong() -> Result<()> {
    note("the wrong hook")
}

/// Kills the process.
#[task]
async fn poison() -> Result<()> {
    std::process::abort()
}

#[flow(on_crash = tell)]
async fn deadly() -> Result<()> {
    take("a".to_owned(), 1).await?;
    poison().await
}

/// Takes three things and then fails; gives them back in the other order.
#[flow(on_failure = tell)]
async fn shop(second: String) -> Result<u32> {
    take("a".to_owned(), 18_446_744_073_709_551_615).await?;
    take(second, 2).await?;
    take("c".to_owned(), 3).await?;
    break_down().await
}

/// Must not happen twice, and takes its time.
#[task(on_crash = "park", retries = 1)]
async fn pay(ctx: &TaskContext) -> Result<u32> {
    note(&format!("pays {}", ctx.attempt()))?;
    if ctx.attempt() == 1 && exists("stumble") {
        return Err("no money".into());
    }
    until("paid").await;
    Ok(1)
}

#[flow(on_cancel = tell)]
async fn paying() -> Result<u32> {
    take("a".to_owned(), 1).await?;
    pay().await
}

#[flow]
async fn paying_below() -> Result<u32> {
    paying().await
}

/// Comes again when the server says so, whatever the task itself says.
#[task(retries = 5, retry_delay = "1h", retry_if = never)]
async fn ask(ctx: &TaskContext) -> Result<u32> {
    note("asks")?;
    if ctx.attempt() == 1 {
        return Err(flowrt::Error::retry_after(
            "too many requests",
            Duration::from_millis(1),
        ));
    }
    Err("not found".into())
}

fn never(_: &flowrt::Error) -> bool {
    false
}

/// Fails with these words, one after the other, and then works.
#[task(
    retries = 1,
    retry_rules = [(is_throttled, 3, "1ms..2ms"), (is_gone, 0), (is_offline, 2)]
)]
async fn knock(ctx: &TaskContext, words: Vec<String>) -> Result<u32> {
    let attempt = usize::try_from(ctx.attempt())?;
    let word = words.get(attempt - 1).map_or("opened", String::as_str);
    note(&format!("knocks {word}"))?;
    if word == "opened" {
        return Ok(ctx.attempt());
    }
    Err(word.into())
}

fn is_throttled(error: &flowrt::Error) -> bool {
    error.message().contains("throttled")
}

fn is_gone(error: &flowrt::Error) -> bool {
    error.message() == "gone"
}

fn is_offline(error: &flowrt::Error) -> bool {
    error.message() == "offline"
}

#[flow]
async fn knocking(words: Vec<String>) -> Result<u32> {
    knock(words).await
}

#[flow]
async fn asking() -> Result<u32> {
    ask().await
}

/// Fails always.
#[task(retries = 4)]
async fn stumble(name: String) -> Result<()> {
    note(&format!("stumbles {name}"))?;
    Err("stumbled".into())
}

#[flow(retry_budget = 5)]
async fn thrifty() -> Result<()> {
    let _ = stumble("first".to_owned()).await;
    stumble("second".to_owned()).await
}

flowrt::main!();
