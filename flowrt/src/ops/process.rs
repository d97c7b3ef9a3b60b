//! This process, as a store knows it.

use crate::clock::{self, Clock};
use crate::engine::build;
use crate::model::ids::ProcessId;
use crate::store::Process;

/// A new one each time: a process may open several stores.
pub(crate) fn this_process() -> Process {
    Process {
        id: ProcessId(clock::new_uuid()),
        pid: std::process::id(),
        host: String::new(),
        started: Clock::real().now(),
        build: build::build().to_owned(),
    }
}
