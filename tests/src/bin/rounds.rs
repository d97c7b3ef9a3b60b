//! A program whose flow goes on in a fresh run after each round, and notes how much memory its process has.

use std::fs::OpenOptions;
use std::io::Write;

use flowrt::prelude::*;

/// Notes the round now and then.
#[task]
async fn round(n: u32) -> Result<u32> {
    if n.is_multiple_of(500) {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open("ledger")?;
        file.write_all(format!("{n} {}\n", resident()?).as_bytes())?;
    }
    Ok(n + 1)
}

/// The memory of this process that is in use, in KiB.
fn resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.map_or(Ok(0), str::parse)?)
}

/// Goes round until that many rounds are done.
#[flow]
async fn go_round(n: u32, until: u32) -> Result<u32> {
    let next = round(n).await?;
    if next < until {
        return continue_with(go_round(next, until)).await;
    }
    Ok(next)
}

flowrt::main!();
