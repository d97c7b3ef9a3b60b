//! A run that waits long leaves memory: its waits are recorded, so whoever takes it when they end goes on as after an
//! interrupt.

use std::time::Duration;

use super::driver::Driver;
use super::hooks::Hooks;
use super::{patiently, trouble};
use crate::clock::micros;
use crate::error::Result;
use crate::failpoint::failpoint;
use crate::model::rest::until;
use crate::store::queue::Rest;

/// How seldom a run that may not rest is looked at again.
const LOOK_AT_MOST: Duration = Duration::from_secs(3600);

/// How long a run is quiet before it is asked whether it may rest.
#[derive(Debug)]
pub(super) struct Patience(Option<Duration>);

impl Patience {
    /// Returns after a while, or never for a run that stays in memory.
    pub(super) async fn over(&self) {
        match self.0 {
            Some(quiet) => crate::clock::Clock::real().sleep(quiet).await,
            None => std::future::pending().await,
        }
    }

    /// It could not rest.
    pub(super) fn longer(&mut self) {
        self.0 = self.0.map(|quiet| (quiet * 2).min(LOOK_AT_MOST));
    }
}

impl Driver {
    /// A run of a flow that bounds its runs keeps its place, so it stays.
    pub(super) fn patience(&self) -> Patience {
        let may_rest = self.core.stops.rested.is_some() && self.meta.flow.max_runs.is_none();
        Patience(may_rest.then(|| self.host.shared.settings.rest_after()))
    }

    /// What the run waits for, if nothing but recorded waits that last is left of it.
    pub(super) async fn may_rest(&mut self) -> Option<Rest> {
        let tasks = self.core.waiting_tasks()?;
        if self.hooks().is_some_and(Hooks::is_busy) {
            return None;
        }
        let shared = &self.host.shared;
        // What cannot be read now is looked at later.
        let journal = shared.store.journal(self.record.id).await.ok()?;
        let at = shared.clock.now();
        let earliest = at.saturating_add(micros(shared.settings.rest_after()));
        let until = until(&journal, &tasks, earliest)?;
        Some(Rest {
            due: until.due,
            signals: until.signals,
            at,
            queue: None,
        })
    }

    /// Leaves the run to whoever takes it when it is due.
    pub(super) async fn lie_down(&mut self, rest: Rest) -> Result<()> {
        let entries = self.core.release_running();
        let shared = &self.host.shared;
        shared.logs.flush().await;
        let (run, epoch) = (self.record.id, self.record.epoch);
        failpoint("engine::before_rest");
        patiently(|| shared.store.rest(run, epoch, entries.clone(), rest.clone()))
            .await
            .map_err(trouble)?;
        failpoint("engine::after_rest");
        if let Some(rested) = &self.core.stops.rested {
            rested.set();
        }
        Ok(())
    }
}
