//! A release that waits for a person.

use flowrt::prelude::*;

/// Prepares the release.
#[task]
async fn prepare(version: String) -> Result<String> {
    Ok(format!("release {version}"))
}

/// Asks, waits, and goes on.
#[flow]
async fn approval(release: String) -> Result<String> {
    let release = prepare(release).await?;
    let approved = receive::<bool>("approve").await?;
    Ok(format!(
        "{release}: {}",
        if approved { "published" } else { "given up" }
    ))
}

/// Says back what it was given.
#[flow]
async fn greet(arg: String) -> Result<String> {
    Ok(prepare(arg).await?.replace("release", "hello"))
}
