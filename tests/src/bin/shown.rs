//! Flows for the tests of the page: they wait until a file says that they may go on, so that a test sees each state.

use std::path::Path;

use flowrt::clock::Clock;
use flowrt::prelude::*;

/// Waits for the file.
#[task]
async fn wait_for(file: String) -> Result<String> {
    tracing::info!(%file, "waiting for the file");
    while !Path::new(&file).exists() {
        Clock::real().sleep(Duration::from_millis(20)).await;
    }
    tracing::info!(%file, "the file is there");
    Ok(file)
}

#[task]
async fn page(number: u32) -> Result<u32> {
    Ok(number * 2)
}

#[task]
async fn add(pages: Vec<u32>, file: String) -> Result<String> {
    Ok(format!("{} by {file}", pages.iter().sum::<u32>()))
}

/// Reads pages and waits for a file, then adds them up.
#[flow]
fn gather(
    #[arg(default = 12, help = "how many pages there are")] pages: u32,
    #[arg(default = "go")] file: String,
) -> Result<String> {
    let read = map(0..pages, |number| page(number));
    let file = wait_for(file);
    add(read, file)
}

#[task]
async fn ask_the_shop(address: String) -> Result<u32> {
    if Path::new("open").exists() {
        return Ok(42);
    }
    let refused = std::io::Error::other("connection refused");
    Err(format!("the shop at {address} did not answer: {refused}").into())
}

/// Fails until the shop is open.
#[flow]
fn order(address: String) -> Result<u32> {
    ask_the_shop(address)
}

/// Asks a person.
#[flow]
async fn release() -> Result<String> {
    let approved = receive::<bool>("approve").await?;
    Ok(if approved { "out" } else { "held back" }.to_owned())
}

flowrt::main!();
