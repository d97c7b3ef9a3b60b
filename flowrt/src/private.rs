//! What expansions of the macros may name. Not subject to semver.

pub use futures_util::future::BoxFuture;
pub use inventory;
pub use schemars;

pub use crate::__outcome_of_result as outcome_of_result;
pub use crate::author::call::{Callable, call};
pub use crate::author::context::TaskContext;
pub use crate::author::dag::{Arm, Cell, Dag, Same, matched_before};
#[cfg(feature = "deployments")]
pub use crate::author::deployed::{
    Given, GivenParam, Message, flow_fault, lack, missing, param_fault,
};
pub use crate::author::expand::{
    Callee, Caught, CaughtOurs, CaughtPlain, CaughtSerde, HasSchema, ResultParts, blocking,
    check_param, decode_args, meta_of, schema_of,
};
pub use crate::author::group::{GroupOptions, GroupOutcome, group, group_within};
pub use crate::author::hook::{Hook, Rollback, hook_of, rollback_of};
pub use crate::author::meta::*;
pub use crate::author::predicate::{CacheKey, RetryIf, cache_key_of};
pub use crate::author::punctual::begins;
pub use crate::author::record::{Recordable, decode, encode};
pub use crate::author::resource::{RegisteredResource, checked, resource};
pub use crate::author::step::{Branch, Step, branch, branch_late, closure_guard, inline, step};
pub use crate::author::stub::STUB;
pub use crate::error::{Error, Result};
pub use crate::model::graph::Trigger;
pub use crate::model::payload::Payload;

#[cfg(feature = "cli")]
pub use crate::cli::main as cli_main;

/// The recorded outcome of a body that returns a result.
#[doc(hidden)]
#[macro_export]
macro_rules! __outcome_of_result {
    ($body:expr) => {
        match $body {
            ::core::result::Result::Ok(value) => $crate::__private::encode(&value),
            ::core::result::Result::Err(error) => {
                #[allow(unused_imports)]
                use $crate::__private::{CaughtOurs as _, CaughtPlain as _, CaughtSerde as _};
                ::core::result::Result::Err((&&&$crate::__private::Caught::new(error)).caught())
            }
        }
    };
}
