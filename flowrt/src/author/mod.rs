//! What macros expand to and what user code touches. Reaches the engine only through the handle of the current run.

pub mod context;
pub mod meta;
pub mod dag;
