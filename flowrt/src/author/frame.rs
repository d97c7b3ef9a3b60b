//! What surrounds the code that runs now on this thread: a flow, a task body, or neither.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use crate::author::context::Attempt;
use crate::author::scope::Scope;
use crate::model::ids::RunId;

/// What surrounds the code that runs.
#[derive(Clone, Debug)]
pub(crate) enum Frame {
    /// A flow's future is polled: calls become steps.
    Flow(Scope),
    /// Plain code of a DAG, of that node: calls are mistakes.
    Glue(Scope, usize),
    /// A future of that run that is waited for without being recorded: calls are mistakes.
    #[cfg_attr(
        not(feature = "logs"),
        allow(dead_code, reason = "without the layer nothing is logged")
    )]
    Untracked(RunId),
    /// The body of a task: calls are plain bodies, part of the attempt.
    Task(Arc<Attempt>),
}

thread_local! {
    static FRAME: RefCell<Option<Frame>> = const { RefCell::new(None) };
}

/// How many engines are open, those of tests not counted.
static ENGINES: AtomicUsize = AtomicUsize::new(0);

/// The frame of this moment.
pub(crate) fn current() -> Option<Frame> {
    FRAME.with_borrow(Clone::clone)
}

/// What `look` finds in the frame of this moment. A thread that is ending has none.
#[cfg(feature = "logs")]
pub(crate) fn with_current<R>(look: impl FnOnce(&Frame) -> R) -> Option<R> {
    let seen = FRAME.try_with(|frame| frame.try_borrow().ok()?.as_ref().map(look));
    seen.ok().flatten()
}

/// Whether the body of a flow or task runs on this thread.
#[cfg(feature = "cli")]
pub(crate) fn is_inside() -> bool {
    with_current(|_| ()).is_some()
}

/// Runs code inside a frame; the old one comes back even if the code panics.
pub(crate) fn enter<R>(frame: Frame, code: impl FnOnce() -> R) -> R {
    struct Restore(Option<Frame>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let frame = self.0.take();
            FRAME.with_borrow_mut(|current| *current = frame);
        }
    }
    let _restore = Restore(FRAME.with_borrow_mut(|current| current.replace(frame)));
    code()
}

/// Whether an engine is open in this process.
pub(crate) fn engine_is_open() -> bool {
    ENGINES.load(Ordering::Acquire) > 0
}

/// Counts an engine as open while it lives.
#[derive(Debug)]
pub(crate) struct OpenEngine(());

impl OpenEngine {
    pub(crate) fn new() -> Self {
        ENGINES.fetch_add(1, Ordering::AcqRel);
        Self(())
    }
}

impl Drop for OpenEngine {
    fn drop(&mut self) {
        ENGINES.fetch_sub(1, Ordering::AcqRel);
    }
}

pin_project_lite::pin_project! {
    /// A future that is polled inside a frame.
    pub(crate) struct Framed<F> {
        pub(crate) frame: Frame,
        #[pin]
        pub(crate) future: F,
    }
}

impl<F: Future> Future for Framed<F> {
    type Output = F::Output;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        enter(this.frame.clone(), || this.future.poll(cx))
    }
}
