//! A library of flows.

use flowrt::prelude::*;

/// Twice the number.
#[task]
pub async fn double(n: u32) -> Result<u32> {
    Ok(n * 2)
}

/// Four times the number.
#[flow]
pub fn quadruple(#[arg(default = 1_u32)] n: u32) -> Result<u32> {
    let doubled = double(n);
    double(doubled)
}

/// The other crate has a flow of that name, too.
#[flow]
pub async fn nightly() -> Result<String> {
    Ok("of the team".to_owned())
}
