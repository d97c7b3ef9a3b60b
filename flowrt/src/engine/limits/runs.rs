//! How many runs of a flow (`max_runs`) or of a deployment (`concurrency_limit`) may go on at once, over all processes on the
//! store.

use std::sync::Arc;
use std::time::Duration;

use super::gate::{Comer, if_full};
use super::let_in::{self, By};
use super::{Place, Request};
use crate::author::cancel::Stops;
use crate::author::meta::{Meta, WhenFull};
use crate::author::slot::Key;
use crate::clock::Clock;
use crate::engine::terms::Terms;
use crate::engine::{Shared, patiently, trouble};
use crate::error::{Error, ErrorKind, Result};
use crate::model::deployment::{RunLimit, RunWhenFull};
use crate::model::limit::{LimitKind, Rule};
use crate::model::payload::Payload;
use crate::model::record::RunRecord;
use crate::model::state::RunState;
use crate::store::tickets::{Ask, Bucket, IfFull};
use crate::store::{Durability, Ending};

/// What stands in the queue of a deployment where steps have their ids: a run holds a place of its flow beside it.
pub(crate) const OF_DEPLOYMENT: &str = "(deployment)";

/// A run that may go on.
pub(in crate::engine) struct Entered {
    places: Vec<Place>,
}

/// Who waits longer than this for a place leaves the seat that a worker has given him.
const QUIET: Duration = Duration::from_millis(50);

/// How long a run that may go on, in a worker that has no seat for it, keeps its place from others. Then whichever worker has a
/// seat takes it, and its turn comes before that of new ones.
const WITHOUT_SEAT: Duration = Duration::from_secs(1);

/// The place of a run that comes back in the queue: before those that were never let in.
const COMES_BACK: i32 = 1;

/// What bounds the runs that go on.
struct Bound {
    by: By,
    bucket: Bucket,
    step: &'static str,
    count: u32,
    when_full: WhenFull,
    /// One more is skipped or fails, as `when_full` says, or is cancelled.
    cancels: bool,
    /// What says so, for people.
    said: &'static str,
    of: String,
}

/// Waits until the deployment and the flow have room for this run. `None` if it ended instead, as they say; a run that is
/// told to stop meanwhile goes on to be stopped.
pub(in crate::engine) async fn enter(
    shared: &Arc<Shared>,
    record: &RunRecord,
    meta: &'static Meta,
    terms: &Terms,
    stops: &Stops,
) -> Result<Option<Entered>> {
    let deployment = record.dispatch.deployment.as_deref();
    let of_deployment = terms.limit.zip(deployment);
    let bounds = [
        of_deployment.map(|(limit, name)| Bound::of_deployment(limit, name)),
        meta.flow.max_runs.map(|count| Bound::of_flow(count, meta)),
    ];
    let bounds: Vec<Bound> = bounds.into_iter().flatten().collect();
    let mut places = Vec::new();
    if bounds.is_empty() {
        return Ok(Some(Entered { places }));
    }
    let let_in = let_in::by(shared, record).await?;
    for bound in bounds {
        let was_let_in = let_in.contains(&bound.by);
        match enter_one(shared, record, bound, was_let_in, stops).await? {
            Some(place) => places.push(place),
            None => return Ok(None),
        }
    }
    Ok(Some(Entered { places }))
}

async fn enter_one(
    shared: &Arc<Shared>,
    record: &RunRecord,
    bound: Bound,
    was_let_in: bool,
    stops: &Stops,
) -> Result<Option<Place>> {
    let rule = Rule {
        kind: LimitKind::Slots,
        count: bound.count,
        per: 0,
        burst: None,
    };
    // A run in which another goes on has been let in with that one.
    let comes_back = was_let_in || record.continues().is_some();
    let ask = Ask {
        bucket: bound.bucket.clone(),
        weight: 1,
        priority: if comes_back { COMES_BACK } else { 0 },
        run: record.id,
        step: bound.step.to_owned(),
        asked: shared.clock.now(),
        // Who was let in before waits for his next place, whatever new ones are told.
        if_full: match comes_back {
            true => IfFull::Wait,
            false => if_full(bound.when_full),
        },
    };
    let mut place = shared.limiter().place();
    let (token, key, when_full) = (place.token, Key::FIRST, bound.when_full);
    set_state(shared, record, RunState::Waiting).await?;
    let waited = tokio::select! {
        waited = place.wait(|reply| Request::Enter(Comer { token, key, ask, rule, when_full, reply })) => waited,
        () = stops.cancel.wait() => Ok(()),
        () = stops.interrupt.wait() => Ok(()),
        // Never ready: others go on meanwhile.
        () = leave_seat(stops) => Ok(()),
    };
    match waited {
        Ok(()) => {
            // On record before anything else is: what it does from now on, it does as one that was let in.
            if place.started.is_some() && !was_let_in {
                let_in::note(shared, record, bound.by).await?;
            }
            stops.take_seat_or_let_go(WITHOUT_SEAT).await;
            set_state(shared, record, RunState::Running).await?;
            Ok(Some(place))
        }
        Err(error) => end(shared, record, &bound, &error).await.map(|()| None),
    }
}

impl Bound {
    fn of_flow(count: u32, meta: &Meta) -> Self {
        Self {
            by: By::Flow,
            bucket: bucket(meta.name),
            step: "",
            count,
            when_full: meta.flow.when_full,
            cancels: false,
            said: "max_runs",
            of: meta.name.to_owned(),
        }
    }

    fn of_deployment(limit: RunLimit, name: &str) -> Self {
        Self {
            by: By::Deployment,
            bucket: Bucket {
                name: format!("runs of deployment {name}"),
                key: String::new(),
            },
            step: OF_DEPLOYMENT,
            count: limit.count,
            when_full: match limit.when_full {
                RunWhenFull::Queue => WhenFull::Queue,
                RunWhenFull::CancelNew | RunWhenFull::Skip => WhenFull::Skip,
                RunWhenFull::CancelPrevious => WhenFull::CancelPrevious,
            },
            cancels: limit.when_full == RunWhenFull::CancelNew,
            said: "concurrency_limit",
            of: name.to_owned(),
        }
    }
}

impl Entered {
    /// Tells the run to cancel when a later one takes its place.
    pub(in crate::engine) async fn until_ousted(&mut self, stops: &Stops) {
        let ousted = self.places.iter_mut().map(|place| Box::pin(place.ousted()));
        let ousted: Vec<_> = ousted.collect();
        if !ousted.is_empty() {
            futures_util::future::select_all(ousted).await;
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

/// Leaves the seat once the run has waited for a moment.
async fn leave_seat(stops: &Stops) {
    Clock::real().sleep(QUIET).await;
    stops.leave_seat();
    std::future::pending().await
}

async fn set_state(shared: &Shared, record: &RunRecord, state: RunState) -> Result<()> {
    let (store, attempt) = (&shared.store, record.attempt);
    patiently(|| store.set_state(record.id, record.epoch, state, attempt, Durability::Soon))
        .await
        .map_err(trouble)
}

async fn end(shared: &Shared, record: &RunRecord, bound: &Bound, error: &Error) -> Result<()> {
    let kind = match error.kind() {
        ErrorKind::Skipped if bound.cancels => ErrorKind::Cancelled,
        kind => kind,
    };
    let state = match kind {
        ErrorKind::Skipped => RunState::Skipped,
        ErrorKind::Cancelled => RunState::Cancelled,
        _ => RunState::Failed,
    };
    let error = Error::new(
        kind,
        format!(
            "{} runs of `{}` go on already, the most that may ({})",
            bound.count, bound.of, bound.said
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
