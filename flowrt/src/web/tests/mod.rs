//! The pages as a browser asks for them, without a browser.

mod pages;
pub(super) mod sample;
