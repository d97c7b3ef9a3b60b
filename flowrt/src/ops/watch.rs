//! What happens to runs while they go on, and what they logged.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::Engine;
use crate::engine::{Events, trouble};
use crate::error::{ErrorKind, Result};
use crate::model::event::{Event, What};
use crate::model::ids::RunId;
use crate::model::outline::Place;
use crate::model::record::{AttemptRecord, LogLine, Micros, RunRecord, StepRecord, WaitRecord};
use crate::store::{LogFilter, RunFilter, StepFilter};

impl Engine {
    /// What happens from now on to a run of this engine, and to the runs below it. Events of other processes are not
    /// seen here: see [`Retold`]. It costs the runs nothing while nobody reads, and little while somebody does.
    pub fn events(&self, run: RunId) -> Events {
        self.shared.events.watch(Some(run))
    }

    /// What happens from now on to all runs of this engine, from their start.
    pub fn all_events(&self) -> Events {
        self.shared.events.watch(None)
    }

    /// Log lines of a run in the order in which they were written, with their cursors.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn logs(&self, run: RunId, filter: LogFilter) -> Result<Vec<(i64, LogLine)>> {
        self.shared.store.logs(run, filter).await.map_err(trouble)
    }

    /// A live process drives the run.
    pub(crate) fn is_driven(&self, record: &RunRecord) -> bool {
        record
            .owner
            .is_some_and(|owner| self.shared.store.is_alive(owner))
    }
}

/// So many waits of a run are told at a time.
const WAITS: usize = 1_000;

/// So many children of a run are read at once.
const CHILDREN: usize = 100;

/// The events of a run, of the runs below it, and of those in which it goes on, as their record tells them, whichever process
/// drives them.
///
/// The record knows of ends, failed attempts, waits and log lines; that a body has begun is not recorded. Each call reads
/// what has been written since the one before, so who follows a run reads each of its steps once, however many there are.
#[derive(Debug)]
pub struct Retold {
    /// The run that is followed, and then those in which it goes on.
    root: RunId,
    runs: Vec<RunId>,
    told: HashMap<RunId, Told>,
    over: bool,
}

/// What was told of one run.
#[derive(Debug, Default)]
struct Told {
    begun: bool,
    ended: bool,
    /// The life of the run that the places are of.
    epoch: u64,
    /// All that lies up to here is told.
    step: Option<Place>,
    attempt: Option<Place>,
    log: Option<i64>,
    /// What was told in an earlier life, which a record that is taken over says again.
    steps: HashSet<String>,
    attempts: HashMap<String, u32>,
    waits: HashMap<String, Option<Micros>>,
    /// When the last step ended.
    last: Option<Micros>,
}

/// What a run's record has got since it was read last.
struct News {
    record: RunRecord,
    steps: Vec<(Place, StepRecord)>,
    attempts: Vec<(Place, AttemptRecord)>,
    waits: Vec<WaitRecord>,
    lines: Vec<(i64, LogLine)>,
}

impl Retold {
    /// Begins with the start of the run.
    pub fn new(run: RunId) -> Self {
        Self {
            root: run,
            runs: vec![run],
            told: HashMap::new(),
            over: false,
        }
    }

    /// The run that is followed by now: the last that was told of those in which it goes on.
    pub fn root(&self) -> RunId {
        self.root
    }

    /// The end of the run was told, or that it stopped, and it does not go on in another.
    pub fn has_ended(&self) -> bool {
        self.told.get(&self.root).is_some_and(|told| told.ended)
    }

    /// Whether the start of that run was told.
    pub fn has_begun(&self, run: RunId) -> bool {
        self.told.get(&run).is_some_and(|told| told.begun)
    }

    /// The run has ended or stopped, or its process is gone; there will be no more events until somebody resumes it.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// A process drives the run, and it has not ended.
    ///
    /// # Errors
    /// If the store fails or has no such run.
    pub async fn goes_on(&self, engine: &Engine) -> Result<bool> {
        let record = engine.record(self.root).await?;
        Ok(!record.state.is_final() && engine.is_driven(&record))
    }

