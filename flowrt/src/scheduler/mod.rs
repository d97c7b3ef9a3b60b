//! Slots that are due become runs in the queue.
//!
//! It sleeps until the next slot, something changes in this process, or the store tells that another process has written.
//! Any number of schedulers may work on one store: a run is accepted in the transaction that moves its schedule's cursor.

mod table;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;

use crate::author::cancel::Cancel;
use crate::clock::micros;
use crate::engine::{Shared, trouble};
use crate::error::{Error, Result};
use crate::model::deployment::{DeploymentRecord, ScheduleRecord};
use crate::model::record::Micros;
use crate::model::schedule::{MISSED_AFTER, Schedule, Turn};
use crate::store;
use table::Table;

/// How often the store is asked whether another process has changed it. Costs a few microseconds.
const TICK: Duration = Duration::from_millis(100);

/// The longest sleep, because clocks are set and machines sleep.
const LOOK: Duration = Duration::from_secs(1);

/// How long a slot waits whose run could not be written down.
const PAUSE: Duration = Duration::from_secs(1);

/// So many runs are written at once, in one transaction where the store can.
const AT_ONCE: usize = 128;

/// A slot whose time has come.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) deployment: Arc<DeploymentRecord>,
    pub(crate) record: Arc<ScheduleRecord>,
    pub(crate) slot: Micros,
    /// When the run may begin.
    pub(crate) begin: Micros,
    /// What is known of deployments is of this revision.
    pub(crate) seen: u64,
}

/// Why a slot has no run.
#[derive(Debug)]
pub(crate) enum Unfilled {
    /// This program can never make it: its flow does not take those parameters. Another build may.
    Refused(Error),
    /// It can be made once something else is mended.
    Hindered(Error),
}

/// Makes the run of a slot; comes from above, where parameters are judged. That somebody else has handled the slot is
/// no error.
pub(crate) type Fill = dyn Fn(Due) -> BoxFuture<'static, Result<(), Unfilled>> + Send + Sync;

/// What else is done when something may have changed: a part of it, so that no slot waits long. Whether more is to be done.
pub(crate) type Besides = dyn Fn() -> BoxFuture<'static, Result<bool>> + Send + Sync;

/// Schedules until `shutdown`. A slot is never lost by that, nor by a death: whoever comes next finds it by the cursor.
///
/// # Errors
/// If the store is closed.
pub(crate) async fn run(
    shared: Arc<Shared>,
    fill: &Fill,
    besides: &Besides,
    shutdown: &Cancel,
) -> Result<()> {
    let mut table = Table::default();
    loop {
        // Registered before the look, so that what comes between the look and the wait is seen.
        let changed = shared.changed.notified();
        let mut changed = std::pin::pin!(changed);
        changed.as_mut().enable();
        if shutdown.is_set() {
            return Ok(());
        }
        let seen = shared.store.version().await;
        let wake = match turn(&shared, &mut table, fill, besides).await {
            Ok(Next::AtOnce) => {
                // Where the store never waits, others must get on nevertheless.
                tokio::task::yield_now().await;
                continue;
            }
            Ok(Next::At(wake)) => wake,
            Err(error) if is_closed(&shared).await => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "schedules cannot be looked at now");
                Some(shared.clock.now().saturating_add(micros(PAUSE)))
            }
        };
        tokio::select! {
            () = shutdown.wait() => return Ok(()),
            () = &mut changed => {}
            () = until_due(&shared, wake) => {}
            () = until_written(&shared, seen) => {}
        }
    }
}

async fn is_closed(shared: &Shared) -> bool {
    matches!(shared.store.version().await, Err(store::Error::Closed))
}

/// When there is something to do again.
enum Next {
    /// A part was done, and there is more.
    AtOnce,
    /// The next slot is then, if there is one.
    At(Option<Micros>),
}

/// Does what is due, and a part of what is to be done besides.
async fn turn(shared: &Shared, table: &mut Table, fill: &Fill, besides: &Besides) -> Result<Next> {
    let revision = shared.store.deployments_revision().await;
    if !table.is_of(revision.map_err(trouble)?) {
        read_changes(shared, table).await?;
    }
    let now = shared.clock.now();
    let (seen, due) = (table.revision(), table.take_due(now));
    let turns = due.into_iter().map(|line| async move {
        let handled = one(shared, fill, &line, seen, now).await;
        (line, handled)
    });
    let mut turns = futures_util::stream::iter(turns).buffer_unordered(AT_ONCE);
    while let Some((line, handled)) = turns.next().await {
        match handled {
            Ok(Handled::Until(handled, refused)) => table.put_back(line.at(handled, refused)),
            Ok(Handled::Refused(handled, since)) => {
                let line = line.at(handled, Some(since));
                table.put_off(line, now.saturating_add(micros(PAUSE)));
            }
            Err(error) => {
                tracing::warn!(deployment = %line.record.deployment, schedule = %line.record.slug, %error, "a slot must wait");
                table.put_off(line, now.saturating_add(micros(PAUSE)));
            }
        }
    }
    Ok(match besides().await? {
        true => Next::AtOnce,
        false => Next::At(table.next()),
    })
}

