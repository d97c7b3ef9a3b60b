//! `poll`: asks again and again until the answer will do. One record, however often it asked.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll as Polled, ready};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::author::call::{Callable, TaskCall};
use crate::author::core::Turn;
use crate::author::meta::Meta;
use crate::author::record::decode_output;
use crate::author::scope::{FixedId, Scope, take_fixed};
use crate::author::slot::{Asked, Key, Recorded, Work};
use crate::author::step::Step;
use crate::clock::{Clock, micros};
use crate::error::{Error, Result};
use crate::model::payload::Payload;
use crate::model::record::StepKind;
use crate::model::state::TaskState;

/// A poll that does not yet know what it waits for; see [`poll`].
#[must_use = "a poll needs to know what it waits for: `.until(|value| …)`"]
pub struct Poll<F> {
    every: Duration,
    ask: F,
    step: Option<(Scope, Key)>,
}

/// Asks by a call, waits, and asks again, until the answer satisfies [`until`](Poll::until).
///
/// However often it asks, it is one step with one record: the answer that did. While it waits it holds no slot, and the
/// instant of the next ask is recorded: a restart does not ask sooner. An ask that fails is retried as its task says; when
/// that is used up, the poll fails.
///
/// ```
/// use flowrt::prelude::*;
///
/// #[task]
/// async fn percent(job: u32) -> Result<u32> {
///     Ok(90 + job)
/// }
///
/// #[flow]
/// async fn finished(job: u32) -> Result<u32> {
///     poll(Duration::from_secs(10), || percent(job)).until(|percent| *percent >= 97).await
/// }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// assert_eq!(finished(8).await.unwrap(), 98);
/// # });
/// ```
pub fn poll<M: Callable, F: FnMut() -> TaskCall<M>>(every: Duration, ask: F) -> Poll<F> {
    let fixed = take_fixed();
    let step = Scope::current().map(|scope| {
        let kind = StepKind::Poll;
        let key = scope
            .core
            .build(scope.index, kind, kind.as_str(), Payload::null(), fixed);
        (scope, key)
    });
    Poll { every, ask, step }
}

impl<F> Poll<F> {
    /// Replaces `poll` in the step's id.
    pub fn named(self, name: impl AsRef<str>) -> Self {
        if let Some((scope, key)) = &self.step {
            scope.core.rename(*key, name.as_ref());
        }
        self
    }

    /// Gives the first answer that satisfies the condition. Only that answer is recorded, so the condition may be changed
    /// while a run waits.
    pub fn until<M: Callable, C: FnMut(&M::Output) -> bool>(self, condition: C) -> Until<M, F, C>
    where
        F: FnMut() -> TaskCall<M>,
    {
        let Self { every, ask, step } = self;
        let place = match step {
            Some((scope, key)) => Place::Step(Box::new(Asking {
                scope,
                key,
                asked: 0,
                started: 0,
                stage: Stage::New,
            })),
            None => Place::Plain(Plain::Call(None)),
        };
        Until {
            every,
            ask,
            condition,
            place,
        }
    }
}

impl<F> fmt::Debug for Poll<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Poll(every {:?})", self.every)
    }
}

/// A poll that can be awaited; see [`poll`].
#[must_use = "a poll does nothing until it is awaited"]
pub struct Until<M: Callable, F, C> {
    every: Duration,
    ask: F,
    condition: C,
    place: Place<M>,
}

enum Place<M: Callable> {
    /// A step of a flow.
    Step(Box<Asking<M>>),
    /// Outside of a run.
    Plain(Plain<M>),
}

enum Plain<M: Callable> {
    Call(Option<TaskCall<M>>),
    Pause(BoxFuture<'static, ()>),
}

/// A poll as a step. Its asks and pauses are no steps themselves: they are slots that are not recorded.
struct Asking<M: Callable> {
    scope: Scope,
    key: Key,
    asked: u32,
    started: i64,
    stage: Stage<M>,
}

enum Stage<M: Callable> {
    /// Not polled yet.
    New,
    /// Wanted: the record may know the answer.
    Waiting(Option<TaskCall<M>>, Option<i64>),
    Call(TaskCall<M>),
    Pause(Pause),
    /// Its outcome is on its way into the record.
    Over,
}

/// A pause between two asks; dropped, it is over.
struct Pause {
    scope: Scope,
    key: Key,
    until: i64,
}

impl Drop for Pause {
    fn drop(&mut self) {
        self.scope.core.drop_call(self.key);
    }
}

impl<M: Callable> Drop for Asking<M> {
    fn drop(&mut self) {
        // Its asks go first: they are part of it.
        self.stage = Stage::Over;
        self.scope.core.drop_call(self.key);
    }
}

impl<M: Callable> Asking<M> {
    fn id(&self) -> FixedId {
        self.scope.core.part_of(self.key, self.asked + 1)
    }

    fn call(&self, ask: &mut impl FnMut() -> TaskCall<M>) -> TaskCall<M> {
        self.scope.fixed(self.id(), ask).0
    }

