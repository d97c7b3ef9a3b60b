//! Another library of flows.

use flowrt::prelude::*;

/// The team's crate has a flow of that name, too.
#[flow]
pub async fn nightly() -> Result<String> {
    Ok("of the others".to_owned())
}
