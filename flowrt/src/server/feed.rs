//! Events for many watchers, read once. Each has a place in the order in which it was told, so that who comes back says
//! where he was and misses nothing; after a restart of the server, or a long absence, he is told everything anew.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::Stream;
use serde::Serialize;
use tokio::sync::watch;

use super::answer::StreamEvent;
use super::changes::Changes;
use crate::clock::{self, Clock, Stopwatch};
use crate::error::Result;
use crate::mask;
use crate::model::event::{Event, What};
use crate::model::ids::RunId;
use crate::ops::view::EventView;
use crate::ops::{Engine, Events, Retold};

/// How many events are held for those who come back.
const HELD_MAX: usize = 20_000;

/// How often the record is read at most: what happens in between is told together.
const PAUSE: Duration = Duration::from_millis(100);

/// How often somebody looks whether another process has changed something.
const LOOK: Duration = Duration::from_millis(300);

/// How long all runs are not looked at if nothing is heard: that a run has come to wait, this process writes without a word.
const QUIET: Duration = Duration::from_secs(1);

/// How long events are held after the last watcher has gone.
const KEPT: Duration = Duration::from_secs(60);

/// The feeds that somebody watches, or did just now: of one run with those below it, and of all runs.
#[derive(Debug, Default)]
pub(super) struct Feeds(Mutex<HashMap<Option<RunId>, Arc<Feed>>>);

/// The events of one run or of all, and those who wait for more.
#[derive(Debug)]
struct Feed {
    /// Tells this life of the feed from an earlier one.
    life: u64,
    told: Mutex<Told>,
    /// It is known what has been before: all that happens from now on is told.
    has_begun: watch::Sender<bool>,
    /// How many events there have been.
    count: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Told {
    /// The number of the first that is held.
    first: u64,
    events: VecDeque<StreamEvent>,
    over: bool,
}

impl Feeds {
    fn lock(&self) -> MutexGuard<'_, HashMap<Option<RunId>, Arc<Feed>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The events of a run and of those below it from where the watcher was, or from the start; or those of all runs from where the
    /// watcher was, or from now on: nothing that happens once this has returned is missed.
    pub(super) async fn watch(
        self: &Arc<Self>,
        engine: &Engine,
        run: Option<RunId>,
        last: Option<&str>,
    ) -> impl Stream<Item = StreamEvent> + Send + use<> {
        let feed = self.feed(engine, run);
        let waiting = feed.count.subscribe();
        // It also begins if it ends at once.
        let _ = feed.has_begun.subscribe().wait_for(|begun| *begun).await;
        let next = match (run, last) {
            (None, None) => *waiting.borrow(),
            (_, last) => feed.after(last),
        };
        futures_util::stream::unfold(
            (feed, waiting, next),
            |(feed, mut waiting, next)| async move {
                loop {
                    match feed.at(next) {
                        At::Here(event, number) => {
                            return Some((event, (feed, waiting, number + 1)));
                        }
                        At::Over => return None,
                        At::NotYet => waiting.changed().await.ok()?,
                    }
                }
            },
        )
    }

    /// The feed that is told already, or a new one.
    fn feed(self: &Arc<Self>, engine: &Engine, run: Option<RunId>) -> Arc<Feed> {
        let mut feeds = self.lock();
        let held = feeds.get(&run).filter(|feed| !feed.lock().over);
        if let Some(feed) = held {
            return feed.clone();
        }
        let feed = Arc::new(Feed::new());
        feeds.insert(run, feed.clone());
        let (feeds, engine, own) = (self.clone(), engine.clone(), feed.clone());
        tokio::spawn(async move {
            if let Err(error) = tell(&own, &engine, run).await {
                tracing::warn!(%error, "events cannot be told any more");
            }
            own.end();
            feeds.forget(run, &own);
        });
        feed
    }

