//! A program whose tasks do to their processes what they like.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "that is tested")]

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use flowrt::prelude::*;

/// Made once in each process that asks for it.
#[derive(Debug)]
struct Desk {
    process: u32,
}

/// A desk.
#[resource]
async fn desk() -> Result<Desk> {
    Ok(Desk {
        process: std::process::id(),
    })
}

fn note(line: &str) -> Result<()> {
    let mut ledger = OpenOptions::new()
        .append(true)
        .create(true)
        .open("ledger")?;
    ledger.write_all(format!("{line}\n").as_bytes())?;
    Ok(())
}

#[allow(unconditional_recursion, reason = "the stack shall overflow")]
fn dig(depth: u64) -> u64 {
    let room = [depth; 512];
    std::hint::black_box(&room);
    dig(depth + 1) + room[7]
}

fn hang() -> ! {
    loop {
        std::hint::spin_loop();
    }
}

/// Ends in the way that it is told.
#[task(isolate)]
fn end(how: String) -> Result<String> {
    note(&format!("begun {how}"))?;
    match how.as_str() {
        "abort" => {
            eprintln!("about to abort");
            std::process::abort()
        }
        "exit" => std::process::exit(0),
        "exit7" => std::process::exit(7),
        "panic" => panic!("the body panics"),
        "error" => Err(Error::fatal("the body fails")),
        "overflow" => Ok(dig(0).to_string()),
        "segv" => {
            let itself = std::process::id().to_string();
            // The first takes the handler away by which std tells stack overflows, the second kills.
            for _ in 0..2 {
                Command::new("kill").args(["-SEGV", &itself]).status()?;
            }
            hang()
        }
        _ => Ok(format!("ended by {how}")),
    }
}

/// Never ends by itself.
#[task(isolate, timeout = "500ms")]
fn spin() -> Result<()> {
    note(&format!("spinning {}", std::process::id()))?;
    hang()
}

/// Takes more memory than it may.
#[task(isolate, memory = "64MiB")]
fn hoard() -> Result<usize> {
    let mut all = Vec::new();
    for _ in 0..256 {
        all.push(vec![1_u8; 1 << 20]);
    }
    Ok(all.len())
}

/// Computes longer than it may.
#[task(isolate, cpu = "1s")]
fn toil() -> Result<()> {
    hang()
}

/// Fails until its process has died twice.
#[task(isolate, retries = 2)]
async fn stubborn(ctx: &TaskContext) -> Result<u32> {
    note("stubborn")?;
    if ctx.attempt() < 3 {
        std::process::abort();
    }
    Ok(ctx.attempt())
}

/// Has nothing to do with the others.
#[task]
async fn bystander(text: String) -> Result<String> {
    Ok(text)
}

/// Says something in every way there is.
#[task(isolate)]
async fn talk(ctx: &TaskContext) -> Result<String> {
    println!("printed to stdout");
    eprintln!("printed to stderr");
    print!("a line that does not end");
    tracing::info!(count = 3, "logged by the body");
    tracing::debug!("too fine to keep");
    std::thread::spawn(|| tracing::warn!("logged by a thread"))
        .join()
        .map_err(|_| "the thread panicked")?;
    tokio::spawn(async { tracing::warn!("logged by a spawned future") }).await?;
    Ok(format!(
        "{}/{}/{}",
        ctx.attempt(),
        ctx.idempotency_key(),
        ctx.logical_time()
    ))
}

/// The process that it runs in, and the one that made its desk.
#[task(isolate)]
fn place(#[resource] desk: &Desk) -> Result<(u32, u32)> {
    let mut typed = String::new();
    std::io::stdin().read_to_string(&mut typed)?;
    if !typed.is_empty() {
        return Err(format!("stdin holds {typed}").into());
    }
    Ok((std::process::id(), desk.process))
}

/// Returns once it is told that it is not wanted.
#[task(isolate)]
async fn obey(ctx: &TaskContext) -> Result<()> {
    note("obeying")?;
    ctx.on_cancel().await;
    note("obeyed")
}

