//! What a task body may ask about its attempt.

use std::sync::Arc;

use crate::model::ids::RunId;

/// Given to a task that takes `ctx: &TaskContext`. Never recorded.
#[derive(Clone, Debug)]
pub struct TaskContext(pub(crate) Arc<Attempt>);

/// One attempt at a step.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) run: Option<RunId>,
    pub(crate) step: String,
    pub(crate) attempt: u32,
    pub(crate) logical_time: jiff::Timestamp,
    pub(crate) cancel: Arc<crate::author::cancel::Cancel>,
}