/// Reads what has changed since the table was read, which may be one schedule of a hundred thousand.
async fn read_changes(shared: &Shared, table: &mut Table) -> Result<()> {
    let (store, knows) = (&shared.store, |flow: &str| shared.flows.contains_key(flow));
    let changes = match table.is_read() {
        true => store.deployed_since(table.revision()).await,
        false => Ok(None),
    };
    match changes.map_err(trouble)? {
        Some((revision, changes)) => table.change(revision, changes, knows),
        None => table.load(store.deployed().await.map_err(trouble)?, knows),
    }
    Ok(())
}

/// How far the slots of a schedule are handled.
enum Handled {
    /// All that are due; since when they are refused here, if they are.
    Until(Micros, Option<Micros>),
    /// Up to there; the next waits, because they are refused here since then.
    Refused(Micros, Micros),
}

/// Handles what is due of one schedule.
async fn one(
    shared: &Shared,
    fill: &Fill,
    line: &table::Line,
    seen: u64,
    now: Micros,
) -> Result<Handled> {
    let table::Line {
        deployment,
        record,
        schedule,
        handled,
        refused,
    } = line;
    let mut refused = *refused;
    let turn = Turn::at(schedule, *handled, record.catchup, now);
    let mut handled = *handled;
    if let Some(pass) = turn.pass {
        pass_over(shared, record, seen, pass).await?;
        handled = pass;
    }
    for slot in turn.fill {
        let due = Due {
            deployment: deployment.clone(),
            record: record.clone(),
            slot,
            begin: begin(schedule, record, slot),
            seen,
        };
        match fill(due).await {
            Ok(()) => refused = None,
            Err(Unfilled::Hindered(error)) => return Err(error),
            Err(Unfilled::Refused(error)) => {
                let since = refused.unwrap_or(now).min(now);
                if refused.is_none() {
                    tracing::warn!(deployment = %record.deployment, schedule = %record.slug, %error, "this program cannot make the run of a slot; another build may");
                }
                refused = Some(since);
                if !is_given_up(since, slot, now) {
                    return Ok(Handled::Refused(handled, since));
                }
                // Nobody does better with it, so it must not stand in the way of the next.
                if pass_over(shared, record, seen, slot).await? {
                    tracing::error!(deployment = %record.deployment, schedule = %record.slug, slot, %error, "a slot has no run");
                }
            }
        }
        handled = slot;
    }
    Ok(Handled::Until(handled, refused))
}

/// Whether a slot that is refused here, since then, is passed over: a program that takes it has had as long for it as a
/// scheduler may be late.
fn is_given_up(since: Micros, slot: Micros, now: Micros) -> bool {
    let long_ago = now.saturating_sub(MISSED_AFTER);
    since <= long_ago && slot <= long_ago
}

/// When the run of a slot begins.
pub(crate) fn begin(schedule: &Schedule, record: &ScheduleRecord, slot: Micros) -> Micros {
    schedule.due(&format!("{}/{}", record.deployment, record.slug), slot)
}

async fn pass_over(
    shared: &Shared,
    record: &ScheduleRecord,
    seen: u64,
    slot: Micros,
) -> Result<bool> {
    let (deployment, slug) = (record.deployment.clone(), record.slug.clone());
    let store = &shared.store;
    let passed = store.pass_slot(Some(seen), deployment, slug, record.since, slot);
    passed.await.map_err(trouble)
}

/// Returns at that time, or a little later than now if there is none: the clock may be set.
fn until_due(shared: &Shared, wake: Option<Micros>) -> impl Future<Output = ()> + '_ {
    let look = shared.clock.now().saturating_add(micros(LOOK));
    // Where a test moves the clock, nobody sets it otherwise.
    let wake = match shared.clock.is_fake() {
        true => wake.unwrap_or(Micros::MAX),
        false => wake.map_or(look, |wake| wake.min(look)),
    };
    shared.clock.sleep_until(wake)
}

/// Returns once another process may have changed the store.
async fn until_written(shared: &Shared, seen: Result<u64, store::Error>) {
    if shared.clock.is_fake() {
        return std::future::pending().await;
    }
    loop {
        shared.clock.sleep(TICK).await;
        match (&seen, shared.store.version().await) {
            (Ok(seen), Ok(version)) if *seen == version => {}
            (_, Ok(_) | Err(store::Error::Closed)) => return,
            (_, Err(error)) => tracing::debug!(%error, "the store cannot be watched now"),
        }
    }
}
