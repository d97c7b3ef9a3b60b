//! The pages as a browser asks for them, without a browser.

mod backfills;
mod large;
mod late;
mod pages;
pub(super) mod sample;
