use flowrt::prelude::*;

#[task]
async fn count(n: u32) -> Result<u32> {
    Ok(n + 1)
}

#[flow]
fn round(n: u32) -> Result<u32> {
    let next = count(n);
    continue_with(rounds(next))
}

#[flow]
async fn rounds(n: u32) -> Result<u32> {
    count(n).await
}

fn main() {}