    /// What the record tells since the last call.
    ///
    /// # Errors
    /// If the store fails or has no such run.
    pub async fn more(&mut self, engine: &Engine) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        let mut next = 0;
        while let Some(run) = self.runs.get(next).copied() {
            let is_root = run == self.root;
            next += 1;
            if self.told.get(&run).is_some_and(|told| told.ended) {
                continue;
            }
            let told = self.told.entry(run).or_default();
            let news = told.read(engine, run).await?;
            let is_driven = engine.is_driven(&news.record);
            let goes_on_as = news.record.continued_as();
            told.tell(news, &mut events);
            if is_root {
                let goes_on = match goes_on_as {
                    Some(next) => is_there(engine, next).await?,
                    None => None,
                };
                self.over = goes_on.is_none() && (told.ended || !is_driven);
                if let Some(next) = goes_on {
                    self.root = next;
                    self.runs.push(next);
                }
            }
            self.find_children(engine, run).await?;
        }
        events.sort_by_key(|event| event.at);
        // Whatever the clocks said: nothing comes after the end.
        let root = self.root;
        let is_end =
            |event: &Event| event.run == root && matches!(event.what, What::RunEnded { .. });
        if let Some(end) = events.iter().position(is_end) {
            events[end..].rotate_left(1);
        }
        Ok(events)
    }

    /// Children come newest first, and those that are known came before those that are not.
    async fn find_children(&mut self, engine: &Engine, run: RunId) -> Result<()> {
        let mut before = None;
        loop {
            let children = RunFilter {
                parent: Some(run),
                before,
                limit: CHILDREN,
                ..RunFilter::default()
            };
            let found = engine.runs(children).await?;
            let mut is_known = found.len() < CHILDREN;
            for child in &found {
                match self.told.entry(child.id) {
                    Entry::Vacant(new) => {
                        new.insert(Told::default());
                        self.runs.push(child.id);
                    }
                    Entry::Occupied(_) => is_known = true,
                }
            }
            before = found.last().map(|child| child.id);
            if is_known {
                return Ok(());
            }
        }
    }
}

/// The run in which another goes on, unless somebody has deleted it.
async fn is_there(engine: &Engine, run: RunId) -> Result<Option<RunId>> {
    match engine.record(run).await {
        Ok(record) => Ok(Some(record.id)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Told {
    /// The record first: what is written after it was read may be told before an end that is not, and never after it.
    async fn read(&mut self, engine: &Engine, run: RunId) -> Result<News> {
        let record = engine.record(run).await?;
        if record.epoch != self.epoch {
            self.epoch = record.epoch;
            (self.step, self.attempt) = (None, None);
        }
        let store = &engine.shared.store;
        let steps = StepFilter {
            after: self.step,
            ..StepFilter::default()
        };
        let lines = LogFilter {
            after: self.log,
            ..LogFilter::default()
        };
        Ok(News {
            lines: engine.logs(run, lines).await?,
            attempts: store
                .attempts_after(run, self.attempt)
                .await
                .map_err(trouble)?,
            steps: store.steps(run, steps).await.map_err(trouble)?,
            waits: store.waits(run, WAITS).await.map_err(trouble)?.0,
            record,
        })
    }

    fn tell(&mut self, news: News, events: &mut Vec<Event>) {
        let record = &news.record;
        for (cursor, line) in news.lines {
            self.log = Some(cursor);
            events.push(event(record, line.time, What::Log(line)));
        }
        if !std::mem::replace(&mut self.begun, true) {
            let what = What::RunStarted {
                name: record.name.clone(),
                flow: record.flow.clone(),
                parent: record.parent.clone(),
                continues: record.continues(),
            };
            events.push(event(
                record,
                record.started.unwrap_or(record.created),
                what,
            ));
        }
        for (place, attempt) in &news.attempts {
            self.attempt = Some(*place);
            let last = self.attempts.entry(attempt.step.clone()).or_default();
            if attempt.attempt > *last {
                *last = attempt.attempt;
                events.push(event(record, attempt.finished, What::retrying(attempt)));
            }
        }
        for (place, step) in &news.steps {
            self.step = Some(*place);
            self.last = self.last.max(Some(step.finished));
            if self.steps.insert(step.step.clone()) {
                let what = What::ended(step, step.reused_from.is_some());
                events.push(event(record, step.finished, what));
            }
        }
        // When a wait began is not recorded; it is still open, so what has ended came before.
        let since = self.last.max(record.started).unwrap_or(record.created);
        for wait in &news.waits {
            let new = self.waits.insert(wait.step.clone(), wait.due) != Some(wait.due);
            if new && let Some(what) = What::waiting(wait) {
                events.push(event(record, since, what));
            }
        }
        if record.state.is_final() || record.state.needs_person() {
            self.ended = true;
            let last = events.iter().map(|event| event.at).max();
            let last = record.finished.or(last).unwrap_or(record.created);
            let what = What::RunEnded {
                state: record.state,
                error: record.error.clone(),
            };
            events.push(event(record, last, what));
        }
    }
}

fn event(record: &RunRecord, at: Micros, what: What) -> Event {
    Event {
        run: record.id,
        at,
        what,
    }
}
