//! Steps that are bounded and tried again together: `#[flow(inline, timeout = …, retries = …)]`.
//!
//! A group is made of what is recorded anyway: its timeout is a race with a sleep, and it waits by a sleep between its
//! attempts. So a replay decides as the first execution did, and the store knows nothing of groups.

use std::future::Future;
use std::time::Duration;

use crate::author::meta::Delay;
use crate::author::race::{Race2, race};
use crate::author::step::{Branch, inline, inline_named, transparent};
use crate::author::wait::sleep_named;
use crate::error::{Error, ErrorKind, Result};
use crate::model::retry;

/// What bounds the steps of a helper together.
#[derive(Debug, Clone, Copy)]
pub struct GroupOptions {
    /// Attempts after the first.
    pub retries: u32,
    /// Waits between attempts.
    pub delay: Delay,
    /// Of all attempts together, and the waits between them.
    pub timeout: Option<Duration>,
}

/// What a helper gives whose steps are bounded together.
#[diagnostic::on_unimplemented(
    message = "a helper with `timeout` or `retries` gives a `flowrt::Result<T>`",
    label = "`{Self}` has no place for the error of a timeout, and does not say whether another attempt is worth it",
    note = "write `-> Result<T>` with `flowrt::Result`; what the helper's `?` meets becomes a `flowrt::Error`"
)]
pub trait GroupOutcome {
    /// The error, if it failed.
    fn error(&self) -> Option<&Error>;
    /// The outcome of a group whose time is over.
    fn failed(error: Error) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T> GroupOutcome for Result<T> {
    fn error(&self) -> Option<&Error> {
        self.as_ref().err()
    }

    fn failed(error: Error) -> Self {
        Err(error)
    }
}

/// Wraps the body of a helper that has a time for all of its steps.
pub fn group_within<T: GroupOutcome>(
    name: &'static str,
    limit: Duration,
    body: impl Future<Output = T>,
) -> Branch<impl Future<Output = T>> {
    inline(name, within(name, limit, body))
}

/// Wraps the body of a helper whose steps are tried again together; `body` begins an attempt.
pub fn group<T: GroupOutcome, F: Future<Output = T>>(
    name: &'static str,
    options: GroupOptions,
    body: impl FnMut() -> F,
) -> Branch<impl Future<Output = T>> {
    inline(name, async move {
        let attempts = attempts(options, body);
        match options.timeout {
            None => attempts.await,
            Some(limit) => within(name, limit, attempts).await,
        }
    })
}

async fn within<T: GroupOutcome>(name: &str, limit: Duration, body: impl Future<Output = T>) -> T {
    match race((transparent(body), sleep_named("timeout", limit))).await {
        Race2::First(outcome) => outcome,
        Race2::Second(()) => T::failed(timed_out(name, limit)),
    }
}

async fn attempts<T: GroupOutcome, F: Future<Output = T>>(
    options: GroupOptions,
    mut body: impl FnMut() -> F,
) -> T {
    let mut outcome = body().await;
    for attempt in 1..=options.retries {
        if !outcome.error().is_some_and(retry::may_come_as_a_whole) {
            break;
        }
        sleep_named("retry", options.delay.after(attempt)).await;
        // The steps of an attempt are other steps than those of the one before.
        outcome = inline_named(&format!("attempt{}", attempt.saturating_add(1)), body()).await;
    }
    outcome
}

fn timed_out(name: &str, limit: Duration) -> Error {
    let limit = flowrt_grammar::format_duration(limit);
    Error::new(
        ErrorKind::TimedOut,
        format!("the steps of `{name}` did not end within their timeout of {limit}"),
    )
}
