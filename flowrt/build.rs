//! Empty on purpose: `links` in Cargo.toml needs a build script.
fn main() {}
