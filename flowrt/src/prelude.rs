//! What a file of flows needs: `use flowrt::prelude::*;`.

#[doc(no_inline)]
pub use std::time::Duration;

pub use crate::{
    Artifact, Engine, Error, JsonSchema, Race2, Race3, Race4, Race5, Result, Secret, Stored,
    TaskContext, Trigger, continue_with, map, now, poll, race, random, receive, secret, sleep,
    sleep_until, untracked, uuid,
};
#[cfg(feature = "macros")]
pub use crate::{flow, limit, resource, task};
