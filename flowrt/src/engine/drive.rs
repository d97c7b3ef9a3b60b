//! Drives a claimed run to its end, through all attempts of its flow.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::driver::Driver;
use super::fallen::StopsWhenFallen;
use super::limits::runs;
use super::retry::Waited;
use super::successor::{Following, follow};
use super::terms::{self, Terms};
use super::{Shared, active, again, crash, end, fallen, park, patiently, retry, trouble, watch};
use crate::author::cancel::Stops;
use crate::author::meta::Meta;
use crate::error::Result;
use crate::logs::Kept;
use crate::model::after::Decided;
use crate::model::record::{Entry, Journal, Micros, RunRecord, WaitRecord};
use crate::model::state::RunState;
use crate::registry;
use crate::store::Durability;

/// Drives a claimed run until it ends or stops, and gives its record: if it goes on in another run, that one's. It counts
/// as driven from the call on, and until the future ends or is dropped; a dropped one leaves the run as a dead process would.
pub(crate) fn drive(
    shared: Arc<Shared>,
    record: RunRecord,
    meta: &'static Meta,
    depth: u32,
    stops: Stops,
) -> BoxFuture<'static, Result<RunRecord>> {
    let first = record.id;
    let mut driven = active::enter(&shared, &record, first, &stops);
    watch::watch(&shared);
    Box::pin(async move {
        let (mut record, mut meta) = (record, meta);
        loop {
            let ended = until_end(&shared, record.clone(), meta, depth, &stops);
            let ended = match AssertUnwindSafe(ended).catch_unwind().await {
                Ok(ended) => ended?,
                Err(panic) => {
                    let said = end::said(&*panic).to_owned();
                    drop(panic);
                    let ended = fallen::panicked(&shared, &record, &said).await?;
                    drop(driven);
                    shared.is_over(&ended);
                    return Ok(ended);
                }
            };
            if stops.has_rested() {
                return Ok(ended);
            }
            let next = match follow(&shared, ended, &stops).await? {
                Following::Over(record) => {
                    drop(driven);
                    shared.is_over(&record);
                    return Ok(*record);
                }
                Following::Drive(next) => next,
            };
            // Entered before the other is left, so that whoever stops the first stops this one.
            driven = active::enter(&shared, &next, first, &stops);
            meta = match shared.flows.get(next.flow.as_str()) {
                Some(meta) => meta,
                None => return Err(registry::unknown(&next.flow, &shared.flows)),
            };
            record = *next;
        }
    })
}

/// Drives one run to its end.
async fn until_end(
    shared: &Arc<Shared>,
    record: RunRecord,
    meta: &'static Meta,
    depth: u32,
    stops: &Stops,
) -> Result<RunRecord> {
    let left = record.clone();
    let terms = terms::of(shared, &record, meta).await?;
    if let Some(mut entered) = runs::enter(shared, &record, meta, &terms, stops).await? {
        let attempts = all_attempts(shared, record, meta, &terms, depth, stops);
        tokio::select! {
            ended = attempts => ended?,
            () = entered.until_ousted(stops) => {}
        }
    }
    again::found(shared, &left).await
}

async fn all_attempts(
    shared: &Arc<Shared>,
    record: RunRecord,
    meta: &'static Meta,
    terms: &Terms,
    depth: u32,
    stops: &Stops,
) -> Result<()> {
    let mut next = Some(record);
    while let Some(record) = next {
        next = one_attempt(shared, record, meta, terms, depth, stops).await?;
    }
    Ok(())
}

/// Gives the record to go on with if another attempt follows.
async fn one_attempt(
    shared: &Arc<Shared>,
    mut record: RunRecord,
    meta: &'static Meta,
    terms: &Terms,
    depth: u32,
    stops: &Stops,
) -> Result<Option<RunRecord>> {
    let store = &shared.store;
    let journal = patiently(|| store.journal(record.id))
        .await
        .map_err(trouble)?;
    if let Some(decided) = Decided::of(&journal) {
        let mut driver = Driver::new(shared, record, meta, journal, depth, stops, None);
        return driver.follow(decided).await.map(|()| None);
    }
    // A cancel that came before this run could be found among the active ones.
    let asked = patiently(|| store.run(record.id)).await.map_err(trouble)?;
    if asked.is_some_and(|run| run.cancel_requested.is_some()) {
        stops.cancel.set();
    } else if let Some(error) = park::left_in_the_middle(&record.name, &journal) {
        let mut driver = Driver::new(shared, record, meta, journal, depth, stops, None);
        let ended = driver.finish(RunState::Parked, None, Some(error)).await;
        return ended.map(|()| None);
    } else if record.crashes > shared.settings.crashes_max() && crash::is_to_blame(&journal) {
        let error = crash::error(shared, &record, &journal);
        let mut driver = Driver::new(shared, record, meta, journal, depth, stops, None);
        let ended = driver.finish(RunState::Crashed, None, Some(error)).await;
        return ended.map(|()| None);
    }
    let deadline = deadline(shared, &record, &journal, terms).await?;
    let attempt = retry::failed_attempts(&journal) + 1;
    if let Some(due) = retry::pending(&journal) {
        return match retry::next_attempt(shared, &record, attempt, stops, due, deadline).await? {
            Waited::Again(record) => Ok(Some(*record)),
            Waited::Ends(state, error) => {
                let mut driver = Driver::new(shared, record, meta, journal, depth, stops, deadline);
                driver.finish(state, None, error).await.map(|()| None)
            }
        };
    }
    if record.attempt != attempt && record.state == RunState::Running {
        patiently(|| {
            store.set_state(
                record.id,
                record.epoch,
                record.state,
                attempt,
                Durability::Soon,
            )
        })
        .await
        .map_err(trouble)?;
    }
    let _kept = Kept::open(record.id, &shared.logs, &**store, record.epoch > 1).await;
    shared.events.begins(&record, &journal);
    record.attempt = attempt;
    let again = record.clone();
    let mut driver = Driver::new(shared, record, meta, journal, depth, stops, deadline);
    let _fallen = StopsWhenFallen {
        core: driver.core.clone(),
        host: driver.host.clone(),
    };
    driver.retries = terms.retries;
    driver.has_place = terms.limit.is_some() || meta.flow.max_runs.is_some();
    let stop = driver.until_stop().await;
    let ended = driver.end(stop).await;
    driver.drop_flow();
    Ok(ended?.then_some(again))
}

/// When the run's time is over: counted from its start through crashes and attempts. Who resumes a run that had ended
/// or was interrupted gives it the whole time again.
async fn deadline(
    shared: &Shared,
    record: &RunRecord,
    journal: &Journal,
    terms: &Terms,
) -> Result<Option<Micros>> {
    let Some(limit) = terms.timeout else {
        return Ok(None);
    };
    let noted = journal
        .waits
        .iter()
        .find(|wait| wait.step == retry::TIMEOUT);
    if let Some(due) = noted.and_then(|wait| wait.due) {
        return Ok(Some(due));
    }
    let due = shared.clock.now().saturating_add(limit);
    let wait = WaitRecord {
        step: retry::TIMEOUT.to_owned(),
        kind: "timeout".to_owned(),
        due: Some(due),
        detail: serde_json::Value::Null,
    };
    let entries = || vec![Entry::Wait(wait.clone())];
    patiently(|| {
        shared
            .store
            .record(record.id, record.epoch, entries(), Durability::Soon)
    })
    .await
    .map_err(trouble)?;
    Ok(Some(due))
}
