//! Stops runs: cancel ends them, interrupt lets go of them, close lets go of all.

use std::time::Duration;

use futures_util::future::BoxFuture;

#[cfg(feature = "cli")]
use super::Question;
use super::{Engine, RunHandle};
use crate::author::cancel::Stops;
use crate::author::{frame, resource};
use crate::clock::Clock;
use crate::engine::{self, again, end_orphan, may_follow_a_cancel, patiently, trouble};
use crate::error::{ErrorKind, Result};
use crate::model::ids::RunId;
use crate::model::state::RunState;
use crate::store::RunFilter;

/// How long a cancel waits for the process that drives the run to say that it has seen it.
const ANSWER: Duration = Duration::from_secs(5);

/// How often it looks.
const LOOK: Duration = Duration::from_millis(20);

/// How long each resource may take to be torn down.
const TEAR_DOWN: Duration = Duration::from_secs(5);

/// Tears down what tasks were given. Nothing may run any more that needs it.
pub(crate) async fn tear_down_resources() {
    resource::tear_down(TEAR_DOWN).await;
}

impl Engine {
    /// Asks a run and all below it to cancel. When this returns, the request is on the disk and will not be lost, and
    /// the process that drives the run has seen it, so that nothing new starts (unless that process did not answer for
    /// five seconds, being stopped itself). Bodies that run learn it by `ctx.cancelled()` and have a grace; then the run
    /// ends as `Cancelled`. A run whose process died, or that waits for a person, ends at once; what follows from that, by
    /// the program that cancels it (hooks, rollbacks), is done here first. Of a run that went on in
    /// another, the last is meant.
    ///
    /// # Errors
    /// If the store does not know the run or fails.
    pub async fn cancel(&self, run: RunId) -> Result<()> {
        let mut run = self.last_of(run).await?.id;
        loop {
            self.cancel_one(run).await?;
            // It may have gone on just before it was asked.
            match self.last_of(run).await?.id {
                last if last == run => return Ok(()),
                last => run = last,
            }
        }
    }

    async fn cancel_one(&self, run: RunId) -> Result<()> {
        let shared = &self.shared;
        self.cancel_undriven(run).await?;
        let now = shared.clock.now();
        let asked = patiently(|| shared.store.request_cancel(run, now))
            .await
            .map_err(trouble)?;
        shared.active.cancel(&asked);
        shared.active.cancel(&[run]);
        shared.changed.notify_waiters();
        end_orphan(shared, run, false).await.map_err(trouble)?;
        if !shared.active.holds(run) {
            self.is_answered(run).await?;
        }
        Ok(())
    }

