//! The pages as a browser asks for them, without a browser.

pub(super) mod sample;
