//! The run that a DAG is part of, if there is one: inside a task a DAG is plain code.

use std::sync::Arc;

use crate::error::Result;
use crate::model::state::TaskState;

/// Reaches the scope that was active when the DAG was opened.
#[derive(Debug)]
pub(super) struct Link;

impl Link {
    pub(super) fn current() -> Self {
        Self
    }

    pub(super) fn fixed<T>(
        &self,
        _node: usize,
        _name: Option<&Arc<str>>,
        build: impl FnOnce() -> T,
    ) -> Result<T> {
        Ok(build())
    }

    pub(super) fn no_calls<T>(&self, code: impl FnOnce() -> T) -> Result<T> {
        Ok(code())
    }

    pub(super) fn note(&self, _node: usize, _step: &str, _task: &str, _state: TaskState) {}
}
