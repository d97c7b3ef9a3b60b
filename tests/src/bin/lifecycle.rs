//! Flows that the tests cancel, interrupt and kill. Each task leaves a line in a ledger, so that a test knows what ran.

#![allow(
    clippy::disallowed_methods,
    reason = "bodies of tasks wait as they like"
)]

use std::io::Write;
use std::path::Path;

use flowrt::prelude::*;

/// Adds a line to the ledger of that folder.
fn note(folder: &str, line: &str) -> Result<()> {
    let path = Path::new(folder).join("ledger");
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    Ok(())
}

fn exists(folder: &str, name: &str) -> bool {
    Path::new(folder).join(name).exists()
}

/// Leaves a line.
#[task]
async fn leave(folder: String, line: String) -> Result<()> {
    note(&folder, &line)
}

/// Goes on until somebody wants it to stop or a file `go` appears.
#[task]
async fn endure(ctx: &TaskContext, folder: String, name: String) -> Result<String> {
    note(&folder, &format!("{name} begins"))?;
    while !exists(&folder, "go") {
        if ctx.cancelled() {
            note(&folder, &format!("{name} sees the cancel"))?;
            return Err("cancelled".into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(name)
}

/// Kills the process, unless there is a file `cured`.
#[task]
async fn poison(folder: String) -> Result<u32> {
    note(&folder, "poison")?;
    if exists(&folder, "cured") {
        return Ok(7);
    }
    std::process::abort()
}

/// Fails until there is a file `mended`.
#[task]
async fn break_down(folder: String) -> Result<u32> {
    note(&folder, "breaks")?;
    if exists(&folder, "mended") {
        Ok(1)
    } else {
        Err("broken".into())
    }
}

/// Runs another program, which the same Ctrl-C reaches.
#[task]
fn outside(folder: String) -> Result<()> {
    note(&folder, "program begins")?;
    let status = std::process::Command::new("sh")
        .args(["-c", "test -e go || exec sleep 1000"])
        .current_dir(folder)
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("the program was stopped".into())
    }
}

/// A program and a task after it.
#[flow]
async fn outer(folder: String) -> Result<()> {
    outside(folder.clone()).await?;
    leave(folder, "last".to_owned()).await
}

/// One task, a body that endures, and one task more.
#[flow]
async fn long(folder: String) -> Result<()> {
    leave(folder.clone(), "first".to_owned()).await?;
    endure(folder.clone(), "body".to_owned()).await?;
    leave(folder, "last".to_owned()).await
}

/// The same as a child run.
#[flow]
async fn nested(folder: String) -> Result<()> {
    long(folder.clone()).await?;
    leave(folder, "after the child".to_owned()).await
}

/// Waits for a signal between two tasks.
#[flow]
async fn patient(folder: String) -> Result<u32> {
    leave(folder.clone(), "first".to_owned()).await?;
    let answer = receive::<u32>("answer").await?;
    leave(folder, format!("heard {answer}")).await?;
    Ok(answer)
}

/// Waits for a signal after each of six tasks.
#[flow]
async fn ladder(folder: String) -> Result<()> {
    for rung in 1..=6 {
        leave(folder.clone(), format!("rung {rung}")).await?;
        receive::<()>("up").await?;
    }
    Ok(())
}

/// Sleeps for a day.
#[flow]
async fn sleepy(folder: String) -> Result<()> {
    leave(folder, "first".to_owned()).await?;
    sleep(Duration::from_secs(86_400)).await;
    Ok(())
}

/// Dies in its second task.
#[flow]
async fn deadly(folder: String) -> Result<u32> {
    leave(folder.clone(), "first".to_owned()).await?;
    poison(folder).await
}

/// Is tried four times.
#[flow(retries = 3, retry_delay = "100ms")]
async fn stubborn(folder: String) -> Result<u32> {
    leave(folder.clone(), "first".to_owned()).await?;
    break_down(folder).await
}

/// The same as a child run.
#[flow]
async fn over_stubborn(folder: String) -> Result<u32> {
    stubborn(folder).await
}

/// The same as a graph, with a node after the one that fails.
#[flow(retries = 3, backoff = "100ms..1s")]
fn stubborn_dag(folder: String) -> Result<u32> {
    let first = leave(folder.clone(), "first".to_owned());
    let broken = break_down(folder.clone()).after(first);
    leave(folder, "last".to_owned()).after(broken);
    broken
}

flowrt::main!();
