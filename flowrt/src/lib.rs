//! Workflows as ordinary Rust functions: checked by the compiler, recorded as they run, resumed where they stopped.

extern crate self as flowrt;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[doc(hidden)]
#[path = "schema.rs"]
pub mod __schema;
pub mod author;
#[cfg(feature = "cli")]
mod cli;
pub mod clock;
pub mod config;
pub mod draw;
mod engine;
mod error;
mod failpoint;
mod launch;
#[cfg_attr(
    not(feature = "logs"),
    allow(dead_code, reason = "without the layer nothing is logged")
)]
pub mod logs;
mod mask;
pub mod model;
pub mod ops;
pub mod prelude;
mod registry;
mod scheduler;
mod seal;
#[cfg(feature = "serve")]
pub mod server;
pub mod store;
pub mod testing;
#[cfg(feature = "serve")]
pub mod web;
mod worker;

// The derive by name and the trait by glob: both are called `JsonSchema`.
pub use __schema::*;
#[cfg(feature = "deployments")]
pub use flowmacros::deployments;
#[cfg(feature = "macros")]
pub use flowmacros::{JsonSchema, flow, limit, resource, task};

pub use author::call::{BoxedCall, Handle, TaskCall};
pub use author::context::TaskContext;
pub use author::continuing::{ContinueWith, continue_with};
pub use author::given::{Random, now, random, uuid};
pub use author::map::{Map, MapCall, map};
pub use author::meta::Limit;
pub use author::outcome::Outcome;
pub use author::poll::{Poll, Until, poll};
pub use author::race::{Race, Race2, Race3, Race4, Race5, Racers, race};
pub use author::secret::{Secret, secret};
pub use author::stored::Stored;
pub use author::wait::{Receive, Sleep, Untracked, receive, sleep, sleep_until, untracked};
pub use error::{Error, ErrorKind, Result, StdError};
pub use model::artifact::Artifact;
pub use model::graph::Trigger;
pub use ops::Engine;

/// Makes the program: command line, and in it everything else. Crates of flows are named, so that they are linked.
///
/// ```no_run
/// flowrt::main!();
/// ```
#[cfg(feature = "cli")]
#[macro_export]
macro_rules! main {
    () => {
        $crate::main!(flows = []);
    };
    (flows = [$($flows:ident),* $(,)?]) => {
        $(use $flows as _;)*
        fn main() -> ::std::process::ExitCode {
            $crate::__private::cli_main()
        }
    };
}

/// The secret of that name, for the body of a task: a `Result<Secret<String>>`. See [`secret()`] for where it is looked for.
///
/// ```
/// use flowrt::prelude::*;
///
/// #[task]
/// async fn publish(text: String) -> Result<()> {
///     let token = secret!("PUBLISH_TOKEN")?;
///     send(&text, token.reveal()?).await
/// }
/// # async fn send(_: &str, _: &str) -> Result<()> { Ok(()) }
/// ```
#[macro_export]
macro_rules! secret {
    ($name:expr $(,)?) => {
        $crate::secret($name)
    };
}
