//! Everything is formatted.

use crate::{Step, cargo::cargo};

pub const STEP: Step = Step {
    name: "format",
    run,
};

fn run() -> Result<(), String> {
    cargo(&["fmt", "--all", "--check"])
}
