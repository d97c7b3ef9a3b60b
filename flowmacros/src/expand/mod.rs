//! The code that macros leave behind. Nothing here can fail: what is wrong was said before.

mod callable;
#[cfg(feature = "deployments")]
pub(crate) mod deployments;
pub(crate) mod flow;
mod hooks;
pub(crate) mod inline;
pub(crate) mod limit;
mod literal;
mod meta;
pub(crate) mod resource;
pub(crate) mod schema;
mod stub;
pub(crate) mod task;
