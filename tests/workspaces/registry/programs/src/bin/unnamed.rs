//! Has a flow of its own, and names none of the crates in its Cargo.toml.

use flowrt::prelude::*;

/// The only flow that is linked.
#[flow]
async fn own() -> Result<u32> {
    Ok(1)
}

flowrt::main!();
