//! Has no flow, and names no crate.

flowrt::main!();
