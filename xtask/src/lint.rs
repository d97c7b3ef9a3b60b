//! Neither rustc nor clippy has anything to say.

use crate::{Step, cargo::cargo};

pub const STEP: Step = Step { name: "lint", run };

fn run() -> Result<(), String> {
    cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])
}
