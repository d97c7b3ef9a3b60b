//! Tasks around the build.
fn main() {}
