//! The scheduler, and what it makes of a slot.

use std::future::Future;
use std::sync::Arc;

use serde_json::Value;

use super::super::{Engine, Start};
use crate::author::cancel::Cancel;
use crate::engine::trouble;
use crate::error::Result;
use crate::failpoint::failpoint;
use crate::model::dispatch::{DEFAULT_QUEUE, Dispatch, Slot};
use crate::scheduler::{self, Due};

impl Engine {
    /// Puts a run into the queue for each slot of each schedule whose flow this program has, until `shutdown` is ready.
    /// Several may do so on one store, and each may die at any time: a slot gets one run.
    ///
    /// # Errors
    /// If the store is closed meanwhile.
    pub async fn schedule(&self, shutdown: impl Future<Output = ()>) -> Result<()> {
        let stop = Arc::new(Cancel::default());
        let engine = self.clone();
        let fill = move |due: Due| {
            let engine = engine.clone();
            Box::pin(async move { engine.fill(due).await }) as _
        };
        let engine = self.clone();
        let besides = move || {
            let engine = engine.clone();
            Box::pin(async move { engine.advance_backfills().await }) as _
        };
        let scheduled = scheduler::run(self.shared.clone(), &fill, &besides, &stop);
        let mut scheduled = std::pin::pin!(scheduled);
        tokio::select! {
            ended = &mut scheduled => return ended,
            () = shutdown => stop.set(),
        }
        scheduled.await
    }

    async fn fill(&self, due: Due) -> Result<()> {
        let (deployment, record) = (&due.deployment.deployment, &due.record);
        let mut parameters = deployment.parameters.clone();
        parameters.extend(record.parameters.clone());
        let start = Start {
            dispatch: Dispatch {
                queue: Some(
                    deployment
                        .queue
                        .clone()
                        .unwrap_or_else(|| DEFAULT_QUEUE.to_owned()),
                ),
                deployment: Some(deployment.name.clone()),
                slot: Some(Slot {
                    schedule: record.slug.clone(),
                    at: due.slot,
                }),
                tags: deployment.tags.clone(),
            },
            due: Some(due.begin),
            logical_time: Some(due.slot),
            ..Start::default()
        };
        let (meta, input) = self.checked(&deployment.flow, &Value::Object(parameters), &start)?;
        let input = self.with_own_seals(input)?;
        let run = self.new_run(meta, input, start);
        failpoint("scheduler::before_fill");
        let filled = self.shared.store.fill_slot(record.since, run).await;
        let filled = filled.map_err(trouble)?;
        failpoint("scheduler::after_fill");
        if filled.is_some() {
            self.shared.changed.notify_waiters();
        }
        Ok(())
    }
}
