//! What macros expand to and what user code touches. Reaches the engine only through the handle of the current run.

pub(crate) mod call;
pub(crate) mod cancel;
pub mod context;
pub(crate) mod core;
pub mod dag;
pub(crate) mod expand;
pub(crate) mod frame;
pub(crate) mod given;
pub mod hook;
pub(crate) mod map;
pub mod meta;
pub(crate) mod mix;
pub mod outcome;
pub(crate) mod plain;
pub(crate) mod poll;
pub(crate) mod predicate;
pub(crate) mod publish;
pub(crate) mod race;
pub(crate) mod record;
pub(crate) mod resource;
pub(crate) mod scope;
pub(crate) mod slot;
pub(crate) mod step;
pub(crate) mod stored;
pub(crate) mod stub;
pub(crate) mod wait;
