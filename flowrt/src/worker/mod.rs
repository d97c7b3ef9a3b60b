//! Takes runs from the queue and drives them: as many at once as it has room for, those of dead workers first.
//!
//! It sleeps until a run is due, something changes in this process, or the store tells that another process has written.

mod others;
mod pulse;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::JoinSet;

use crate::author::cancel::{Cancel, Stops};
use crate::author::seat::{Seat, Seats};
use crate::clock::{Clock, Stopwatch};
use crate::engine::{Shared, build, trouble};
use crate::error::{ErrorKind, Result};
use crate::launch::{self, Claimed, Kind, Own};
use crate::model::deployment::Surroundings;
use crate::model::ids::RunId;
use crate::model::record::{Micros, RunRecord};
use crate::store::queue::{Taken, Wanted, WorkerRecord};
use crate::store::{self, Store};
use others::Others;
use pulse::Pulse;

/// How often the store is asked whether another process has changed it. Costs a few microseconds.
const TICK: Duration = Duration::from_millis(100);

/// How often a worker looks whether those who drive runs of its queues still live: a lock that is let go changes nothing
/// in the store.
const DEATHS: Duration = Duration::from_millis(500);

/// How long a run that could not be driven is kept before it is given back, so that nobody tries in a circle.
const PAUSE: Duration = Duration::from_secs(5);

/// How many runs a worker has beside those that do something: they wait for a place of their flow or deployment, and
/// take memory only.
const WAITING_AT_MOST: usize = 4096;

/// What a worker does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The queues it listens on.
    pub queues: Vec<String>,
    /// How many runs it drives at once; at least 1. Those that wait for a place of their flow or deployment do not count.
    pub concurrency: usize,
    /// Where its runs live: `inline`, `process`, or another kind that this program has.
    pub launcher: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            queues: vec![crate::model::dispatch::DEFAULT_QUEUE.to_owned()],
            concurrency: CONCURRENCY,
            launcher: launch::USUAL.to_owned(),
        }
    }
}

/// How many runs a worker drives at once if nobody says.
pub const CONCURRENCY: usize = 64;

/// Works until `shutdown`; then it lets go of its runs: what their bodies give within their grace is recorded, and
/// whoever comes next goes on with them at once.
///
/// # Errors
/// If the launcher is not known, or the store is closed or cannot be used at all.
pub(crate) async fn run(
    shared: Arc<Shared>,
    settings: Settings,
    shutdown: Arc<Cancel>,
) -> Result<()> {
    let kind = launch::kind(&settings.launcher)?;
    let lease = shared.settings.lease();
    let pulse = Pulse::start(shared.store.clone(), about(&shared, &settings), lease / 4)?;
    let mut worker = Worker {
        wanted: Wanted {
            flows: shared.flows.keys().map(|flow| (*flow).to_owned()).collect(),
            queues: settings.queues,
            ..Wanted::default()
        },
        seats: Seats::new(settings.concurrency.max(1)),
        most: settings.concurrency.saturating_add(WAITING_AT_MOST).max(1),
        shared,
        kind,
        driven: JoinSet::new(),
        stops: HashMap::new(),
        own: Own::default(),
        others: Others::default(),
        watch: Stopwatch::start(),
        lease,
    };
    let ended = worker.work(&shutdown).await;
    pulse.drains();
    worker.drain().await;
    ended.map_err(trouble)
}

fn about(shared: &Shared, settings: &Settings) -> WorkerRecord {
    let mut flows: Vec<_> = shared.flows.keys().map(|flow| (*flow).to_owned()).collect();
    flows.sort_unstable();
    WorkerRecord {
        process: shared.store.process(),
        pid: std::process::id(),
        host: String::new(),
        build: build::build().to_owned(),
        queues: settings.queues.clone(),
        flows,
        concurrency: settings.concurrency,
        launcher: settings.launcher.clone(),
        started: Clock::real().now(),
        draining: false,
        beat: 0,
    }
}

struct Worker {
    shared: Arc<Shared>,
    wanted: Wanted,
    seats: Arc<Seats>,
    /// The most runs that are driven at once, those that wait for their turn included.
    most: usize,
    kind: &'static Kind,
    driven: JoinSet<RunId>,
    /// Tells each driven run to let go.
    stops: HashMap<RunId, Stops>,
    own: Own,
    others: Others,
    watch: Stopwatch,
    lease: Duration,
}

