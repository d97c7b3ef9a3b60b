//! Flows that leave a trace for each thing they do: what tests of moving, copying and clearing runs look at.

use std::io::Write;
use std::path::Path;

use flowrt::prelude::*;
use flowrt::receive;
use serde::{Deserialize, Serialize};

/// What is recorded and must come through unchanged.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Parcel {
    label: String,
    /// More digits than a JSON number keeps in most programs.
    number: u64,
    weight: f64,
}

/// Writes its name down and logs it. Fails while there is a file `broken-WHAT`; waits while there is `hold-WHAT`.
#[task]
async fn act(folder: String, what: String) -> Result<String> {
    let folder = Path::new(&folder);
    let mut ledger = std::fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("ledger"))?;
    ledger.write_all(format!("{what}\n").as_bytes())?;
    tracing::info!("does {what}");
    if folder.join(format!("hold-{what}")).exists() {
        std::future::pending::<()>().await;
    }
    if folder.join(format!("broken-{what}")).exists() {
        return Err(format!("{what} is broken").into());
    }
    Ok(what)
}

#[task]
async fn weigh(label: String) -> Result<Parcel> {
    Ok(Parcel {
        label,
        number: u64::MAX,
        weight: 0.1 + 0.2,
    })
}

/// Packs in a child run, then sends.
#[flow]
fn ship(folder: String, #[arg(default = 2)] items: u32) -> Result<Parcel> {
    let packed = pack(folder.clone(), items);
    let parcel = weigh(packed);
    act(folder, "send".to_owned()).named("send").after(parcel);
    parcel
}

/// So many things.
#[flow]
async fn pack(folder: String, items: u32) -> Result<String> {
    let mut label = String::new();
    for item in 0..items {
        label += &act(folder.clone(), format!("item{item}")).await?;
    }
    Ok(label)
}

/// Packs, then waits for a person.
#[flow]
async fn ask(folder: String) -> Result<bool> {
    pack(folder, 1).await?;
    receive::<bool>("yes").await
}

flowrt::main!();
