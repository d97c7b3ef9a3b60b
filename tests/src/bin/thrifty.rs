//! A program whose task is cached. Each body appends a line to a ledger.

use std::fs::OpenOptions;
use std::io::Write;

use flowrt::prelude::*;

/// Notes that it ran.
#[task(cache = "24h")]
async fn dear(item: u32) -> Result<u32> {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open("ledger")?;
    file.write_all(format!("{item}\n").as_bytes())?;
    Ok(item * 100)
}

/// Buys so many.
#[flow]
async fn buy(items: u32) -> Result<Vec<u32>> {
    map(0..items, |item| dear(item))
        .label(|item| format!("no. {item}"))
        .await
}

flowrt::main!();
