//! What stands for a task or flow that the macros refused, so that its callers give no further errors.

use crate::author::meta::{FlowOptions, Kind, Meta, TaskOptions};
use crate::error::{Error, ErrorKind};

/// Describes nothing. A program that holds it does not compile.
pub const STUB: &Meta = &Meta {
    name: "",
    function: "",
    module: "",
    file: "",
    line: 0,
    doc: "",
    kind: Kind::Task,
    params: &[],
    fingerprint: 0,
    body: |_, _| {
        let error = Error::new(ErrorKind::Unsupported, "this task or flow did not compile");
        Box::pin(std::future::ready(Err(error)))
    },
    task: TaskOptions::NONE,
    flow: FlowOptions::NONE,
    graph: None,
    sites: &[],
};
