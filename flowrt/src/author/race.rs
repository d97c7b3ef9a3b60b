//! `race`: the first of several steps to end.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::author::scope::Scope;
use crate::author::step::Step;

/// What [`race`] takes: a tuple of two to five steps.
#[diagnostic::on_unimplemented(
    message = "`race` takes a tuple of two to five steps, not `{Self}`",
    label = "write `race((first, second))`",
    note = "steps are calls of tasks and flows, and `sleep`, `receive`, `poll` and the like; for many calls of one kind see `map`"
)]
pub trait Racers {
    /// The steps where they stay while they are polled.
    type Running;
    /// Which one won, with its value.
    type Winner;
    /// Gives them their places.
    fn running(self) -> Self::Running;
    /// Polls them in their order.
    fn poll(running: &mut Self::Running, cx: &mut Context<'_>) -> Poll<Self::Winner>;
}

/// A race under way; see [`race`].
#[must_use = "a race does nothing until it is awaited"]
pub struct Race<R, W> {
    running: Option<R>,
    poll: fn(&mut R, &mut Context<'_>) -> Poll<W>,
}

/// Waits for the first of the steps to end and cancels the others, which are recorded as cancelled. A failure ends a race
/// as well: the winner's value is then an `Err`. Every replay has the same winner.
///
/// ```
/// use flowrt::prelude::*;
///
/// #[task]
/// async fn answer() -> Result<u32> {
///     Ok(42)
/// }
///
/// #[flow]
/// async fn patient() -> Result<Option<u32>> {
///     Ok(match race((answer(), sleep(Duration::from_secs(60)))).await {
///         Race2::First(answer) => Some(answer?),
///         Race2::Second(()) => None,
///     })
/// }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// assert_eq!(patient().await.unwrap(), Some(42));
/// # });
/// ```
pub fn race<R: Racers>(steps: R) -> Race<R::Running, R::Winner> {
    Race {
        running: Some(steps.running()),
        poll: R::poll,
    }
}

impl<R, W> Future for Race<R, W> {
    type Output = W;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<W> {
        let this = self.get_mut();
        let Some(running) = &mut this.running else {
            return Poll::Pending;
        };
        let winner = (this.poll)(running, cx);
        if winner.is_ready() {
            // Those that lost are cancelled here, before anybody sees the winner.
            this.running = None;
            if let Some(scope) = Scope::current() {
                scope.core.decided();
            }
        }
        winner
    }
}

/// The steps have places of their own on the heap.
impl<R, W> Unpin for Race<R, W> {}

impl<R, W> Step for Race<R, W> {}

impl<R, W> fmt::Debug for Race<R, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Race")
    }
}

macro_rules! racers {
    ($name:ident, $count:literal: $($step:ident $variant:ident $place:literal $number:tt),*) => {
        #[doc = concat!("The winner of a [`race`] of ", $count, " steps.")]
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name<$($step),*> {
            $(
                #[doc = concat!("The ", $place, " step ended first; this is what it gave.")]
                $variant($step),
            )*
        }

        #[diagnostic::do_not_recommend]
        impl<$($step: Step),*> Racers for ($($step,)*) {
            type Running = ($(Pin<Box<$step>>,)*);
            type Winner = $name<$($step::Output),*>;
            fn running(self) -> Self::Running {
                ($(Box::pin(self.$number),)*)
            }
            fn poll(running: &mut Self::Running, cx: &mut Context<'_>) -> Poll<Self::Winner> {
                $(
                    if let Poll::Ready(value) = running.$number.as_mut().poll(cx) {
                        return Poll::Ready($name::$variant(value));
                    }
                )*
                Poll::Pending
            }
        }
    };
}

racers!(Race2, "two": A First "first" 0, B Second "second" 1);
racers!(Race3, "three": A First "first" 0, B Second "second" 1, C Third "third" 2);
racers!(Race4, "four": A First "first" 0, B Second "second" 1, C Third "third" 2, D Fourth "fourth" 3);
racers!(Race5, "five": A First "first" 0, B Second "second" 1, C Third "third" 2, D Fourth "fourth" 3, E Fifth "fifth" 4);
