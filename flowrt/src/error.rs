//! The one error that users meet: opaque, cheap to clone, made by `?` from anything that becomes a boxed error.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::mask;

/// `Result` with flowrt's error as the default.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something did not work. Cheap to clone.
///
/// It does not implement `std::error::Error`, so that `?` can make it from every error, `anyhow::Error` and strings
/// included. It goes into `Box<dyn std::error::Error>` by `?`, and into a std error by [`Error::into_std`].
///
/// ```
/// fn read(text: &str) -> flowrt::Result<u32> {
///     Ok(text.parse::<u32>()?)
/// }
/// let error = read("x").unwrap_err();
/// assert_eq!(error.message(), "invalid digit found in string");
/// assert_eq!(error.kind(), flowrt::ErrorKind::Failed);
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

/// What is written down of an error, and all that an [`Error`] holds.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
struct Inner {
    kind: ErrorKind,
    message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    chain: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The task's own error, where it is serde.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<serde_json::Value>,
    /// The step that failed first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    attempts: u32,
    /// Worth another attempt, whatever `retry_if` says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    retryable: bool,
    /// The next attempt comes so much later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after: Option<Duration>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The kinds of errors that a program may want to tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A body returned an error.
    Failed,
    /// A body returned an error that must not be retried.
    Fatal,
    /// A body panicked.
    Panicked,
    /// A timeout of a task or run passed.
    TimedOut,
    /// `receive` got nothing in time.
    SignalTimedOut,
    /// A run or step was cancelled.
    Cancelled,
    /// What it depends on failed.
    UpstreamFailed,
    /// Its branch was not taken.
    Skipped,
    /// A value could not be recorded, or did not come back from its record. The effect has happened.
    Record,
    /// The code no longer fits the record of the run.
    Diverged,
    /// The flow waits for something that is not recorded, or calls a task where none can be recorded.
    Misuse,
    /// Bad parameters, names, options.
    Input,
    /// No such flow, run, step.
    NotFound,
    /// A limit of the engine (depth, history, payload size) was reached.
    Limit,
    /// A limit had no room, and the task does not queue (`when_full = fail`).
    Full,
    /// The process died more often than allowed without progress, or the one of an isolated task did.
    Crashed,
    /// Another process drives the run now, or it has ended meanwhile.
    LeaseLost,
    /// The store failed or cannot be used.
    Store,
    /// The program uses what this version cannot do.
    Unsupported,
    /// The run waits for a person or stopped in order, and can be resumed.
    Stopped,
}

