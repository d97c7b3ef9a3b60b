//! A call of a task or flow: what a `#[task]` function returns.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;

use crate::author::context::TaskContext;
use crate::author::core::step_kind;
use crate::author::frame::{self, Frame};
use crate::author::meta::{Kind, Meta};
use crate::author::plain;
use crate::author::record::{Recordable, decode_output, encode};
use crate::author::scope::{Scope, glue_call, take_fixed, untracked_call};
use crate::author::slot::{CallOptions, Key, Recorded, Work};
use crate::author::step::Step;
use crate::error::{Error, ErrorKind, Result};
use crate::model::payload::Payload;

/// What a `#[task]` or `#[flow]` function stands for. Implemented by the macros for hidden marker types.
pub trait Callable: 'static {
    /// The recorded arguments.
    type Args: Recordable;
    /// The value of a success.
    type Output: Recordable;
    /// What the macro knows.
    const META: &'static Meta;
}

/// A call of a task or flow. Does nothing until it is polled or [submitted](TaskCall::submit); dropped before it ended, it
/// is cancelled.
///
/// Inside a flow it is a step: recorded, retried, resumed. In a process where no engine is open it runs the body alone.
#[must_use = "a call does nothing until it is awaited or submitted"]
pub struct TaskCall<M: Callable> {
    call: Call,
    _marker: PhantomData<fn() -> M>,
}

/// A call of any task or flow with that value; see [`boxed`](TaskCall::boxed).
pub type BoxedCall<T> = Pin<Box<dyn Step<Output = Result<T>> + Send>>;

/// A call that was [submitted](TaskCall::submit): it runs whether or not it is awaited, and the run ends only after it.
pub struct Handle<T> {
    call: Call,
    _value: PhantomData<fn() -> T>,
}

/// A call without its types.
struct Call {
    meta: &'static Meta,
    place: Place,
    options: CallOptions,
    location: &'static Location<'static>,
    polled: bool,
}

enum Place {
    /// A step of a flow.
    Step {
        scope: Scope,
        key: Key,
        input: Payload,
        submitted: bool,
        ended: bool,
    },
    /// The body alone.
    Plain(Payload),
    /// The body alone, under way.
    Running(BoxFuture<'static, Result<Payload>>),
    /// Built outside of any flow while an engine is open: to be started, or a mistake.
    Outside(Payload),
    /// It cannot be made.
    Broken(Error),
    Over,
}

/// Makes a call; what the function of a task expands to.
#[track_caller]
pub fn call<M: Callable>(args: M::Args) -> TaskCall<M> {
    TaskCall {
        call: Call::new(M::META, encode(&args), Location::caller()),
        _marker: PhantomData,
    }
}

impl Call {
    #[track_caller]
    fn new(
        meta: &'static Meta,
        input: Result<Payload>,
        location: &'static Location<'static>,
    ) -> Self {
        let place = match input {
            Err(error) => Place::Broken(
                error
                    .hint("an argument of this call cannot be recorded as JSON")
                    .at(meta.name, None, 0),
            ),
            Ok(input) => match frame::current() {
                Some(Frame::Flow(scope)) => {
                    let key = scope.core.build(
                        scope.index,
                        step_kind(meta),
                        meta.name,
                        input.clone(),
                        take_fixed(),
                    );
                    Place::Step {
                        scope,
                        key,
                        input,
                        submitted: false,
                        ended: false,
                    }
                }
                Some(Frame::Glue(..)) => {
                    let _ = take_fixed();
                    Place::Broken(glue_call())
                }
                Some(Frame::Untracked(_)) => Place::Broken(untracked_call()),
                Some(Frame::Task(_)) => Place::Plain(input),
                None if frame::engine_is_open() => Place::Outside(input),
                None => Place::Plain(input),
            },
        };
        Self {
            meta,
            place,
            options: CallOptions::default(),
            location,
            polled: false,
        }
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<Result<Payload>> {
        self.polled = true;
        loop {
            match &mut self.place {
                Place::Step {
                    scope,
                    key,
                    input,
                    ended,
                    ..
                } => {
                    let (meta, options) = (self.meta, &self.options);
                    let work = || Work::Call {
                        meta,
                        input: input.clone(),
                        options: options.clone(),
                    };
                    let Recorded { state, output } = ready!(scope.core.poll(*key, cx, work));
                    *ended = true;
                    return Poll::Ready(if state.is_success() {
                        Ok(output)
                    } else {
                        Err(Error::from_json(&output))
                    });
                }
                Place::Plain(input) => {
                    let input = input.clone();
                    self.place = Place::Running(plain::run(
                        self.meta,
                        input,
                        TaskContext::of_current(self.meta),
                    ));
                }
                Place::Running(future) => {
                    let result = ready!(future.as_mut().poll(cx));
                    self.place = Place::Over;
                    return Poll::Ready(result);
                }
                Place::Outside(_) => return Poll::Ready(Err(outside(self.meta, self.location))),
                Place::Broken(error) => return Poll::Ready(Err(error.clone())),
                Place::Over => {
                    return Poll::Ready(Err(Error::new(
                        ErrorKind::Misuse,
                        "the call was awaited a second time",
                    )));
                }
            }
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if let Place::Step {
            scope,
            key,
            submitted,
            ended,
            ..
        } = &self.place
            && (!submitted || *ended)
        {
            scope.core.drop_call(*key);
        }
    }
}

impl<M: Callable> TaskCall<M> {
    /// Replaces the task's name in the step's id, so that people read it and edits elsewhere do not renumber it.
    pub fn named(self, name: impl AsRef<str>) -> Self {
        if let Place::Step { scope, key, .. } = &self.call.place {
            scope.core.rename(*key, name.as_ref());
        }
        self
    }

    /// Attempts after the first, instead of the task's own.
    pub fn retries(mut self, retries: u32) -> Self {
        self.call.options.retries = Some(retries);
        self
    }

    /// The wait before each retry, instead of the task's own.
    pub fn retry_delay(mut self, delay: Duration) -> Self {
        self.call.options.delay = Some(delay);
        self
    }

    /// The time that each attempt may take, instead of the task's own.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.call.options.timeout = Some(timeout);
        self
    }

    /// Starts the call now. The flow ends only when it has ended, and a failure that nobody awaits fails the run.
    pub fn submit(mut self) -> Handle<M::Output> {
        if let Place::Step {
            scope,
            key,
            input,
            submitted,
            ..
        } = &mut self.call.place
        {
            *submitted = true;
            let work = Work::Call {
                meta: self.call.meta,
                input: input.clone(),
                options: self.call.options.clone(),
            };
            scope.core.submit(*key, work);
        }
        Handle {
            call: self.call,
            _value: PhantomData,
        }
    }

    /// The call without the type of its task, so that a closure may give calls of different ones.
    ///
    /// ```
    /// use flowrt::prelude::*;
    ///
    /// #[task]
    /// async fn halve(n: u32) -> Result<u32> {
    ///     Ok(n / 2)
    /// }
    ///
    /// #[task]
    /// async fn triple(n: u32) -> Result<u32> {
    ///     Ok(n * 3)
    /// }
    ///
    /// #[flow]
    /// async fn steps(numbers: Vec<u32>) -> Result<Vec<u32>> {
    ///     map(numbers, |n| if n % 2 == 0 { halve(n).boxed() } else { triple(n).boxed() }).await
    /// }
    /// ```
    pub fn boxed(self) -> BoxedCall<M::Output> {
        Box::pin(self)
    }

    /// The bare body: no record, no retries, no limits. Says that one means it where a recorded call is impossible.
    pub fn body(mut self) -> BoxFuture<'static, Result<M::Output>> {
        let meta = self.call.meta;
        let input = match &self.call.place {
            Place::Step { input, .. } | Place::Plain(input) | Place::Outside(input) => {
                Ok(input.clone())
            }
            Place::Broken(error) => Err(error.clone()),
            Place::Running(_) | Place::Over => Err(Error::new(
                ErrorKind::Misuse,
                "the call was awaited before `.body()`",
            )),
        };
        if let Place::Step { scope, key, .. } = &self.call.place {
            scope.core.drop_call(*key);
        }
        self.call.place = Place::Over;
        Box::pin(async move {
            let output = plain::run(meta, input?, TaskContext::of_current(meta)).await?;
            decode_output(meta.name, &output)
        })
    }