    /// Ends what nobody drives of a run and of all below it, if something follows from its end (hooks, rollbacks): that is
    /// done here, and children come first. All else ends without being driven.
    fn cancel_undriven(&self, run: RunId) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let shared = &self.shared;
            let record = self.record(run).await?;
            let is_driven = record.owner.is_some_and(|owner| {
                owner == shared.store.process() || shared.store.is_alive(owner)
            });
            if record.state.is_final() || is_driven {
                return Ok(());
            }
            let Some(meta) = shared.flows.get(record.flow.as_str()) else {
                return Ok(());
            };
            if !may_follow_a_cancel(meta) {
                return Ok(());
            }
            let filter = RunFilter {
                parent: Some(run),
                ..RunFilter::default()
            };
            let children = shared.store.list_runs(filter).await.map_err(trouble)?;
            for child in children {
                self.cancel_undriven(child.id).await?;
            }
            let claimed = match again::claim(shared, &record).await {
                Ok(claimed) => claimed,
                // Somebody else was faster, and is told like any other.
                Err(error) if error.kind() == ErrorKind::LeaseLost => return Ok(()),
                Err(error) => return Err(error),
            };
            let now = shared.clock.now();
            patiently(|| shared.store.request_cancel(run, now))
                .await
                .map_err(trouble)?;
            let stops = Stops::default();
            stops.cancel.set();
            engine::drive(shared.clone(), claimed, meta, 0, stops)
                .await
                .map(drop)
        })
    }

    async fn is_answered(&self, run: RunId) -> Result<()> {
        let clock = Clock::real();
        let until = clock.now().saturating_add(crate::clock::micros(ANSWER));
        let here = Some(self.shared.store.process());
        let mut abandoned = None;
        while clock.now() < until {
            let record = self.record(run).await?;
            if record.state.is_final() || record.state == RunState::Cancelling {
                return Ok(());
            }
            // Seen twice, so that it is not one that is claimed and about to be driven.
            let nobody = record.owner == here && !self.shared.active.holds(run);
            if nobody && abandoned == Some(record.epoch) {
                return end_orphan(&self.shared, run, true).await.map_err(trouble);
            }
            abandoned = nobody.then_some(record.epoch);
            clock.sleep(LOOK).await;
        }
        tracing::warn!(%run, "the process that drives the run has not answered yet; the cancel is recorded");
        Ok(())
    }

    /// Lets go of a run that this engine drives, and of all below it: what runs has a grace to end and be recorded,
    /// nothing new starts, and the run stops as `Interrupted`. [`resume`](Self::resume) goes on with it, here or in
    /// another process, and repeats nothing that is recorded. `false` if this engine does not drive the run.
    pub fn interrupt(&self, run: RunId) -> bool {
        self.shared.active.interrupt(run)
    }

    /// Lets go of all runs as [`interrupt`](Self::interrupt) does, waits until they are released, and closes the store.
    ///
    /// An engine that is dropped instead goes on driving its runs, as long as its tokio runtime lives; with the runtime
    /// (or the process) they stop where they are and can be resumed.
    ///
    /// # Errors
    /// If the store fails or was closed before.
    pub async fn close(self) -> Result<()> {
        let shared = &self.shared;
        loop {
            let changed = shared.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            let roots = shared.active.roots();
            if roots.is_empty() {
                break;
            }
            for run in roots {
                shared.active.interrupt(run);
            }
            changed.await;
        }
        shared.store.close().await.map_err(trouble)?;
        drop(self);
        // Resources belong to the process: the last engine that is open takes them along.
        if !frame::engine_is_open() {
            tear_down_resources().await;
        }
        Ok(())
    }

    /// How often in a row the process of a run may die without recording a step (3 if nothing is said): at the next
    /// attempt to drive it, it ends as `Crashed` and is not driven again until somebody resumes it.
    pub fn crashes_max(self, count: u32) -> Self {
        self.shared.settings.set_crashes_max(count);
        self
    }

    /// How many steps one run may record (1,000,000 if nothing is said). The next one does not begin, and the run fails
    /// with an error of kind [`ErrorKind::Limit`].
    pub fn history_steps_max(self, count: u64) -> Self {
        self.shared.settings.set_history_steps_max(count);
        self
    }

    /// How long bodies may go on once their run is cancelled, interrupted or out of time (5 s if nothing is said). Then
    /// an `async` body is dropped at its `.await`; a blocking one goes on unseen, and its result is not recorded.
    pub fn grace(self, grace: Duration) -> Self {
        self.shared.settings.set_grace(grace);
        self
    }
}

#[cfg(feature = "cli")]
impl Engine {
    /// From now on a failure of a body waits until that listener has said whether a signal came, which may have caused it.
    pub(crate) fn listens_to_signals(
        &self,
        listener: tokio::sync::mpsc::UnboundedSender<Question>,
    ) {
        self.shared.ear.listens(listener);
    }
}

impl RunHandle {
    /// Lets go of the run and of all below it: see [`Engine::interrupt`].
    pub fn interrupt(&self) {
        self.interrupter()();
    }

    /// What lets go of the run, also while somebody waits for it.
    pub(crate) fn interrupter(&self) -> impl Fn() + Send + use<> {
        let (id, stops, shared) = (self.id, self.stops.clone(), self.shared.clone());
        move || {
            // All at once, so that no child goes on until its parent has heard of it.
            if let Some(shared) = shared.upgrade() {
                shared.active.interrupt(id);
            }
            stops.interrupt.set();
        }
    }
}