/// Starts a process of its own, and waits for it.
#[task(isolate)]
fn parent() -> Result<()> {
    let mut child = Command::new("sleep")
        .arg("1000")
        .stdin(Stdio::null())
        .spawn()?;
    note(&format!("me {}", std::process::id()))?;
    note(&format!("child {}", child.id()))?;
    child.wait()?;
    Ok(())
}

/// Leaves a process behind.
#[task(isolate)]
fn careless() -> Result<u32> {
    Ok(Command::new("sleep").arg("1000").spawn()?.id())
}

/// Gives back what it is given, and as much again.
#[task(isolate)]
fn echo(text: String) -> Result<String> {
    Ok(text.repeat(2))
}

/// Does nothing, far away.
#[task(isolate)]
async fn nothing(number: u32) -> Result<u32> {
    Ok(number)
}

/// Does nothing, here.
#[task]
async fn nothing_here(number: u32) -> Result<u32> {
    Ok(number)
}

/// One isolated body and a bystander.
#[flow]
fn ends(how: String) -> Result<String> {
    let ended = end(how.clone());
    let seen = bystander(how);
    bystander(format!("{ended}, {seen}"))
}

/// The endless body and a bystander.
#[flow]
fn spins() -> Result<()> {
    bystander("seen".into());
    spin()
}

/// The one that takes too much.
#[flow]
fn hoards() -> Result<usize> {
    hoard()
}

/// The one that computes too long.
#[flow]
fn toils() -> Result<()> {
    toil()
}

/// One that needs three attempts.
#[flow]
fn retried() -> Result<u32> {
    stubborn()
}

/// The talkative one.
#[flow]
fn talks() -> Result<String> {
    talk()
}

/// Where bodies are: two of them, and this process.
#[flow]
async fn places() -> Result<Vec<u32>> {
    let (one, ones) = place().await?;
    let (other, others) = place().await?;
    Ok(vec![one, ones, other, others])
}

/// Waits to be cancelled.
#[flow]
fn obeys() -> Result<()> {
    obey()
}

/// Waits for a process of its task's own.
#[flow]
fn parents() -> Result<()> {
    parent()
}

/// Leaves a process behind.
#[flow]
fn careless_ones() -> Result<u32> {
    careless()
}

/// Sends so many bytes there, and counts what comes back.
#[flow]
async fn echoes(bytes: u32) -> Result<usize> {
    let size = usize::try_from(bytes)?;
    Ok(echo("\u{e9}".repeat(size / 2)).await?.len())
}

/// So many isolated bodies; then, what is left of them.
#[flow]
async fn many(count: u32) -> Result<(u32, usize)> {
    let numbers = map(0..count, nothing).await?;
    let before = map(0..count, nothing_here).await?;
    Ok((numbers.iter().sum(), before.len()))
}

/// The zombies below this process, and its open files.
#[task]
async fn remains() -> Result<(u32, usize)> {
    let mut zombies = 0;
    for entry in std::fs::read_dir("/proc")? {
        let stat = std::fs::read_to_string(entry?.path().join("stat")).unwrap_or_default();
        // After the name in brackets: state, parent.
        let mut rest = stat.rsplit(") ").next().unwrap_or_default().split(' ');
        let is_zombie = rest.next() == Some("Z");
        if is_zombie && rest.next() == Some(&std::process::id().to_string()) {
            zombies += 1;
        }
    }
    Ok((
        zombies,
        std::fs::read_dir(Path::new("/proc/self/fd"))?.count(),
    ))
}

/// What is left of so many isolated bodies: zombies, and files that were not open before.
#[flow]
async fn leaks(count: u32) -> Result<(u32, usize)> {
    map(0..8, nothing).await?;
    let (_, before) = remains().await?;
    map(0..count, nothing).await?;
    let (zombies, after) = remains().await?;
    Ok((zombies, after.saturating_sub(before)))
}

flowrt::main!();
