//! Flows that the tests leave to workers. Each task leaves a line in a ledger, so that a test knows what ran, and how often.

#![allow(
    clippy::disallowed_methods,
    reason = "bodies of tasks wait as they like"
)]

use std::io::Write;
use std::path::Path;

use flowrt::Outcome;
use flowrt::prelude::*;

fn note(folder: &str, line: &str) -> Result<()> {
    append(folder, "ledger", line)
}

fn append(folder: &str, file: &str, line: &str) -> Result<()> {
    let path = Path::new(folder).join(file);
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    Ok(())
}

/// Leaves a line.
#[task]
async fn leave(folder: String, line: String) -> Result<()> {
    note(&folder, &line)
}

/// Goes on until a file `go` appears, or somebody wants it to stop.
#[task]
async fn endure(ctx: &TaskContext, folder: String, name: String) -> Result<()> {
    append(&folder, "pids", &format!("{name} {}", std::process::id()))?;
    note(&folder, &format!("{name} begins"))?;
    while !Path::new(&folder).join("go").exists() {
        if ctx.cancelled() {
            note(&folder, &format!("{name} sees the cancel"))?;
            return Err("cancelled".into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    note(&folder, &format!("{name} ends"))
}

/// Blocks the thread that it runs on, which an `async` body must not do, until a file `go` appears.
#[task]
async fn block(folder: String, name: String) -> Result<()> {
    note(&folder, &format!("{name} begins"))?;
    while !Path::new(&folder).join("go").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    note(&folder, &format!("{name} ends"))
}

/// Kills the process.
#[task]
async fn poison(folder: String) -> Result<()> {
    note(&folder, "poison")?;
    std::process::abort()
}

/// One line.
#[flow]
fn short(folder: String, who: String) -> Result<()> {
    leave(folder, who)
}

/// A line, a long body, a line.
#[flow]
async fn long(folder: String, who: String) -> Result<()> {
    leave(folder.clone(), format!("{who} first")).await?;
    endure(folder.clone(), who.clone()).await?;
    leave(folder, format!("{who} last")).await
}

/// A body that blocks its thread.
#[flow]
fn blocks(folder: String, who: String) -> Result<()> {
    block(folder, who)
}

/// A line, a signal, a line.
#[flow]
async fn patient(folder: String, who: String) -> Result<()> {
    leave(folder.clone(), format!("{who} first")).await?;
    let answer = receive::<u32>("answer").await?;
    leave(folder, format!("{who} heard {answer}")).await
}

/// A line, some seconds, a line.
#[flow]
async fn sleepy(folder: String, who: String) -> Result<()> {
    leave(folder.clone(), format!("{who} first")).await?;
    sleep(Duration::from_secs(10)).await;
    leave(folder, format!("{who} last")).await
}

/// Says where its process stands, and which variables it has.
#[task]
async fn look(folder: String, who: String) -> Result<()> {
    let here = std::env::current_dir()?;
    let variables = ["MODE", "COUNT", "GONE", "KEPT"];
    let variables =
        variables.map(|name| format!("{name}={}", std::env::var(name).unwrap_or_default()));
    append(&folder, "pids", &format!("{who} {}", std::process::id()))?;
    let variables = variables.join(" ");
    note(
        &folder,
        &format!("{who} in {}: {variables}", here.display()),
    )
}

/// One line about its process, and one if it fails.
#[flow(on_failure = tell)]
fn surrounded(folder: String, who: String) -> Result<()> {
    look(folder, who)
}

/// Its end is told in the folder of the program.
#[task]
async fn tell(outcome: Outcome) -> Result<()> {
    note(".", &format!("{} told", outcome.state))
}

/// One line, unless it crashes.
#[flow(on_crash = tell)]
fn watched(folder: String, who: String) -> Result<()> {
    leave(folder, who)
}

/// Goes on until a file `NAME-go` appears.
#[task]
async fn go_on(folder: String, name: String) -> Result<()> {
    note(&folder, &format!("{name} begins"))?;
    while !Path::new(&folder).join(format!("{name}-go")).exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    note(&folder, &format!("{name} ends"))
}

/// One at a time.
#[flow(max_runs = 1)]
fn alone(folder: String, who: String) -> Result<()> {
    go_on(folder, who)
}

/// Ends its process.
#[flow]
fn poisonous(folder: String) -> Result<()> {
    poison(folder)
}

flowrt::main!();
