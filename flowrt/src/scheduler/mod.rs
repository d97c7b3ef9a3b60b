//! Slots that are due become runs in the queue.
//!
//! It sleeps until the next slot, something changes in this process, or the store tells that another process has written.
//! Any number of schedulers may work on one store: a run is accepted in the transaction that moves its schedule's cursor.

mod table;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;

use crate::author::cancel::Cancel;
use crate::clock::micros;
use crate::engine::{Shared, trouble};
use crate::error::{Error, ErrorKind, Result};
use crate::model::deployment::{DeploymentRecord, ScheduleRecord};
use crate::model::record::Micros;
use crate::model::schedule::{Schedule, Turn};
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
}

/// Makes the run of a slot; comes from above, where parameters are judged. That somebody else has handled the slot is
/// no error.
pub(crate) type Fill = dyn Fn(Due) -> BoxFuture<'static, Result<()>> + Send + Sync;

/// What else is done when something may have changed.
pub(crate) type Besides = dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync;

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
            Ok(wake) => wake,
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

/// Does what is due. Returns when the next is.
async fn turn(
    shared: &Shared,
    table: &mut Table,
    fill: &Fill,
    besides: &Besides,
) -> Result<Option<Micros>> {
    let revision = shared.store.deployments_revision().await;
    if !table.is_of(revision.map_err(trouble)?) {
        let deployed = shared.store.deployed().await.map_err(trouble)?;
        let knows = |flow: &str| shared.flows.contains_key(flow);
        table.load(deployed, knows);
    }
    let now = shared.clock.now();
    let due = table.take_due(now);
    let turns = due.into_iter().map(|line| async move {
        let handled = one(shared, fill, &line, now).await;
        (line, handled)
    });
    let mut turns = futures_util::stream::iter(turns).buffer_unordered(AT_ONCE);
    while let Some((line, handled)) = turns.next().await {
        match handled {
            Ok(handled) => table.put_back(line, handled),
            Err(error) => {
                tracing::warn!(deployment = %line.record.deployment, schedule = %line.record.slug, %error, "a slot must wait");
                table.put_off(line, now.saturating_add(micros(PAUSE)));
            }
        }
    }
    besides().await?;
    Ok(table.next())
}

/// Handles what is due of one schedule. Returns up to where its slots are handled then.
async fn one(shared: &Shared, fill: &Fill, line: &table::Line, now: Micros) -> Result<Micros> {
    let table::Line {
        deployment,
        record,
        schedule,
        handled,
    } = line;
    let turn = Turn::at(schedule, *handled, record.catchup, now);
    let mut handled = *handled;
    if let Some(pass) = turn.pass {
        pass_over(shared, record, pass).await?;
        handled = pass;
    }
    for slot in turn.fill {
        let due = Due {
            deployment: deployment.clone(),
            record: record.clone(),
            slot,
            begin: begin(schedule, record, slot),
        };
        match fill(due).await {
            Ok(()) => {}
            // Nobody could do better with it later, so it must not stand in the way of the next.
            Err(error) if is_final(&error) => {
                tracing::error!(deployment = %record.deployment, schedule = %record.slug, %error, "a slot has no run");
                pass_over(shared, record, slot).await?;
            }
            Err(error) => return Err(error),
        }
        handled = slot;
    }
    Ok(handled)
}

/// When the run of a slot begins.
pub(crate) fn begin(schedule: &Schedule, record: &ScheduleRecord, slot: Micros) -> Micros {
    schedule.due(&format!("{}/{}", record.deployment, record.slug), slot)
}

fn is_final(error: &Error) -> bool {
    !matches!(error.kind(), ErrorKind::Store)
}

async fn pass_over(shared: &Shared, record: &ScheduleRecord, slot: Micros) -> Result<()> {
    let (deployment, slug) = (record.deployment.clone(), record.slug.clone());
    let passed = shared.store.pass_slot(deployment, slug, record.since, slot);
    passed.await.map(|_| ()).map_err(trouble)
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
