//! Bodies of `#[task(isolate)]`: each attempt runs in a process of its own, made of this very executable.
//!
//! What a body does to its process (abort, stack overflow, exit, an endless loop) is a failed attempt and nothing more.
//! The two sides talk over one socket ([`wire`]); what the body prints goes through pipes of its own, so that it cannot
//! disturb the talk. Whoever dies first, the other side sees the end of the socket: the parent then fails the attempt,
//! the child then kills itself and all that it has started.

#[cfg(all(feature = "isolate", unix))]
mod asking;
#[cfg(all(feature = "isolate", unix))]
mod attempt;
#[cfg(all(feature = "isolate", unix))]
mod child;
#[cfg(all(feature = "isolate", unix))]
mod output;
#[cfg(all(feature = "isolate", unix))]
mod process;
#[cfg(all(feature = "isolate", unix))]
mod publishing;
#[cfg(all(feature = "isolate", unix))]
mod talk;
#[cfg(all(feature = "isolate", unix))]
mod verdict;
#[cfg(all(feature = "isolate", unix))]
mod wire;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::author::context::TaskContext;
use crate::author::meta::Meta;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::model::payload::Payload;

#[cfg(all(feature = "isolate", unix))]
pub(crate) use child::{ARGUMENT, serve};
#[cfg(all(feature = "isolate", unix))]
pub(crate) use process::executable;

/// Whether the main function of this program knows what a child is started for.
static MAIN_KNOWS: AtomicBool = AtomicBool::new(false);

/// Said by `flowrt::main!`. Without it no child is ever started: a main function that does not know the hidden argument
/// would do all its work again, and start children of its own.
#[cfg_attr(
    not(feature = "cli"),
    allow(dead_code, reason = "only the command line has a main function")
)]
pub(crate) fn allow() {
    MAIN_KNOWS.store(true, Ordering::Release);
}

/// Whether a child made of this executable would know what it is for.
#[cfg(all(feature = "isolate", unix))]
pub(crate) fn main_knows() -> bool {
    MAIN_KNOWS.load(Ordering::Acquire)
}

/// Whether this process may run the bodies of that task.
///
/// # Errors
/// If the task is isolated and this program cannot start children for it.
pub(crate) fn check(meta: &Meta) -> Result<()> {
    if !meta.task.isolate {
        return Ok(());
    }
    if !cfg!(all(feature = "isolate", unix)) {
        return Err(impossible(meta));
    }
    if MAIN_KNOWS.load(Ordering::Acquire) {
        return Ok(());
    }
    let message = format!(
        "the task `{}` is `isolate`: its body runs in a child process of the same executable, and this one was not made by `flowrt::main!()`",
        meta.name
    );
    Err(Error::new(ErrorKind::Misuse, message).hint(
        "make the program with flowrt::main!(), or leave `isolate` out; flowrt::testing::Engine runs such bodies in the test's own process",
    ))
}

fn impossible(meta: &Meta) -> Error {
    let message = format!(
        "the task `{}` is `isolate`, and this build of flowrt cannot start processes for tasks",
        meta.name
    );
    Error::new(ErrorKind::Unsupported, message)
        .hint("isolated tasks need a Unix system and flowrt's feature `cli`")
}

/// What bounds an attempt from outside.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(all(feature = "isolate", unix)),
    allow(dead_code, reason = "without processes there is nothing to bound")
)]
pub(super) struct Bounds {
    /// The attempt's timeout, the start of the process included.
    pub(super) timeout: Option<Duration>,
    /// How long a body that is not wanted any more may go on.
    pub(super) grace: Duration,
    pub(super) clock: Clock,
}

/// Runs a body in a process of its own. Dropped, it kills the process and all that it has started.
pub(super) async fn run(
    meta: &'static Meta,
    input: Payload,
    context: TaskContext,
    bounds: Bounds,
) -> Result<Payload> {
    check(meta)?;
    #[cfg(all(feature = "isolate", unix))]
    return attempt::run(meta, &input, &context.0, bounds).await;
    #[cfg(not(all(feature = "isolate", unix)))]
    {
        let _ = (input, context, bounds);
        Err(impossible(meta))
    }
}