impl Error {
    /// An error of a kind.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            chain: Vec::new(),
            hint: None,
            value: None,
            task: None,
            location: None,
            attempts: 0,
            retryable: false,
            retry_after: None,
        }))
    }

    /// An error that is never retried.
    ///
    /// ```
    /// let error = flowrt::Error::fatal("the account does not exist");
    /// assert_eq!(error.kind(), flowrt::ErrorKind::Fatal);
    /// ```
    pub fn fatal(error: impl Into<Error>) -> Self {
        error.into().with(|inner| inner.kind = ErrorKind::Fatal)
    }

    /// An error that is worth another attempt, whatever the task's `retry_if` says. How many there are is up to its
    /// `retries`.
    pub fn retryable(error: impl Into<Error>) -> Self {
        error.into().with(|inner| {
            inner.kind = ErrorKind::Failed;
            inner.retryable = true;
        })
    }

    /// An error that is worth another attempt after that time, which takes the place of the task's delay: a server said
    /// when to come again.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let error = flowrt::Error::retry_after("too many requests", Duration::from_secs(30));
    /// assert_eq!(error.comes_again(), Some(Duration::from_secs(30)));
    /// ```
    pub fn retry_after(error: impl Into<Error>, delay: Duration) -> Self {
        Self::retryable(error).with(|inner| inner.retry_after = Some(delay))
    }

    /// The same error with what to try, for whoever sees it: a line of its own, `try: …`.
    ///
    /// ```
    /// let error = flowrt::Error::fatal("there is no folder `in`").or_try("make it before the run");
    /// assert_eq!(error.try_this(), Some("make it before the run"));
    /// ```
    #[must_use]
    pub fn or_try(self, hint: impl Into<String>) -> Self {
        self.hint(hint)
    }

    /// Whether it says that it is worth another attempt.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// After what time it says to try again.
    pub fn comes_again(&self) -> Option<Duration> {
        self.0.retry_after
    }

    fn with(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.0);
        change(&mut inner);
        Self(Arc::new(inner))
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        self.with(|inner| inner.hint = Some(hint.into()))
    }

    pub(crate) fn with_value(self, value: serde_json::Value) -> Self {
        self.with(|inner| inner.value = Some(value))
    }

    /// Says where it came from, unless something nearer already did.
    pub(crate) fn at(self, task: &str, location: Option<String>, attempts: u32) -> Self {
        if self.0.task.is_some() {
            return self;
        }
        self.with(|inner| {
            inner.task = Some(task.to_owned());
            inner.location = location;
            inner.attempts = attempts;
        })
    }

    /// The same failure as seen by what it is part of: the new message comes first, the old one is its cause.
    pub(crate) fn within(self, message: impl Into<String>) -> Self {
        self.with(|inner| {
            let cause = std::mem::replace(&mut inner.message, message.into());
            inner.chain.insert(0, cause);
        })
    }

    /// Something else that went wrong because of it: the last of its causes as text.
    pub(crate) fn also(self, message: String) -> Self {
        self.with(|inner| inner.chain.push(message))
    }

    /// What kind it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What went wrong, without its causes.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The causes, nearest first, as text.
    pub fn chain(&self) -> impl Iterator<Item = &str> {
        self.0.chain.iter().map(String::as_str)
    }

    /// What to try, if somebody knew.
    pub fn try_this(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The step that failed, such as `fetch_page[4]`.
    pub fn task(&self) -> Option<&str> {
        self.0.task.as_deref()
    }

    /// `file:line` of the task that failed.
    pub fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// How many attempts were made before it was given up; 0 if unknown.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The task's own error, where its type is serde.
    pub fn decode<E: DeserializeOwned>(&self) -> Option<E> {
        self.0
            .value
            .as_ref()
            .and_then(|value| E::deserialize(value).ok())
    }

    /// As a `std::error::Error`, for `Box<dyn Error + Send + Sync>` and anyhow.
    pub fn into_std(self) -> StdError {
        StdError(self)
    }

    /// The same without the values of secrets.
    pub(crate) fn masked(self) -> Self {
        let own = &self.0;
        let mut texts = std::iter::once(&own.message)
            .chain(&own.chain)
            .chain(&own.hint);
        // What must not be touched need not be copied.
        if own.value.is_none() && !texts.any(|text| mask::is_in(text)) {
            return self;
        }
        self.with(|inner| {
            mask::in_place(&mut inner.message);
            inner.chain.iter_mut().for_each(mask::in_place);
            inner.hint.iter_mut().for_each(mask::in_place);
            inner.value.iter_mut().for_each(mask::json);
        })
    }

    /// What is written down, without the values of secrets.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(&*self.clone().masked().0)
            .expect("an error is strings and JSON, which always encode")
    }

    /// From what was written down. Text that is no recorded error becomes the message of one.
    pub(crate) fn from_json(text: &str) -> Self {
        match serde_json::from_str::<Inner>(text) {
            Ok(inner) => Self(Arc::new(inner)),
            Err(_) => Self::new(ErrorKind::Failed, text),
        }
    }
}

impl<E: Into<Box<dyn std::error::Error + Send + Sync + 'static>>> From<E> for Error {
    fn from(error: E) -> Self {
        let error: Box<dyn std::error::Error + Send + Sync> = error.into();
        let error = match error.downcast::<StdError>() {
            Ok(ours) => return ours.0,
            Err(other) => other,
        };
        let mut chain = Vec::new();
        let mut source = error.source();
        while let Some(cause) = source {
            chain.push(cause.to_string());
            source = cause.source();
        }
        Self::new(ErrorKind::Failed, error.to_string()).with(|inner| inner.chain = chain)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if f.alternate() {
            for cause in &self.0.chain {
                write!(f, ": {cause}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.message)?;
        if let Some(task) = &self.0.task {
            write!(f, " (in {task})")?;
        }
        for cause in &self.0.chain {
            write!(f, "\n  caused by: {cause}")?;
        }
        if let Some(hint) = &self.0.hint {
            write!(f, "\n  try: {hint}")?;
        }
        Ok(())
    }
}

/// An [`Error`] as a std error.
#[derive(Clone, Debug)]
pub struct StdError(Error);

impl fmt::Display for StdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for StdError {}

impl From<Error> for Box<dyn std::error::Error> {
    fn from(error: Error) -> Self {
        Box::new(error.into_std())
    }
}
