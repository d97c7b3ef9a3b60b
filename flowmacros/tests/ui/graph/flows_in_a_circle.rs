use flowrt::prelude::*;

#[task]
async fn one(x: u32) -> Result<u32> {
    Ok(x)
}

#[task]
async fn two(x: u32, y: String) -> Result<String> {
    Ok(format!("{x}{y}"))
}

#[flow]
fn ping(x: u32) -> Result<u32> {
    pong(x)
}

#[flow]
fn pong(x: u32) -> Result<u32> {
    ping(x)
}

fn main() {}