    fn forget(&self, run: Option<RunId>, feed: &Arc<Feed>) {
        let mut feeds = self.lock();
        if feeds.get(&run).is_some_and(|held| Arc::ptr_eq(held, feed)) {
            feeds.remove(&run);
        }
    }
}

enum At {
    Here(StreamEvent, u64),
    NotYet,
    Over,
}

impl Feed {
    fn new() -> Self {
        Self {
            life: clock::random_u64(),
            told: Mutex::default(),
            has_begun: watch::Sender::new(false),
            count: watch::Sender::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the event after that one; the first that is held, if it is of another life or not held any more.
    fn after(&self, last: Option<&str>) -> u64 {
        let (life, number) = last.and_then(|last| last.split_once('-')).unzip();
        let life = life.and_then(|life| u64::from_str_radix(life, 16).ok());
        let number = number.and_then(|number| number.parse::<u64>().ok());
        match (life, number) {
            (Some(life), Some(number)) if life == self.life => number.saturating_add(1),
            _ => 0,
        }
    }

    fn at(&self, number: u64) -> At {
        let told = self.lock();
        let number = number.max(told.first);
        let index = usize::try_from(number - told.first).unwrap_or(usize::MAX);
        match told.events.get(index) {
            Some(event) => At::Here(event.clone(), number),
            None if told.over => At::Over,
            None => At::NotYet,
        }
    }

    fn push(&self, name: &'static str, value: &impl Serialize) {
        let mut value = serde_json::to_value(value).unwrap_or_default();
        mask::json(&mut value);
        let mut told = self.lock();
        let number = told.first + told.events.len() as u64;
        told.events.push_back(StreamEvent {
            id: Some(format!("{:x}-{number}", self.life)),
            name,
            data: value.to_string(),
        });
        if told.events.len() > HELD_MAX {
            told.events.pop_front();
            told.first += 1;
        }
        drop(told);
        self.count.send_replace(number + 1);
    }

    fn begin(&self) {
        self.has_begun.send_replace(true);
    }

    fn end(&self) {
        self.lock().over = true;
        self.begin();
        self.count.send_modify(|_| {});
    }
}

/// Tells what happens until the run has ended, or nobody has watched for a while.
async fn tell(feed: &Feed, engine: &Engine, run: Option<RunId>) -> Result<()> {
    let mut live = match run {
        Some(run) => engine.events(run),
        None => engine.all_events(),
    };
    let mut teller = match run {
        Some(run) => Teller::Run(Box::new(Retold::new(run)), Vec::new()),
        None => Teller::All(Changes::since_now(engine).await?),
    };
    feed.begin();
    let clock = Clock::real();
    let mut watched = clock.now();
    let mut version = None;
    loop {
        let seen = engine.version().await?;
        if teller.more(feed, engine, &mut live).await? {
            return Ok(());
        }
        let looked = Stopwatch::start();
        loop {
            let changed = wait(&mut teller, feed, &mut live).await;
            clock.sleep(PAUSE).await;
            if feed.count.receiver_count() > 0 {
                watched = clock.now();
            } else if clock.now().saturating_sub(watched) > clock::micros(KEPT) {
                return Ok(());
            }
            let now = engine.version().await?;
            let is_due = run.is_none() && looked.elapsed() > QUIET;
            if changed || is_due || version != Some(now) || seen != now {
                version = Some(now);
                break;
            }
        }
    }
}

/// Waits for a while, and tells that a body has begun: that is not recorded. Gives whether something happened here.
async fn wait(teller: &mut Teller, feed: &Feed, live: &mut Events) -> bool {
    let clock = Clock::real();
    let first = tokio::select! {
        event = live.next() => event,
        () = clock.sleep(LOOK) => return false,
    };
    let Some(first) = first else {
        clock.sleep(LOOK).await;
        return true;
    };
    teller.hear(first);
    teller.hear_all(live);
    teller.tell_heard(feed);
    true
}

fn push(feed: &Feed, event: Event) {
    let view = EventView::from(event);
    feed.push(view.what.name(), &view);
}

/// What was told so far.
enum Teller {
    /// With what was heard that is not recorded, and not told yet.
    Run(Box<Retold>, Vec<Event>),
    All(Changes),
}

impl Teller {
    /// Tells what is new; gives whether there will be no more.
    async fn more(&mut self, feed: &Feed, engine: &Engine, live: &mut Events) -> Result<bool> {
        match self {
            Self::Run(retold, _) => {
                let events = retold.more(engine).await?;
                let is_over = retold.has_ended();
                let is_start = |event: &Event| matches!(event.what, What::RunStarted { .. });
                let (starts, rest): (Vec<_>, Vec<_>) = events.into_iter().partition(is_start);
                for event in starts {
                    push(feed, event);
                }
                // What has ended in the record began before, and that was said before it was recorded: it is heard by now.
                self.hear_all(live);
                self.tell_heard(feed);
                for event in rest {
                    push(feed, event);
                }
                Ok(is_over)
            }
            Self::All(changes) => {
                for change in changes.more(engine).await? {
                    feed.push("run", &change);
                }
                Ok(false)
            }
        }
    }

    fn hear_all(&mut self, live: &mut Events) {
        while let Some(event) = live.try_next() {
            self.hear(event);
        }
    }

    /// Keeps what the record does not tell.
    fn hear(&mut self, event: Event) {
        if let Self::Run(_, heard) = self
            && matches!(
                event.what,
                What::Started { .. } | What::FannedOut { .. } | What::Progress { .. }
            )
        {
            heard.push(event);
        }
    }

    /// Tells what was heard of runs whose start was told.
    fn tell_heard(&mut self, feed: &Feed) {
        if let Self::Run(retold, heard) = self {
            for event in heard.extract_if(.., |event| retold.has_begun(event.run)) {
                push(feed, event);
            }
        }
    }
}
