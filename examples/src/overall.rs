//! Four jobs: the first two beside each other, then the third, then the fourth.

use flowrt::prelude::*;

/// The first job.
#[task]
async fn job1() -> Result<u32> {
    Ok(1)
}

/// The second job.
#[task]
async fn job2() -> Result<u32> {
    Ok(2)
}

/// Needs both.
#[task]
async fn job3(one: u32, two: u32) -> Result<u32> {
    Ok(one + two)
}

/// Needs the third.
#[task]
async fn job4(three: u32) -> Result<String> {
    Ok(format!("jobs 1 and 2 made {three}"))
}

/// The flow that GitHub Actions writes with `needs`, as calls.
#[flow]
fn overall() -> Result<String> {
    let one = job1();
    let two = job2();
    let three = job3(one, two);
    job4(three)
}
