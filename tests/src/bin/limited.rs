//! A program whose only task is under a limit. Each body appends the moment at which it began to a ledger.

use std::fs::OpenOptions;
use std::io::Write;

use flowrt::prelude::*;

limit!(API, "100 per second");

/// Notes when it began, in microseconds since 1970.
#[task(limit = API)]
async fn call_api(ledger: String, number: u32) -> Result<u32> {
    let began = flowrt::clock::Clock::real().now();
    let mut file = OpenOptions::new().append(true).create(true).open(ledger)?;
    file.write_all(format!("{began}\n").as_bytes())?;
    Ok(number)
}

/// Calls so often.
#[flow]
async fn call_often(ledger: String, calls: u32) -> Result<usize> {
    let answers = map(0..calls, |number| call_api(ledger.clone(), number)).await?;
    Ok(answers.len())
}

flowrt::main!();
