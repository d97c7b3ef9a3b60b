//! `continue_with`: a run that ends its history and goes on with a fresh one.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::author::call::{Callable, TaskCall};
use crate::author::core::Continuation;
use crate::author::meta::{Kind, Meta};
use crate::author::scope::Scope;
use crate::author::step::Step;
use crate::error::{Error, ErrorKind, Result};

/// The end of a run that goes on in another; see [`continue_with`].
#[must_use = "the run goes on there only if this is awaited"]
pub struct ContinueWith<M: Callable>(Where<M>);

enum Where<M: Callable> {
    /// In a run, which ends.
    Run(Scope, Result<Continuation>),
    /// Outside of any run: just the call.
    Plain(Pin<Box<TaskCall<M>>>),
}

/// Ends this run's history and goes on with a fresh one: the call becomes a run of its own, and whoever waits for this run
/// gets that one's result. What comes after it in the flow is never reached.
///
/// A flow that works for ever, or for very many steps, ends each round so: no history grows beyond a round, and the runs
/// of a chain never nest. The run that ends is `Completed` and the new one names it as its origin; both happen in one
/// transaction, so a crash loses neither. A cancel, a resume and signals that nobody has received go to the last run of the
/// chain. Each run of it has attempts and a timeout of its own; the logical time stays. Hooks of the flow are called at the
/// end of the last, and what earlier runs of the chain did is not rolled back when a later one fails.
///
/// ```
/// use flowrt::prelude::*;
///
/// #[task]
/// async fn next_page(page: u32) -> Result<Option<u32>> {
///     Ok((page < 3).then_some(page + 1))
/// }
///
/// #[flow]
/// async fn read_all(page: u32) -> Result<u32> {
///     match next_page(page).await? {
///         Some(next) => continue_with(read_all(next)).await,
///         None => Ok(page),
///     }
/// }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// assert_eq!(read_all(0).await.unwrap(), 3);
/// # });
/// ```
pub fn continue_with<M: Callable>(call: TaskCall<M>) -> ContinueWith<M> {
    ContinueWith(match Scope::current() {
        Some(scope) => Where::Run(scope, continuation(call)),
        None => Where::Plain(Box::pin(call)),
    })
}

fn continuation<M: Callable>(call: TaskCall<M>) -> Result<Continuation> {
    let (meta, input) = call.into_parts()?;
    if meta.kind == Kind::Task {
        let message = format!(
            "`continue_with` takes the call of a flow, and `{}` is a task",
            meta.name
        );
        return Err(Error::new(ErrorKind::Misuse, message)
            .hint("await the task, and continue with a flow that takes what it gave"));
    }
    Ok(Continuation { meta, input })
}

impl<M: Callable> Future for ContinueWith<M> {
    type Output = Result<M::Output>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Where::Plain(call) => call.as_mut().poll(cx),
            Where::Run(_, Err(error)) => Poll::Ready(Err(error.clone())),
            Where::Run(scope, Ok(continuation)) => {
                // The driver looks for it after this poll, and does not poll the flow again.
                scope.core.continue_with(continuation.clone());
                Poll::Pending
            }
        }
    }
}

impl<M: Callable> Step for ContinueWith<M> {
    fn callee() -> Option<&'static Meta> {
        Some(M::META)
    }
}

impl<M: Callable> std::fmt::Debug for ContinueWith<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ContinueWith({})", M::META.name)
    }
}
