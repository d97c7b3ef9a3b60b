//! Waits for signals to a run.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::host::{RunHost, finished};
use crate::author::core::Core;
use crate::author::slot::{Finished, Key};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::model::payload::Payload;
use crate::model::record::{Journal, Micros, SignalRecord, WaitRecord};
use crate::model::state::TaskState;

/// How long to wait before the store is asked again that did not answer.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(200);

/// The signals of a run that have gone to a step.
#[derive(Debug)]
pub(super) struct Signals {
    taken: Mutex<HashSet<u64>>,
}

impl Signals {
    pub(super) fn of(journal: &Journal) -> Self {
        let taken = journal.steps.iter().filter_map(|step| step.signal);
        Self {
            taken: Mutex::new(taken.collect()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the first of that name that no other step has.
    fn take(&self, name: &str, signals: Vec<SignalRecord>) -> Option<SignalRecord> {
        let mut taken = self.lock();
        let free = |signal: &SignalRecord| signal.name == name && !taken.contains(&signal.seq);
        let signal = signals.into_iter().find(free)?;
        taken.insert(signal.seq);
        Some(signal)
    }

    /// The step that had it was dropped before it was recorded.
    pub(super) fn give_back(&self, signal: u64) {
        self.lock().remove(&signal);
    }
}

/// Waits until there is a signal of that name, or its time is over.
pub(super) async fn wait_for_signal(
    host: Arc<RunHost>,
    core: Arc<Core>,
    key: Key,
    name: String,
    until: Option<Micros>,
    schema: serde_json::Value,
) -> Finished {
    let started = core.clock.now();
    let step = core.step_id(key).to_string();
    // The instant of an earlier drive holds.
    let until = host.due_of(&step).or(until);
    let wait = WaitRecord {
        step,
        kind: "signal".to_owned(),
        due: until,
        detail: serde_json::json!({ "name": name, "schema": schema }),
    };
    host.note_wait(wait).await;
    loop {
        // Registered before the look, so that what comes between the look and the wait is seen.
        let changed = host.shared.changed.notified();
        let mut changed = std::pin::pin!(changed);
        changed.as_mut().enable();
        let found = host.shared.store.signals(host.run, 0).await;
        let failed = found.is_err();
        if let Some(signal) = host.signals.take(&name, found.unwrap_or_default()) {
            let (state, payload) = (TaskState::Completed, signal.payload);
            return finished(key, state, payload, started, &core, Some(signal.seq));
        }
        if until.is_some_and(|until| core.clock.now() >= until) {
            let error = Error::new(
                ErrorKind::SignalTimedOut,
                format!("no signal `{name}` came in time"),
            );
            let output = Payload::from_json(error.to_json());
            return finished(key, TaskState::TimedOut, output, started, &core, None);
        }
        let (clock, machine) = (core.clock.clone(), Clock::real());
        tokio::select! {
            () = changed => {}
            () = clock.sleep_until(until.unwrap_or(Micros::MAX)), if until.is_some() => {}
            () = machine.sleep(PAUSE), if failed => {}
        }
    }
}
