//! The pages as a browser asks for them, without a browser.

mod acted;
mod pages;
pub(super) mod sample;
