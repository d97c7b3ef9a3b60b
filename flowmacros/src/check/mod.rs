//! What must not compile, one rule a function. What a type says is left to rustc and the traits of the run time.

pub(crate) mod effects;
mod flow;
mod injected;
mod inline;
mod owned;
mod secrets;
mod signature;
mod task;

pub(crate) use flow::{flag_of, flow};
pub(crate) use inline::inline;
pub(crate) use secrets::secrets;
pub(crate) use signature::signature;
pub(crate) use task::task;
