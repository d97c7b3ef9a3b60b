//! Records for tests, which change what they are about.

use super::dispatch::Dispatch;
use super::ids::RunId;
use super::payload::Payload;
use super::record::{CacheUse, RunRecord};
use super::state::RunState;

/// A run of `offers` in that state; one that has ended took nine seconds.
pub(crate) fn run(state: RunState) -> RunRecord {
    RunRecord {
        id: RunId(uuid::Uuid::from_u128(1)),
        name: "calm-otter".to_owned(),
        flow: "offers".to_owned(),
        input: Payload::null(),
        parent: None,
        origin: None,
        idempotency_key: None,
        seed: 0,
        created: 0,
        logical_time: 0,
        build: String::new(),
        cache: CacheUse::default(),
        dispatch: Dispatch::default(),
        due: None,
        state,
        epoch: 1,
        owner: None,
        crashes: 0,
        attempt: 1,
        started: Some(0),
        finished: state.is_final().then_some(9_000_000),
        output: None,
        error: None,
        cancel_requested: None,
    }
}
