//! Neither rustc nor clippy has anything to say.

use crate::{Step, cargo::cargo};

pub const STEP: Step = Step { name: "lint", run };

/// What is left out leaves other code unused, so each set is looked at by itself: all, nothing, and a program without a server.
const SETS: [&[&str]; 3] = [
    &["--workspace", "--all-targets"],
    &["-p", "flowrt", "--no-default-features"],
    &[
        "-p",
        "flowrt",
        "--no-default-features",
        "--features",
        "macros,sqlite,cli",
    ],
];

fn run() -> Result<(), String> {
    for set in SETS {
        let arguments = [&["clippy"], set, &["--", "-D", "warnings"]].concat();
        cargo(&arguments)?;
    }
    Ok(())
}
