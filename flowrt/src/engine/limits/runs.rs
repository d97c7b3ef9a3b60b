//! How many runs of a flow may go on at once (`max_runs`), over all processes on the store.

use std::sync::Arc;

use super::gate::Comer;
use super::{Place, Request};
use crate::author::cancel::Stops;
use crate::author::meta::{Meta, WhenFull};
use crate::author::slot::Key;
use crate::engine::{Shared, patiently, trouble};
use crate::error::{Error, ErrorKind, Result};
use crate::model::limit::{LimitKind, Rule};
use crate::model::payload::Payload;
use crate::model::record::RunRecord;
use crate::model::state::RunState;
use crate::store::tickets::{Ask, Bucket};
use crate::store::{Durability, Ending};

/// A run that may go on.
pub(in crate::engine) struct Entered {
    place: Option<Place>,
}

/// Waits until the flow has room for this run. `None` if it ended instead, as `when_full` says; a run that is told to
/// stop meanwhile goes on to be stopped.
pub(in crate::engine) async fn enter(
    shared: &Arc<Shared>,
    record: &RunRecord,
    meta: &'static Meta,
    stops: &Stops,
) -> Result<Option<Entered>> {
    let Some(count) = meta.flow.max_runs else {
        return Ok(Some(Entered { place: None }));
    };
    let rule = Rule {
        kind: LimitKind::Slots,
        count,
        per: 0,
        burst: None,
    };
    let ask = Ask {
        bucket: bucket(meta.name),
        weight: 1,
        priority: 0,
        run: record.id,
        step: String::new(),
        asked: shared.clock.now(),
    };
    let mut place = shared.limiter().place();
    // A run that goes on has been let in: it waits for its next place, whatever the flow does with new ones.
    let when_full = match record.continues() {
        Some(_) => WhenFull::Queue,
        None => meta.flow.when_full,
    };
    let (token, key) = (place.token, Key::FIRST);
    set_state(shared, record, RunState::Waiting).await?;
    let waited = tokio::select! {
        waited = place.wait(|reply| Request::Enter(Comer { token, key, ask, rule, when_full, reply })) => waited,
        () = stops.cancel.wait() => Ok(()),
        () = stops.interrupt.wait() => Ok(()),
    };
    match waited {
        Ok(()) => {
            set_state(shared, record, RunState::Running).await?;
            Ok(Some(Entered { place: Some(place) }))
        }
        Err(error) => end(shared, record, meta, &error).await.map(|()| None),
    }
}

impl Entered {
    /// Tells the run to cancel when a later one takes its place.
    pub(in crate::engine) async fn until_ousted(&mut self, stops: &Stops) {
        if let Some(place) = &mut self.place {
            place.ousted().await;
            stops.cancel.set();
        }
        std::future::pending::<()>().await;
    }
}

/// What the runs of a flow count in.
pub(crate) fn bucket(flow: &str) -> Bucket {
    Bucket {
        name: format!("runs of {flow}"),
        key: String::new(),
    }
}

async fn set_state(shared: &Shared, record: &RunRecord, state: RunState) -> Result<()> {
    let (store, attempt) = (&shared.store, record.attempt);
    patiently(|| store.set_state(record.id, record.epoch, state, attempt, Durability::Soon))
        .await
        .map_err(trouble)
}

async fn end(shared: &Shared, record: &RunRecord, meta: &Meta, error: &Error) -> Result<()> {
    let state = match error.kind() {
        ErrorKind::Skipped => RunState::Skipped,
        ErrorKind::Cancelled => RunState::Cancelled,
        _ => RunState::Failed,
    };
    let error = Error::new(
        error.kind(),
        format!(
            "{} runs of `{}` go on already, the most that may (max_runs)",
            meta.flow.max_runs.unwrap_or(0),
            meta.name
        ),
    );
    let ending = Ending {
        state,
        output: None,
        error: Some(Payload::from_json(error.to_json())),
        at: shared.clock.now(),
    };
    patiently(|| {
        shared
            .store
            .finish(record.id, record.epoch, Vec::new(), ending.clone())
    })
    .await
    .map_err(trouble)
}
