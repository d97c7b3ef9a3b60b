//! Records as tests need them.

use crate::model::payload::Payload;
use crate::model::record::RunRecord;
use crate::model::sample;
use crate::model::state::RunState;

/// A run that goes on.
pub(in crate::web) fn run() -> RunRecord {
    RunRecord {
        flow: "report".to_owned(),
        input: Payload::from_json("{}"),
        build: "b".to_owned(),
        ..sample::run(RunState::Running)
    }
}
