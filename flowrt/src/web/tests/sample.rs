//! Records as tests need them.

use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::{CacheUse, RunRecord};
use crate::model::state::RunState;

/// A run that goes on.
pub(in crate::web) fn run() -> RunRecord {
    RunRecord {
        id: RunId(uuid::Uuid::from_u128(7)),
        name: "calm-otter".to_owned(),
        flow: "report".to_owned(),
        input: Payload::from_json("{}"),
        parent: None,
        origin: None,
        idempotency_key: None,
        seed: 0,
        created: 0,
        logical_time: 0,
        build: "b".to_owned(),
        cache: CacheUse::Use,
        state: RunState::Running,
        epoch: 1,
        owner: None,
        crashes: 0,
        attempt: 1,
        started: Some(0),
        finished: None,
        output: None,
        error: None,
        cancel_requested: None,
        dispatch: crate::model::dispatch::Dispatch::default(),
        due: None,
    }
}
