//! All tests: in the crates, through the public interface, of compile errors, and of the code in documents.

use crate::{Step, cargo::cargo};

pub const STEP: Step = Step { name: "test", run };

/// Without a filter for targets, cargo runs the documentation tests too.
fn run() -> Result<(), String> {
    cargo(&["test", "--workspace", "--no-fail-fast"])
}
