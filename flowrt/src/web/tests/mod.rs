//! The pages as a browser asks for them, without a browser.

mod acted;
mod backfills;
mod buttons;
mod deployed;
mod large;
mod late;
mod pages;
pub(super) mod sample;
