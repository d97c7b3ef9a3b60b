//! A program that reaches the run time and its tasks through another crate only.

use facade::tasks::twice;
use facade::workflows::prelude::*;

/// Adds one.
#[task(crate = facade::workflows)]
async fn add_one(n: u32) -> Result<u32> {
    Ok(n + 1)
}

/// A DAG with a task that was passed on twice.
#[flow(crate = facade::workflows)]
fn as_dag(#[arg(default = 1_u32)] n: u32) -> Result<u32> {
    let doubled = twice(n);
    add_one(doubled)
}

/// The same as a program.
#[flow(crate = facade::workflows)]
async fn as_program(#[arg(default = 2_u32)] n: u32) -> Result<u32> {
    let doubled = facade::tasks::twice(n).await?;
    add_one(doubled).await
}

facade::workflows::main!();
