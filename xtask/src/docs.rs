//! The documentation builds, and its links lead somewhere.

use crate::{
    Step,
    cargo::{command, succeed},
};

pub const STEP: Step = Step { name: "docs", run };

fn run() -> Result<(), String> {
    let mut doc = command(&["doc", "--workspace", "--no-deps"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    succeed(doc)
}
