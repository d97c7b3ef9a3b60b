//! A run that goes on in another: the end of the one, and the way to the last of a chain.

use super::driver::Driver;
use super::{Shared, again, build, patiently, trouble};
use crate::author::cancel::Stops;
use crate::author::core::Continuation;
use crate::author::record::named;
use crate::clock::{Clock, micros};
use crate::error::{ErrorKind, Result};
use crate::failpoint::failpoint;
use crate::model::record::{NewRun, RunRecord};
use crate::store::{self, Ending};

/// How often a run that another process drives is looked at.
const LOOK: std::time::Duration = std::time::Duration::from_millis(200);

/// How long the run in which another goes on is left to the process that drove that.
const FOLLOWED_WITHIN: std::time::Duration = std::time::Duration::from_secs(5);

impl Driver {
    /// Ends the run and accepts the one in which it goes on.
    pub(super) async fn go_on(&mut self, next: &Continuation) -> Result<(), store::Error> {
        let at = self.core.clock.now();
        let entries = self.core.abort_running(at);
        self.children_end().await;
        let successor = successor(&self.record, next, at);
        let (store, run, epoch) = (
            self.host.shared.store.clone(),
            self.record.id,
            self.record.epoch,
        );
        failpoint("engine::before_continue");
        patiently(|| store.continue_run(run, epoch, entries.clone(), successor.clone(), at))
            .await?;
        failpoint("engine::after_continue");
        let events = &self.host.shared.events;
        events.recorded(run, &entries);
        events.ends(
            run,
            &Ending {
                state: crate::model::state::RunState::Completed,
                output: None,
                error: None,
                at,
            },
        );
        self.end_orphans().await
    }
}

fn successor(record: &RunRecord, next: &Continuation, now: i64) -> NewRun {
    let id = record.id.successor();
    NewRun {
        id,
        name: base_name(record).to_owned(),
        flow: next.meta.name.to_owned(),
        input: named(next.meta, &next.input),
        parent: record.parent.clone(),
        origin: Some(record.id),
        idempotency_key: None,
        seed: id.0.as_u64_pair().0,
        created: now,
        logical_time: record.logical_time,
        build: build::build().to_owned(),
        cache: record.cache,
        dispatch: record.dispatch.without_slot(),
        // Its driver goes on with it at once. Others see it only if that process dies.
        due: Some(now.saturating_add(micros(FOLLOWED_WITHIN))),
        steps: Vec::new(),
    }
}

/// The name that the store numbers: a second successor is `calm-otter-3`, not `calm-otter-2-2`.
fn base_name(record: &RunRecord) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match record.name.rsplit_once('-') {
        Some((base, number)) if record.continues().is_some() && is_number(number) => base,
        _ => &record.name,
    }
}

/// The run in which this one goes on by now: itself, if it has not gone on in another.
pub(crate) async fn last_of_chain(shared: &Shared, mut record: RunRecord) -> Result<RunRecord> {
    while let Some(next) = record.continued_as() {
        match patiently(|| shared.store.run(next))
            .await
            .map_err(trouble)?
        {
            Some(next) => record = next,
            None => break,
        }
    }
    Ok(record)
}

/// What follows on a run that has ended.
pub(super) enum Following {
    /// Drive this one, which is claimed.
    Drive(Box<RunRecord>),
    /// That was the last one, or it is driven to its end elsewhere.
    Over(Box<RunRecord>),
}

/// Takes the run in which one that has just ended goes on.
pub(super) async fn follow(shared: &Shared, ended: RunRecord, stops: &Stops) -> Result<Following> {
    let mut record = ended;
    loop {
        record = last_of_chain(shared, record).await?;
        if record.state.is_final() || record.state.needs_person() {
            return Ok(Following::Over(Box::new(record)));
        }
        let is_elsewhere = record
            .owner
            .is_some_and(|owner| owner != shared.store.process() && shared.store.is_alive(owner));
        if !is_elsewhere && !shared.active.holds(record.id) {
            failpoint("engine::before_follow");
            match again::claim(shared, &record).await {
                Ok(claimed) => return Ok(Following::Drive(Box::new(claimed))),
                Err(error) if error.kind() == ErrorKind::LeaseLost => {}
                Err(error) => return Err(error),
            }
        } else if stops.any() {
            return Ok(Following::Over(Box::new(record)));
        } else {
            Clock::real().sleep(LOOK).await;
        }
        let id = record.id;
        match patiently(|| shared.store.run(id)).await.map_err(trouble)? {
            Some(there) => record = there,
            None => return Ok(Following::Over(Box::new(record))),
        }
    }
}

/// Forgets the runs in which a run went on, because it is done again with other inputs.
pub(super) async fn forget_chain(shared: &Shared, first: &RunRecord) -> Result<()> {
    let mut chain = Vec::new();
    let mut at = first.clone();
    while let Some(next) = at.continued_as() {
        let Some(next) = patiently(|| shared.store.run(next))
            .await
            .map_err(trouble)?
        else {
            break;
        };
        chain.push(next.id);
        at = next;
    }
    let now = shared.clock.now();
    for run in chain.into_iter().rev() {
        patiently(|| shared.store.request_cancel(run, now))
            .await
            .map_err(trouble)?;
        patiently(|| shared.store.delete_run(run))
            .await
            .map_err(trouble)?;
    }
    Ok(())
}
