//! What stands in the parentheses of an attribute.

pub(crate) mod both;
pub(crate) mod flow;
pub(crate) mod limit;
pub(crate) mod list;
pub(crate) mod param;
pub(crate) mod retry;
pub(crate) mod rules;
pub(crate) mod task;
pub(crate) mod value;
