//! The run that a DAG is part of, if there is one: inside a task a DAG is plain code.

use std::sync::Arc;

use crate::author::frame::{self, Frame};
use crate::author::scope::{FixedId, Scope, glue_call};
use crate::error::Result;
use crate::model::state::TaskState;

/// Reaches the scope that was active when the DAG was opened.
#[derive(Debug)]
pub(super) struct Link(Option<Scope>);

impl Link {
    pub(super) fn current() -> Self {
        Self(Scope::current())
    }

    /// Builds the call of a node under the identity that the graph gives it.
    pub(super) fn fixed<T>(
        &self,
        node: usize,
        name: Option<&Arc<str>>,
        build: impl FnOnce() -> T,
    ) -> Result<T> {
        let (Some(scope), Some(name)) = (&self.0, name) else {
            return Ok(build());
        };
        let id = FixedId {
            position: position(node),
            name: name.clone(),
            label: None,
            part: false,
        };
        match scope.fixed(id, build) {
            (call, 0 | 1) => Ok(call),
            // One of the arguments called a task.
            _ => Err(glue_call()),
        }
    }

    /// Builds several calls in a scope of their own.
    pub(super) fn within<T>(&self, name: Option<&Arc<str>>, build: impl FnOnce() -> T) -> T {
        match (&self.0, name) {
            (Some(scope), Some(name)) => frame::enter(Frame::Flow(scope.open(name)), build),
            _ => build(),
        }
    }

    pub(super) fn no_calls<T>(&self, node: usize, code: impl FnOnce() -> T) -> Result<T> {
        match &self.0 {
            Some(scope) => scope.no_calls(node, code),
            None => Ok(code()),
        }
    }

    pub(super) fn note(&self, node: usize, step: &str, task: &str, state: TaskState) {
        if let Some(scope) = &self.0 {
            scope.note_node(position(node), step, task, state);
        }
    }
}

fn position(node: usize) -> u32 {
    u32::try_from(node).expect("a flow's source holds fewer than 2^32 nodes")
}