impl Worker {
    async fn work(&mut self, shutdown: &Cancel) -> Result<(), store::Error> {
        let mut looked: Option<Duration> = None;
        loop {
            // Registered before the look, so that what comes between the look and the wait is seen.
            let shared = self.shared.clone();
            let changed = shared.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            if shutdown.is_set() {
                return Ok(());
            }
            let seen = shared.store.version().await;
            let elapsed = self.watch.elapsed();
            if looked.is_none_or(|looked| elapsed.saturating_sub(looked) >= self.lease / 4) {
                looked = Some(elapsed);
                self.look_at_others().await?;
            }
            let taken = match self.take().await {
                Ok(taken) => taken,
                Err(store::Error::Closed) => return Err(store::Error::Closed),
                Err(error) => {
                    tracing::debug!(%error, "nothing can be taken from the queue now");
                    Taken::default()
                }
            };
            let (room, clock) = (self.has_room(), Clock::real());
            tokio::select! {
                () = shutdown.wait() => return Ok(()),
                () = &mut changed => {}
                Some(ended) = self.driven.join_next() => self.over(ended),
                () = self.seats.one_left(), if !room => {}
                () = until_due(taken.next), if room => {}
                () = until_written(&*shared.store, seen), if room => {}
                () = clock.sleep(DEATHS), if room && !taken.elsewhere.is_empty() => {}
                () = clock.sleep(self.lease / 4) => {}
            }
        }
    }

    fn has_room(&self) -> bool {
        self.driven.len() < self.most && self.seats.any_free()
    }

    async fn look_at_others(&mut self) -> Result<(), store::Error> {
        let workers = match self.shared.store.workers().await {
            Err(error) if !matches!(error, store::Error::Closed) => return Ok(()),
            workers => workers?,
        };
        let own = self.shared.store.process();
        let elapsed = self.watch.elapsed();
        self.others
            .look(own, build::build(), &workers, elapsed, self.lease);
        Ok(())
    }

    /// Claims what there is room for, and begins to drive it.
    async fn take(&mut self) -> Result<Taken, store::Error> {
        let room = self.most.saturating_sub(self.driven.len());
        let mut seats = self.seats.take(room);
        let wanted = Wanted {
            at_most: seats.len(),
            frozen: self.others.frozen.clone(),
            left_to: self.others.of_other_builds.clone(),
            ..self.wanted.clone()
        };
        let now = self.shared.clock.now();
        let mut taken = self.shared.store.take_due(wanted, now).await?;
        for record in std::mem::take(&mut taken.runs) {
            let surroundings = self.own.of(&*self.shared.store, &record).await;
            self.begin(record, seats.pop(), surroundings);
        }
        Ok(taken)
    }

    fn begin(
        &mut self,
        record: RunRecord,
        seat: Option<Arc<Seat>>,
        surroundings: Result<Option<Surroundings>, store::Error>,
    ) {
        let run = record.id;
        let Some(meta) = self.shared.flows.get(record.flow.as_str()).copied() else {
            tracing::error!(run = %record.name, flow = %record.flow, "a run of an unknown flow was taken");
            return;
        };
        let stops = Stops::of_worker(seat);
        self.stops.insert(run, stops.clone());
        let shared = self.shared.clone();
        let claimed = |surroundings| Claimed {
            shared: shared.clone(),
            record: record.clone(),
            meta,
            surroundings,
            stops: stops.clone(),
        };
        let driven = match surroundings {
            Ok(surroundings) => launch::drive(self.kind, claimed(surroundings)),
            Err(error) => std::future::ready(Err(trouble(error))).boxed(),
        };
        self.driven.spawn(async move {
            if let Err(error) = driven.await
                && error.kind() != ErrorKind::LeaseLost
            {
                tracing::error!(run = %record.name, %error, "a run could not be driven");
                let clock = Clock::real();
                tokio::select! {
                    () = clock.sleep(PAUSE) => {}
                    () = stops.interrupt.wait() => {}
                }
            }
            if let Err(error) = launch::give_back(&shared, &record).await {
                tracing::debug!(run = %record.name, %error, "a run could not be given back");
            }
            run
        });
    }

    fn over(&mut self, ended: Result<RunId, tokio::task::JoinError>) {
        match ended {
            Ok(run) => {
                self.stops.remove(&run);
            }
            Err(error) => tracing::error!(%error, "what drove a run has panicked"),
        }
    }

    /// Lets go of all runs and waits until they are released.
    async fn drain(&mut self) {
        for (run, stops) in &self.stops {
            self.shared.active.interrupt(*run);
            stops.interrupt.set();
        }
        while let Some(ended) = self.driven.join_next().await {
            self.over(ended);
        }
    }
}

async fn until_due(next: Option<Micros>) {
    match next {
        Some(due) => Clock::real().sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Returns once another process may have changed the store.
async fn until_written(store: &dyn Store, seen: Result<u64, store::Error>) {
    let clock = Clock::real();
    loop {
        clock.sleep(TICK).await;
        match (&seen, store.version().await) {
            (Ok(seen), Ok(version)) if *seen == version => {}
            (_, Ok(_) | Err(store::Error::Closed)) => return,
            (_, Err(error)) => tracing::debug!(%error, "the store cannot be watched now"),
        }
    }
}
