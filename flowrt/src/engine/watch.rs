//! Sees what other processes ask of the runs that are driven here: cancels and signals.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::Shared;
use crate::clock::Clock;
use crate::store;

/// How often the store is asked whether another process has changed it. Costs a few microseconds.
const TICK: Duration = Duration::from_millis(150);

/// Sees to it that somebody watches while runs are driven: one task for all of them, none when nothing is driven.
pub(super) fn watch(shared: &Arc<Shared>) {
    // Where a test moves the clock, there is no other process.
    if !shared.clock.is_fake() && shared.active.take_watch() {
        tokio::spawn(ticks(Arc::downgrade(shared), Duty(Arc::downgrade(shared))));
    }
}

/// The duty is given back however the task ends, that of a runtime that goes away included.
struct Duty(Weak<Shared>);

impl Drop for Duty {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.active.drop_watch();
        }
    }
}

async fn ticks(shared: Weak<Shared>, mut duty: Duty) {
    let clock = Clock::real();
    let mut seen = None;
    loop {
        clock.sleep(TICK).await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        match shared.store.version().await {
            Ok(version) if seen == Some(version) => {}
            Ok(version) => {
                if look(&shared).await.is_ok() {
                    seen = Some(version);
                }
            }
            Err(store::Error::Closed) => return,
            Err(error) => tracing::debug!(%error, "the store cannot be watched now"),
        }
        if shared.active.end_watch() {
            duty.0 = Weak::new();
            return;
        }
    }
}

/// Another process may have changed something. All cancels are set together, so that no run sees its own and starts
/// something below another that is cancelled too.
async fn look(shared: &Shared) -> Result<(), store::Error> {
    let mut cancelled = Vec::new();
    for run in shared.active.ids() {
        let record = shared.store.run(run).await?;
        if record.is_some_and(|record| record.cancel_requested.is_some()) {
            cancelled.push(run);
        }
    }
    shared.active.cancel(&cancelled);
    shared.changed.notify_waiters();
    Ok(())
}
