//! Tells those who watch what happens to runs. Without watchers it costs one atomic load.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::clock::Clock;
use crate::model::event::{Event, What};
use crate::model::ids::RunId;
use crate::model::record::{ASIDE, Entry, Journal, Micros, RunRecord};
use crate::store::Ending;

/// How many events wait for a slow watcher; further ones are counted instead.
const HELD_MAX: usize = 1 << 14;

/// The watchers of one engine.
pub(crate) struct Hub {
    clock: Clock,
    count: AtomicUsize,
    watchers: Mutex<Vec<Watcher>>,
}

struct Watcher {
    sender: Sender<Event>,
    missed: Arc<AtomicU64>,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hub({})", self.count.load(Ordering::Relaxed))
    }
}

impl Hub {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            count: AtomicUsize::new(0),
            watchers: Mutex::default(),
        }
    }

    /// From now on, events go to the returned receiver too.
    pub(crate) fn watch(&self, only: Option<RunId>) -> Events {
        let (sender, receiver) = channel(HELD_MAX);
        let missed = Arc::new(AtomicU64::new(0));
        let mut watchers = self.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        watchers.push(Watcher {
            sender,
            missed: missed.clone(),
        });
        self.count.store(watchers.len(), Ordering::Release);
        Events {
            receiver,
            missed,
            only: only.map(|run| HashSet::from([run])),
        }
    }

    /// Somebody may listen.
    pub(crate) fn is_watched(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Tells what happens to a run now; it is made only if somebody watches.
    pub(crate) fn tell(&self, run: RunId, what: impl FnOnce() -> What) {
        if self.is_watched() {
            self.send(run, self.clock.now(), what());
        }
    }

    /// Tells what was recorded.
    pub(crate) fn recorded(&self, run: RunId, entries: &[Entry]) {
        if !self.is_watched() {
            return;
        }
        let now = self.clock.now();
        for what in entries.iter().filter_map(What::of) {
            self.send(run, now, what);
        }
    }

    /// Tells that a run begins, and what of it is done already.
    pub(super) fn begins(&self, record: &RunRecord, journal: &Journal) {
        self.tell(record.id, || What::RunStarted {
            name: record.name.clone(),
            flow: record.flow.clone(),
            parent: record.parent.clone(),
            continues: record.continues(),
        });
        if self.is_watched() {
            for step in journal.steps.iter().filter(|step| step.seq < ASIDE) {
                self.tell(record.id, || What::ended(step, true));
            }
        }
    }

    /// Tells how a run ended or stopped.
    pub(super) fn ends(&self, run: RunId, ending: &Ending) {
        self.tell(run, || What::RunEnded {
            state: ending.state,
            error: ending.error.clone(),
        });
    }

    fn send(&self, run: RunId, at: Micros, what: What) {
        let event = Event { run, at, what };
        let mut watchers = self.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        watchers.retain(|watcher| !watcher.sender.is_closed());
        self.count.store(watchers.len(), Ordering::Release);
        for watcher in watchers.iter() {
            if watcher.sender.try_send(event.clone()).is_err() {
                watcher.missed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// What happens to runs of an engine in this process, as it happens. Ends with the engine.
///
/// A reader that is slower than the runs misses events; [`What::Missed`] says how many.
#[derive(Debug)]
pub struct Events {
    receiver: Receiver<Event>,
    missed: Arc<AtomicU64>,
    /// The watched run and those below it; all runs without one.
    only: Option<HashSet<RunId>>,
}

impl Events {
    /// The next event; `None` when the engine is gone.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            let event = self.receiver.recv().await?;
            if let Some(event) = self.wanted(event) {
                return Some(event);
            }
        }
    }

    /// The next event if there is one now.
    pub fn try_next(&mut self) -> Option<Event> {
        loop {
            let event = self.receiver.try_recv().ok()?;
            if let Some(event) = self.wanted(event) {
                return Some(event);
            }
        }
    }

    fn wanted(&mut self, event: Event) -> Option<Event> {
        let missed = self.missed.swap(0, Ordering::Relaxed);
        if missed > 0 {
            // The event at hand is one of those that the record tells again.
            let what = What::Missed(missed + 1);
            return Some(Event { what, ..event });
        }
        let Some(only) = &mut self.only else {
            return Some(event);
        };
        if let What::RunStarted {
            parent: Some((parent, _)),
            ..
        } = &event.what
            && only.contains(parent)
        {
            only.insert(event.run);
        }
        if let What::RunStarted {
            continues: Some(ended),
            ..
        } = &event.what
            && only.remove(ended)
        {
            only.insert(event.run);
        }
        only.contains(&event.run).then_some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::state::RunState;

    fn run(number: u128) -> RunId {
        RunId(uuid::Uuid::from_u128(number))
    }

    fn started(parent: Option<u128>) -> What {
        What::RunStarted {
            name: "calm-otter".to_owned(),
            flow: "flow".to_owned(),
            parent: parent.map(|parent| (run(parent), "sub".to_owned())),
            continues: None,
        }
    }

    fn ended() -> What {
        What::RunEnded {
            state: RunState::Completed,
            error: None,
        }
    }

    #[test]
    fn without_watchers_nothing_is_made() {
        let hub = Hub::new(Clock::fake(0));
        hub.tell(run(1), || unreachable!("nobody watches"));
        drop(hub.watch(None));
        hub.tell(run(1), ended);
        assert!(!hub.is_watched(), "a watcher that is gone is forgotten");
    }

    #[test]
    fn a_watcher_of_a_run_sees_it_and_what_is_below_it() {
        let hub = Hub::new(Clock::fake(7));
        let mut events = hub.watch(Some(run(1)));
        hub.tell(run(1), || started(None));
        hub.tell(run(2), || started(Some(1)));
        hub.tell(run(3), || started(Some(2)));
        hub.tell(run(4), || started(None));
        hub.tell(run(4), ended);
        hub.tell(run(3), ended);
        let mut seen = Vec::new();
        while let Some(event) = events.try_next() {
            assert_eq!(event.at, 7);
            seen.push(event.run);
        }
        assert_eq!(seen, [run(1), run(2), run(3), run(3)]);
    }

    #[test]
    fn a_slow_watcher_is_told_how_much_it_missed_and_holds_nobody_up() {
        let hub = Hub::new(Clock::fake(0));
        let mut events = hub.watch(None);
        for _ in 0..HELD_MAX + 5 {
            hub.tell(run(1), ended);
        }
        let first = events.try_next().expect("there are events");
        assert_eq!(first.what, What::Missed(6));
        let rest = std::iter::from_fn(|| events.try_next()).count();
        assert_eq!(rest, HELD_MAX - 1);
    }
}
