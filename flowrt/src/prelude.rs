//! What a file of flows needs: `use flowrt::prelude::*;`.

#[doc(no_inline)]
pub use std::time::Duration;

pub use crate::{
    Engine, Error, JsonSchema, Result, TaskContext, Trigger, map, now, receive, sleep, sleep_until,
    untracked, uuid,
};
#[cfg(feature = "macros")]
pub use crate::{flow, limit, resource, task};
