//! A program of flows that fail for reasons: what tests of explanations and notices run.

use std::path::Path;

use flowrt::prelude::*;
use flowrt::{Error, map};

/// Needs a file.
#[task]
async fn read(file: String) -> Result<String> {
    if !Path::new(&file).exists() {
        tracing::warn!("looked in 3 folders");
        return Err(Error::from(std::io::Error::other(format!(
            "{file} is not there"
        ))));
    }
    Ok(file)
}

/// Completes once the file is there.
#[flow]
async fn import(#[arg(default = "file-1")] file: String) -> Result<String> {
    read(file).await
}

/// Completes.
#[flow]
async fn fine() -> Result<u32> {
    Ok(1)
}

/// Some items cannot be done.
#[task(retries = 1)]
async fn item(number: u32, ctx: &TaskContext) -> Result<u32> {
    match number % 10 {
        0 => {
            if ctx.attempt() == 1 {
                return Err("the office is closed".into());
            }
            tracing::warn!("asked {number} times");
            Err(format!("item {number} has no price").into())
        }
        1 if number > 50 => Err(Error::fatal("the page is gone")),
        _ => Ok(number),
    }
}

/// A fan-out with two causes.
#[flow]
fn scatter() -> Result<u64> {
    let done = map(0..100_u32, |number| item(number));
    { done.len() as u64 }
}

/// Its child has them.
#[flow]
async fn above() -> Result<u64> {
    scatter().await
}

flowrt::main!();
