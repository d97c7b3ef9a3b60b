//! Steps that wait: for time, for a signal; and futures that are waited for without being recorded.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;

use crate::author::core::Core;
use crate::author::frame::{Frame, enter};
use crate::author::record::decode_output;
use crate::author::scope::{Scope, take_fixed};
use crate::author::slot::{Key, Recorded, Work};
use crate::author::step::Step;
use crate::clock::{Clock, micros};
use crate::error::{Error, ErrorKind, Result};
use crate::model::payload::Payload;
use crate::model::record::{Micros, StepKind};

/// A step of the current flow that is no call; dropped before it ended, it is cancelled.
#[derive(Debug)]
struct Waiting {
    scope: Scope,
    key: Key,
}

impl Waiting {
    #[track_caller]
    fn build(kind: StepKind, input: Payload) -> Option<Self> {
        Self::build_named(kind, kind.as_str(), input)
    }

    #[track_caller]
    fn build_named(kind: StepKind, name: &'static str, input: Payload) -> Option<Self> {
        let scope = Scope::current()?;
        let key = scope
            .core
            .build(scope.index, kind, name, input, take_fixed());
        Some(Self { scope, key })
    }

    fn core(&self) -> &Arc<Core> {
        &self.scope.core
    }

    fn poll(&self, cx: &mut Context<'_>, work: impl FnOnce(Micros) -> Work) -> Poll<Recorded> {
        let now = self.core().clock.now();
        self.core().poll(self.key, cx, || work(now))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.scope.core.drop_call(self.key);
    }
}

/// A durable wait; see [`sleep`].
#[must_use = "a sleep does nothing until it is awaited"]
pub struct Sleep {
    waiting: Option<Waiting>,
    length: Duration,
    until: Option<Micros>,
    plain: Option<BoxFuture<'static, ()>>,
}

/// Waits that long without holding a slot. The instant at which it ends is recorded: a restart does not begin anew.
#[track_caller]
pub fn sleep(length: Duration) -> Sleep {
    sleep_named(StepKind::Sleep.as_str(), length)
}

/// The same, as a step of another name.
#[track_caller]
pub(crate) fn sleep_named(name: &'static str, length: Duration) -> Sleep {
    let input = Payload::from_json(format!("[{}]", length.as_micros()));
    Sleep {
        waiting: Waiting::build_named(StepKind::Sleep, name, input),
        length,
        until: None,
        plain: None,
    }
}

/// Waits until that instant; ends at once if it has passed.
#[track_caller]
pub fn sleep_until(instant: jiff::Timestamp) -> Sleep {
    let until = instant.as_microsecond();
    let input = Payload::from_json(format!("[{until}]"));
    Sleep {
        waiting: Waiting::build(StepKind::Sleep, input),
        length: Duration::ZERO,
        until: Some(until),
        plain: None,
    }
}

impl Future for Sleep {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (length, until) = (self.length, self.until);
        if let Some(waiting) = &self.waiting {
            let due = |now: Micros| Work::Sleep {
                until: until.unwrap_or_else(|| now.saturating_add(micros(length))),
            };
            return waiting.poll(cx, due).map(|_| ());
        }
        let plain = self.plain.get_or_insert_with(|| {
            Box::pin(async move {
                let clock = Clock::real();
                clock
                    .sleep_until(
                        until.unwrap_or_else(|| clock.now().saturating_add(micros(length))),
                    )
                    .await;
            })
        });
        plain.as_mut().poll(cx)
    }
}

impl std::fmt::Debug for Sleep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sleep({:?})", self.length)
    }
}

impl Step for Sleep {}

/// Waits for a signal; see [`receive`].
#[derive(Debug)]
#[must_use = "a receive does nothing until it is awaited"]
pub struct Receive<T> {
    waiting: Option<Waiting>,
    name: &'static str,
    timeout: Option<Duration>,
    schema: fn() -> serde_json::Value,
    _value: PhantomData<fn() -> T>,
}

/// Waits for the next signal of that name: a value that a person or a program sends to the run. Holds no slot.
#[track_caller]
pub fn receive<T: DeserializeOwned + schemars::JsonSchema>(name: &'static str) -> Receive<T> {
    let input = Payload::from_json(serde_json::json!([name]).to_string());
    let schema = || schemars::schema_for!(T).to_value();
    Receive {
        waiting: Waiting::build(StepKind::Receive, input),
        name,
        timeout: None,
        schema,
        _value: PhantomData,
    }
}

impl<T> Receive<T> {
    /// Gives up after that long, with an error of kind [`ErrorKind::SignalTimedOut`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl<T: DeserializeOwned> Future for Receive<T> {
    type Output = Result<T>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let Some(waiting) = &self.waiting else {
            let message = format!(
                "`receive(\"{}\")` waits for a signal to a run, and there is no run here",
                self.name
            );
            return Poll::Ready(Err(Error::new(ErrorKind::Misuse, message)));
        };
        let work = |_| Work::Receive {
            name: self.name.to_owned(),
            timeout: self.timeout,
            schema: (self.schema)(),
        };
        let Recorded { state, output } = ready!(waiting.poll(cx, work));
        Poll::Ready(if state.is_success() {
            decode_output(self.name, &output)
        } else {
            Err(Error::from_json(&output))
        })
    }
}

impl<T: DeserializeOwned> Step for Receive<T> {}

pin_project_lite::pin_project! {
    /// A future that a replay repeats; see [`untracked`].
    #[must_use = "futures do nothing until they are awaited"]
    pub struct Untracked<F> {
        counted: Option<Counted>,
        #[pin]
        future: F,
    }
}

struct Counted(Arc<Core>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.untracked(-1);
    }
}

/// Awaits something that is not recorded: a resumed run does it again. Right for what only this process needs.
pub fn untracked<F: Future>(future: F) -> Untracked<F> {
    let counted = Scope::current().map(|scope| {
        scope.core.untracked(1);
        Counted(scope.core)
    });
    Untracked { counted, future }
}

impl<F: Future> Future for Untracked<F> {
    type Output = F::Output;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let output = ready!(if let Some(counted) = &this.counted {
            let frame = Frame::Untracked(counted.0.facts.run);
            enter(frame, || this.future.poll(cx))
        } else {
            this.future.poll(cx)
        });
        *this.counted = None;
        Poll::Ready(output)
    }
}

impl<F> std::fmt::Debug for Untracked<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Untracked")
    }
}

impl<F: Future> Step for Untracked<F> {}
