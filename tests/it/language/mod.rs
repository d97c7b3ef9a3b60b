//! Programs that are right though unusual: they must compile without a warning and do what they say.
#![deny(warnings, clippy::pedantic)]
#![forbid(unsafe_code)]

use flowrt::Engine;

/// The value of a flow, run in a store in memory.
macro_rules! value {
    ($call:expr) => {
        crate::language::memory()
            .await
            .run($call)
            .await
            .expect("the flow succeeds")
    };
}

async fn memory() -> Engine {
    Engine::open("memory:")
        .await
        .expect("a store in memory opens")
}

mod attributes;
mod awaits;
mod generated;
mod names;
mod parameters;
mod renamed;
mod results;
mod schemas;
mod tasks;