    /// The recorded inputs; `null` if there are none to be had.
    pub(crate) fn input(&self) -> Payload {
        match &self.call.place {
            Place::Step { input, .. } | Place::Plain(input) | Place::Outside(input) => {
                input.clone()
            }
            Place::Running(_) | Place::Broken(_) | Place::Over => Payload::null(),
        }
    }

    /// Polls for the value as it is recorded.
    pub(crate) fn poll_recorded(&mut self, cx: &mut Context<'_>) -> Poll<Result<Payload>> {
        self.call.poll_output(cx)
    }

    /// The task and its inputs, for what starts runs.
    pub(crate) fn into_parts(mut self) -> Result<(&'static Meta, Payload)> {
        match std::mem::replace(&mut self.call.place, Place::Over) {
            Place::Plain(input) | Place::Outside(input) => Ok((self.call.meta, input)),
            // Built where an engine is open, or inside a flow: the inputs are there all the same.
            Place::Step {
                scope, key, input, ..
            } => {
                scope.core.drop_call(key);
                Ok((self.call.meta, input))
            }
            Place::Broken(error) => Err(error),
            Place::Running(_) | Place::Over => Err(Error::new(
                ErrorKind::Misuse,
                "the call was awaited before it was started",
            )),
        }
    }
}

impl<M: Callable> Future for TaskCall<M> {
    type Output = Result<M::Output>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let output = ready!(self.call.poll_output(cx));
        let meta = self.call.meta;
        Poll::Ready(output.and_then(|output| decode_output(meta.name, &output)))
    }
}

impl<T: DeserializeOwned> Future for Handle<T> {
    type Output = Result<T>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let output = ready!(self.call.poll_output(cx));
        let meta = self.call.meta;
        Poll::Ready(output.and_then(|output| decode_output(meta.name, &output)))
    }
}

impl<M: Callable> fmt::Debug for TaskCall<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "TaskCall({} at {})",
            self.call.meta.name, self.call.location
        )
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Handle({} at {})",
            self.call.meta.name, self.call.location
        )
    }
}

fn outside(meta: &Meta, location: &Location<'_>) -> Error {
    let what = if meta.kind == Kind::Task {
        "task"
    } else {
        "flow"
    };
    Error::new(
        ErrorKind::Misuse,
        format!("the {what} `{}` is called at {location}, outside of any flow, in a process where an engine is open", meta.name),
    )
    .hint("a call inside `tokio::spawn`, a thread or rayon belongs to no run: await it in the flow itself, or write `.body()` to run the body alone")
}
