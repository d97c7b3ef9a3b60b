//! Bodies without a run: in unit tests, inside other tasks, and by `.body()`.

use futures_util::TryFutureExt as _;
use futures_util::future::BoxFuture;

use crate::author::context::TaskContext;
use crate::author::frame::{self, Frame, Framed};
use crate::author::meta::{Kind, Meta};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::model::payload::Payload;

/// Runs a flow in a throw-away engine; the engine's side registers how.
#[derive(Debug)]
pub struct Standalone(pub fn(&'static Meta, Payload) -> BoxFuture<'static, Result<Payload>>);

inventory::collect!(Standalone);

/// Runs the body alone. A flow outside of any task gets a throw-away engine, so that its steps are steps.
pub(crate) fn run(
    meta: &'static Meta,
    input: Payload,
    context: TaskContext,
) -> BoxFuture<'static, Result<Payload>> {
    let inside_task = matches!(frame::current(), Some(Frame::Task(_)));
    if meta.kind != Kind::Task
        && !inside_task
        && !frame::engine_is_open()
        && let Some(standalone) = inventory::iter::<Standalone>.into_iter().next()
    {
        return standalone.0(meta, input);
    }
    let frame = Frame::Task(context.0.clone());
    let body = frame::enter(frame.clone(), || (meta.body)(input, context));
    // An error that is recorded loses the values of secrets on its way; this one is not.
    Box::pin(
        Framed {
            frame,
            future: body,
        }
        .map_err(Error::masked),
    )
}

impl TaskContext {
    /// The attempt around this code, or a context of no run.
    pub(crate) fn of_current(meta: &Meta) -> Self {
        match frame::current() {
            Some(Frame::Task(attempt)) => Self(attempt),
            _ => Self::plain(meta.name, Clock::real().now()),
        }
    }
}
