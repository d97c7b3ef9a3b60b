//! What `map` fans out over, and what its builders take.

use flowrt::prelude::*;

#[task]
async fn double(n: u32) -> Result<u32> {
    Ok(n * 2)
}

#[flow]
async fn no_call() -> Result<Vec<u32>> {
    map(0..3, |n: u32| n * 2).await
}

#[flow]
async fn call_that_is_discarded() -> Result<Vec<()>> {
    map(0..3, |n| {
        double(n);
    })
    .await
}

#[flow]
fn no_call_in_a_dag() -> Result<Vec<u32>> {
    let doubled = map(0..3, |n: u32| n * 2);
    doubled
}

#[flow]
fn results_are_no_values() -> Result<Vec<u32>> {
    let doubled = map(0..3, |n| double(n)).tolerate(0.5);
    doubled
}

fn main() {}
