//! What a program flow may await.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::future::{
    Join, Join3, Join4, Join5, JoinAll, TryJoin, TryJoin3, TryJoin4, TryJoin5, TryJoinAll,
};

use crate::author::call::{Callable, Handle, TaskCall};
use crate::author::frame::{Frame, enter};
use crate::author::meta::Meta;
use crate::author::scope::Scope;

/// A future whose outcome is recorded, or that is made of such: what may be awaited in a program flow.
pub trait Step: Future {
    /// The task or flow that it calls, as far as its type tells.
    fn callee() -> Option<&'static Meta>
    where
        Self: Sized,
    {
        None
    }
}

impl<M: Callable> Step for TaskCall<M> {
    fn callee() -> Option<&'static Meta> {
        Some(M::META)
    }
}
impl<T: serde::de::DeserializeOwned> Step for Handle<T> {}
impl<S: Step + ?Sized> Step for Pin<Box<S>> {}
impl<S: Step + Unpin + ?Sized> Step for &mut S {}
impl<A: Step, B: Step> Step for Join<A, B> {}
impl<A: Step, B: Step, C: Step> Step for Join3<A, B, C> {}
impl<A: Step, B: Step, C: Step, D: Step> Step for Join4<A, B, C, D> {}
impl<A: Step, B: Step, C: Step, D: Step, E: Step> Step for Join5<A, B, C, D, E> {}
impl<S: Step> Step for JoinAll<S> {}
impl<A: Step, B: Step, T, U, E> Step for TryJoin<A, B>
where
    A: Future<Output = Result<T, E>>,
    B: Future<Output = Result<U, E>>,
{
}
impl<A: Step, B: Step, C: Step, T, U, V, E> Step for TryJoin3<A, B, C>
where
    A: Future<Output = Result<T, E>>,
    B: Future<Output = Result<U, E>>,
    C: Future<Output = Result<V, E>>,
{
}
impl<A: Step, B: Step, C: Step, D: Step, T, U, V, W, E> Step for TryJoin4<A, B, C, D>
where
    A: Future<Output = Result<T, E>>,
    B: Future<Output = Result<U, E>>,
    C: Future<Output = Result<V, E>>,
    D: Future<Output = Result<W, E>>,
{
}
impl<A: Step, B: Step, C: Step, D: Step, F: Step, T, U, V, W, X, E> Step for TryJoin5<A, B, C, D, F>
where
    A: Future<Output = Result<T, E>>,
    B: Future<Output = Result<U, E>>,
    C: Future<Output = Result<V, E>>,
    D: Future<Output = Result<W, E>>,
    F: Future<Output = Result<X, E>>,
{
}
impl<S: Step, T, E> Step for TryJoinAll<S> where S: Future<Output = Result<T, E>> {}

/// A [`Step`], under a name whose error does not list all kinds of steps.
#[diagnostic::on_unimplemented(
    message = "this await is not recorded, so a resumed run would repeat it",
    label = "`{Self}` is not a step",
    note = "make it a #[task] and await that; wait with flowrt's `sleep`, `poll` or `receive`; or write `untracked(…)` if repeating it does no harm"
)]
pub trait Recorded: Future {}

#[diagnostic::do_not_recommend]
impl<S: Step> Recorded for S {}

/// What each `.await` of a program flow goes through.
pub fn step<S: Recorded>(step: S) -> S {
    step
}

pin_project_lite::pin_project! {
    /// A part of a flow with its own numbering: an async block, or an inline helper.
    #[must_use = "a branch does nothing until it is awaited"]
    pub struct Branch<F> {
        scope: Option<BranchScope>,
        late: bool,
        #[pin]
        future: F,
    }
}

/// Tells the run when a branch is gone.
struct BranchScope {
    scope: Scope,
    counted: bool,
}

impl Drop for BranchScope {
    fn drop(&mut self) {
        if self.counted {
            self.scope.core.branch_gone();
        }
    }
}

impl<F> std::fmt::Debug for Branch<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Branch")
    }
}

fn next_branch() -> Option<BranchScope> {
    Scope::current().map(|scope| BranchScope {
        scope: scope.open_branch(),
        counted: true,
    })
}

/// Wraps an async block of a flow: it takes its number now, when it is built.
pub fn branch<F: Future>(future: F) -> Branch<F> {
    Branch {
        scope: next_branch(),
        late: false,
        future,
    }
}

/// Wraps the body of an async closure: it takes its number at its first poll.
pub fn branch_late<F: Future>(future: F) -> Branch<F> {
    Branch {
        scope: None,
        late: true,
        future,
    }
}

/// Wraps the body of an inline helper: part of its caller's run, numbered by its name.
pub fn inline<F: Future>(name: &'static str, future: F) -> Branch<F> {
    inline_named(name, future)
}

/// The same under a name that is made at run time.
pub(crate) fn inline_named<F: Future>(name: &str, future: F) -> Branch<F> {
    let scope = Scope::current().map(|scope| BranchScope {
        scope: scope.open(name),
        counted: false,
    });
    Branch {
        scope,
        late: false,
        future,
    }
}

/// Makes a step of a future that awaits nothing but steps, and adds nothing to it.
pub(crate) fn transparent<F: Future>(future: F) -> Branch<F> {
    Branch {
        scope: None,
        late: false,
        future,
    }
}

impl<F: Future> Future for Branch<F> {
    type Output = F::Output;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if *this.late {
            *this.late = false;
            *this.scope = next_branch();
        }
        let Some(BranchScope { scope, .. }) = this.scope else {
            return this.future.poll(cx);
        };
        let polled = enter(Frame::Flow(scope.clone()), || this.future.poll(cx));
        if polled.is_ready() {
            scope.close();
        }
        polled
    }
}

impl<F: Future> Step for Branch<F> {}

/// Gives the calls that a closure builds a scope of their own, so that how often it runs does not renumber others.
#[derive(Debug)]
pub struct ClosureGuard(());

/// What the macro puts first into a closure of a flow.
pub fn closure_guard() -> ClosureGuard {
    ClosureGuard(())
}
