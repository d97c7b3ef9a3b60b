//! What the code of a node reaches of the DAG that it is part of.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::author::dag::link::Link;
use crate::error::{Error, ErrorKind, Result};
use crate::model::state::TaskState;

/// Given to each node.
#[derive(Clone)]
pub struct Inside(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) link: Link,
    pub(super) names: Vec<Option<Arc<str>>>,
    /// Failures that were handed on as values.
    handed: Mutex<Vec<(usize, TaskState)>>,
}

impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inside")
    }
}

impl Inside {
    pub(super) fn new(link: Link, names: Vec<Option<Arc<str>>>) -> Self {
        Self(Arc::new(Shared {
            link,
            names,
            handed: Mutex::default(),
        }))
    }

    /// Builds the one call of a node, under the identity that the graph gives it.
    pub fn build<T>(&self, node: usize, build: impl FnOnce() -> T) -> Result<T> {
        self.0.link.fixed(node, self.0.names[node].as_ref(), build)
    }

    /// Builds a race, whose calls are numbered among themselves.
    pub fn race<T>(&self, node: usize, build: impl FnOnce() -> T) -> Result<T> {
        Ok(self.0.link.within(self.0.names[node].as_ref(), build))
    }

    /// Runs plain code, in which no call may be built.
    pub fn glue<T>(&self, node: usize, code: impl FnOnce() -> T) -> Result<T> {
        self.0.link.no_calls(node, code)
    }

    /// Hands a failure on as a value, as `.attempt()` wants. What ends the run itself is no value.
    pub fn attempt<T>(&self, node: usize, result: Result<T>) -> Result<Result<T>> {
        if let Err(error) = &result {
            if ends_run(error) {
                return Err(error.clone());
            }
            let mut handed = self.0.handed.lock().unwrap_or_else(PoisonError::into_inner);
            handed.push((node, state_of(error)));
        }
        Ok(result)
    }

    /// The failure that a node handed on.
    pub(super) fn take_handed(&self, node: usize) -> Option<TaskState> {
        let mut handed = self.0.handed.lock().unwrap_or_else(PoisonError::into_inner);
        let place = handed.iter().position(|(of, _)| *of == node)?;
        Some(handed.swap_remove(place).1)
    }
}

/// Whether an error is about the run and not about a node.
pub(crate) fn ends_run(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Diverged | ErrorKind::LeaseLost | ErrorKind::Stopped | ErrorKind::Store
    )
}

/// How a node ended whose call gave that error.
pub(crate) fn state_of(error: &Error) -> TaskState {
    match error.kind() {
        ErrorKind::TimedOut => TaskState::TimedOut,
        ErrorKind::Crashed => TaskState::Crashed,
        ErrorKind::Cancelled => TaskState::Cancelled,
        ErrorKind::Skipped => TaskState::Skipped,
        ErrorKind::UpstreamFailed => TaskState::UpstreamFailed,
        _ => TaskState::Failed,
    }
}
