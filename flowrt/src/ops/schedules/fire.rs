//! The scheduler, and what it makes of a slot.

use std::future::Future;
use std::sync::Arc;

use serde_json::Value;

use super::super::{Engine, Start};
use super::backfilling::Backfilling;
use crate::author::cancel::Cancel;
use crate::engine::trouble;
use crate::error::Result;
use crate::failpoint::failpoint;
use crate::model::dispatch::{Dispatch, Slot};
use crate::scheduler::{self, Due, Unfilled};
use crate::store;

impl Engine {
    /// Puts a run into the queue for each slot of each schedule whose flow this program has, until `shutdown` is ready.
    /// Several may do so on one store, and each may die at any time: a slot gets one run.
    ///
    /// # Errors
    /// If the store is closed meanwhile.
    pub async fn schedule(&self, shutdown: impl Future<Output = ()>) -> Result<()> {
        self.shared.stays();
        let stop = Arc::new(Cancel::default());
        let engine = self.clone();
        let fill = move |due: Due| {
            let engine = engine.clone();
            Box::pin(async move { engine.fill(due).await }) as _
        };
        let backfilling = Arc::new(Backfilling::new(self.clone()));
        let besides = {
            let backfilling = backfilling.clone();
            move || {
                let backfilling = backfilling.clone();
                Box::pin(async move { backfilling.advance().await }) as _
            }
        };
        let scheduled = scheduler::run(self.shared.clone(), &fill, &besides, &stop);
        let mut scheduled = std::pin::pin!(scheduled);
        tokio::select! {
            ended = &mut scheduled => return ended,
            never = backfilling.cancel_runs() => match never {},
            () = shutdown => stop.set(),
        }
        scheduled.await
    }

    async fn fill(&self, due: Due) -> Result<(), Unfilled> {
        let (deployment, record) = (&due.deployment.deployment, &due.record);
        let mut parameters = deployment.parameters.clone();
        parameters.extend(record.parameters.clone());
        let start = Start {
            dispatch: Dispatch {
                slot: Some(Slot {
                    schedule: record.slug.clone(),
                    at: due.slot,
                }),
                ..deployment.dispatch()
            },
            due: Some(due.begin),
            logical_time: Some(due.slot),
            ..Start::default()
        };
        let checked = self.checked(&deployment.flow, &Value::Object(parameters), &start);
        let (meta, input) = checked.map_err(Unfilled::Refused)?;
        // A key that is not there now may be there later.
        let input = self.with_own_seals(input).map_err(Unfilled::Hindered)?;
        let run = self.new_run(meta, input, start);
        failpoint("scheduler::before_fill");
        let store = &self.shared.store;
        let filled = store.fill_slot(due.seen, record.since, run).await;
        let filled = filled.map_err(|error| match error {
            store::Error::TooLarge { .. } => Unfilled::Refused(trouble(error)),
            error => Unfilled::Hindered(trouble(error)),
        })?;
        failpoint("scheduler::after_fill");
        if filled.is_some() {
            self.shared.changed.notify_waiters();
        }
        Ok(())
    }
}
