//! A program of flows whose tasks write a line each, fail while somebody wants them to, and hold while somebody wants
//! that: what tests of the command line run, kill and take up again.

use std::io::Write;
use std::path::Path;

use flowrt::prelude::*;

/// Writes its name down. Fails while there is a file `broken-NAME`; holds for ever where there is a file `hold-NAME`.
#[task]
async fn act(folder: String, what: String) -> Result<String> {
    let folder = Path::new(&folder);
    let mut ledger = std::fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("ledger"))?;
    ledger.write_all(format!("{what}\n").as_bytes())?;
    if folder.join(format!("hold-{what}")).exists() {
        std::future::pending::<()>().await;
    }
    if folder.join(format!("broken-{what}")).exists() {
        return Err(format!("{what} is broken").into());
    }
    Ok(what)
}

/// One after another, then a child.
#[flow]
fn night(folder: String, #[arg(default = "third")] last: String) -> Result<String> {
    let first = act(folder.clone(), "first".to_owned()).named("first");
    let second = act(folder.clone(), "second".to_owned())
        .named("second")
        .after(first);
    let inner = within(folder.clone()).named("inner").after(second);
    act(folder, last).named("last").after(inner)
}

/// A child run of two tasks.
#[flow]
fn within(folder: String) -> Result<String> {
    let fourth = act(folder.clone(), "fourth".to_owned()).named("fourth");
    act(folder, "fifth".to_owned()).named("fifth").after(fourth)
}

/// As long as somebody says.
#[flow]
async fn counting(folder: String, count: u32) -> Result<u32> {
    for number in 0..count {
        act(folder.clone(), format!("n{number}")).await?;
    }
    Ok(count)
}

flowrt::main!();