    fn pause(&self, until: i64) -> Stage<M> {
        let id = self.id();
        let kind = StepKind::Sleep;
        let core = &self.scope.core;
        let key = core.build(self.scope.index, kind, "pause", Payload::null(), Some(id));
        Stage::Pause(Pause {
            scope: self.scope.clone(),
            key,
            until,
        })
    }

    /// The first poll: what it asks is its input, so that a resumed run does not take the answer to another question.
    fn begin(&mut self, every: Duration, ask: &mut impl FnMut() -> TaskCall<M>) {
        let core = &self.scope.core;
        let Asked { asks, due } = core.asked(self.key);
        self.asked = asks;
        self.started = core.clock.now();
        let call = self.call(ask);
        let input = format!(
            "[{},{},{}]",
            serde_json::Value::from(M::META.name),
            every.as_micros(),
            &*call.input()
        );
        core.set_input(self.key, Payload::from_json(input));
        self.stage = Stage::Waiting(Some(call), due);
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        every: Duration,
        ask: &mut impl FnMut() -> TaskCall<M>,
        condition: &mut impl FnMut(&M::Output) -> bool,
    ) -> Polled<Result<M::Output>> {
        if matches!(self.stage, Stage::New) {
            self.begin(every, ask);
        }
        match self.scope.core.poll_turn(self.key, cx) {
            Turn::Wait => return Polled::Pending,
            Turn::Ended(Recorded { state, output }) => {
                return Polled::Ready(if state.is_success() {
                    decode_output(M::META.name, &output)
                } else {
                    Err(Error::from_json(&output))
                });
            }
            Turn::Go => {}
        }
        loop {
            match &mut self.stage {
                Stage::New | Stage::Over => return Polled::Pending,
                Stage::Waiting(call, due) => {
                    self.stage = match (call.take(), *due) {
                        (_, Some(due)) => self.pause(due),
                        (Some(call), None) => Stage::Call(call),
                        (None, None) => Stage::Call(self.call(ask)),
                    };
                }
                Stage::Pause(pause) => {
                    let work = Work::Pause {
                        of: self.key,
                        asked: self.asked,
                        until: pause.until,
                    };
                    let core = pause.scope.core.clone();
                    let _: Recorded = ready!(core.poll(pause.key, cx, || work));
                    self.stage = Stage::Call(self.call(ask));
                }
                Stage::Call(call) => {
                    let answer = ready!(call.poll_recorded(cx));
                    self.asked += 1;
                    let decoded = answer
                        .as_ref()
                        .map_err(Clone::clone)
                        .and_then(|answer| decode_output::<M::Output>(M::META.name, answer));
                    let recorded = match (answer, decoded) {
                        (Ok(_), Ok(value)) if !condition(&value) => {
                            let now = self.scope.core.clock.now();
                            self.stage = self.pause(now.saturating_add(micros(every)));
                            continue;
                        }
                        (Ok(answer), Ok(_)) => Recorded {
                            state: TaskState::Completed,
                            output: answer,
                        },
                        (_, Err(error)) | (Err(error), _) => Recorded {
                            state: crate::author::dag::state_of(&error),
                            output: Payload::from_json(error.to_json()),
                        },
                    };
                    self.stage = Stage::Over;
                    let fingerprint = M::META.fingerprint;
                    let core = &self.scope.core;
                    core.end_turn(self.key, recorded, self.asked, self.started, fingerprint);
                }
            }
        }
    }
}

impl<M: Callable, F, C> Future for Until<M, F, C>
where
    F: FnMut() -> TaskCall<M>,
    C: FnMut(&M::Output) -> bool,
{
    type Output = Result<M::Output>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled<Self::Output> {
        let this = self.get_mut();
        let (every, ask, condition) = (this.every, &mut this.ask, &mut this.condition);
        let plain = match &mut this.place {
            Place::Step(asking) => return asking.poll(cx, every, ask, condition),
            Place::Plain(plain) => plain,
        };
        loop {
            match plain {
                Plain::Pause(pause) => {
                    ready!(pause.as_mut().poll(cx));
                    *plain = Plain::Call(None);
                }
                Plain::Call(call) => {
                    let call = call.get_or_insert_with(&mut *ask);
                    let value = ready!(Pin::new(call).poll(cx))?;
                    if condition(&value) {
                        return Polled::Ready(Ok(value));
                    }
                    *plain =
                        Plain::Pause(Box::pin(async move { Clock::real().sleep(every).await }));
                }
            }
        }
    }
}

/// Nothing in it is pinned where it is.
impl<M: Callable, F, C> Unpin for Until<M, F, C> {}

impl<M: Callable, F, C> Step for Until<M, F, C>
where
    F: FnMut() -> TaskCall<M>,
    C: FnMut(&M::Output) -> bool,
{
    fn callee() -> Option<&'static Meta> {
        Some(M::META)
    }
}

impl<M: Callable, F, C> fmt::Debug for Until<M, F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Until({} every {:?})", M::META.name, self.every)
    }
}
