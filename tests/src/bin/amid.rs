//! Flows that a server drives while the tests kill it: of schedules, of a backfill, and some that take long. Each body leaves
//! a line in a ledger.

#![allow(
    clippy::disallowed_methods,
    reason = "bodies of tasks wait as they like"
)]

use std::io::Write;
use std::path::Path;

use flowrt::prelude::*;

fn note(folder: &str, line: &str) -> Result<()> {
    let path = Path::new(folder).join("ledger");
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    Ok(())
}

/// Says whose slot it is, and which.
#[task]
async fn note_slot(ctx: &TaskContext, folder: String, who: String) -> Result<String> {
    let slot = ctx.logical_time().as_microsecond();
    note(&folder, &format!("tick {who} {slot}"))?;
    Ok(who)
}

/// Waits for a file `go-NUMBER`.
#[task]
async fn stretch(folder: String, who: String, number: u32) -> Result<u32> {
    note(&folder, &format!("{who} begins {number}"))?;
    let go = Path::new(&folder).join(format!("go-{number}"));
    while !go.exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    note(&folder, &format!("{who} ends {number}"))?;
    Ok(number)
}

/// One slot.
#[flow]
async fn tick(folder: String, who: String) -> Result<String> {
    note_slot(folder, who).await
}

/// So many tasks, each of which goes on until somebody lets it end.
#[flow]
async fn stretches(folder: String, who: String, count: u32) -> Result<u32> {
    let mut sum = 0;
    for number in 0..count {
        sum += stretch(folder.clone(), who.clone(), number).await?;
    }
    Ok(sum)
}

flowrt::main!();
