//! The seam through which a test watches bodies and puts others in their place.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::author::context::TaskContext;
use crate::author::meta::Meta;
use crate::error::Result;
use crate::model::payload::Payload;

/// A body that is about to begin.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) meta: &'static Meta,
    pub(crate) step: Arc<str>,
    pub(crate) input: Payload,
    pub(crate) context: TaskContext,
}

/// What stands around all bodies of an engine. Absent in every engine but those of tests.
pub(crate) trait Around: Send + Sync + fmt::Debug {
    /// The body of an attempt: the task's own, or another in its place.
    fn task(&self, beginning: Beginning) -> BoxFuture<'static, Result<Payload>>;

    /// What stands in the place of a child run, if anything does.
    fn child(&self, beginning: Beginning) -> Option<BoxFuture<'static, Result<Payload>>>;
}
