//! All schedules that fire, by the time of their next slot.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use crate::model::deployment::{DeploymentRecord, ScheduleRecord};
use crate::model::record::Micros;
use crate::model::schedule::Schedule;
use crate::store::deployments::{Changed, Deployed};

/// How many schedules are handled in one turn, so that a program is told to stop in between.
const AT_ONCE: usize = 4096;

/// One schedule.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) deployment: Arc<DeploymentRecord>,
    pub(super) record: Arc<ScheduleRecord>,
    pub(super) schedule: Arc<Schedule>,
    /// Its slots are handled up to here.
    pub(super) handled: Micros,
    /// Since when this program can make no run of it.
    pub(super) refused: Option<Micros>,
}

impl Line {
    fn is_written_as(&self, record: &ScheduleRecord) -> bool {
        self.record.schedule == record.schedule && self.record.parameters == record.parameters
    }

    /// The same, handled up to there.
    pub(super) fn at(self, handled: Micros, refused: Option<Micros>) -> Self {
        Self {
            handled,
            refused,
            ..self
        }
    }
}

/// The schedules of one revision. What is not due costs nothing but its memory.
#[derive(Debug, Default)]
pub(super) struct Table {
    revision: Option<u64>,
    /// Each with the time at which it is due.
    lines: Vec<Option<(Micros, Line)>>,
    /// When which is due. What is taken out elsewhere stays here until then.
    due: BinaryHeap<Reverse<(Micros, usize)>>,
    free: Vec<usize>,
    /// Where which lies, by deployment and slug.
    places: HashMap<String, HashMap<String, usize>>,
}

impl Table {
    pub(super) fn is_of(&self, revision: u64) -> bool {
        self.revision == Some(revision)
    }

    pub(super) fn is_read(&self) -> bool {
        self.revision.is_some()
    }

    /// Of what it is: 0 before the first.
    pub(super) fn revision(&self) -> u64 {
        self.revision.unwrap_or_default()
    }

    /// Takes what is deployed now in place of what was. Schedules of flows that this program does not have are for others.
    pub(super) fn load(&mut self, deployed: Deployed, knows: impl Fn(&str) -> bool) {
        let mut read = std::mem::take(self);
        let deployments: HashMap<String, Arc<DeploymentRecord>> = deployed
            .deployments
            .into_iter()
            .filter(|record| record.is_on() && knows(&record.deployment.flow))
            .map(|record| (record.deployment.name.clone(), Arc::new(record)))
            .collect();
        self.revision = Some(deployed.revision);
        for record in deployed.schedules {
            if let Some(deployment) = deployments.get(&record.deployment) {
                let known = read.take(&record.deployment, &record.slug);
                self.read(deployment, record, known);
            }
        }
    }

    /// Takes over what has changed up to that revision.
    pub(super) fn change(
        &mut self,
        revision: u64,
        changes: Vec<Changed>,
        knows: impl Fn(&str) -> bool,
    ) {
        self.revision = Some(revision);
        let fires = |record: DeploymentRecord| {
            (record.is_on() && knows(&record.deployment.flow)).then(|| Arc::new(record))
        };
        for change in changes {
            match change {
                Changed::Whole(name, there) => {
                    let mut known = self.take_all(&name);
                    let Some((record, schedules)) = there else {
                        continue;
                    };
                    let Some(deployment) = fires(record) else {
                        continue;
                    };
                    for record in schedules {
                        let known = known.remove(&record.slug);
                        self.read(&deployment, record, known);
                    }
                }
                Changed::One(name, slug, there) => {
                    let known = self.take(&name, &slug);
                    if let Some((record, schedule)) = there
                        && let Some(deployment) = fires(record)
                    {
                        self.read(&deployment, schedule, known);
                    }
                }
            }
        }
        self.forget_what_was_taken();
    }

    /// Adds a schedule, if it fires. Of the same one as it was `known` is kept what reading it has cost.
    fn read(
        &mut self,
        deployment: &Arc<DeploymentRecord>,
        record: ScheduleRecord,
        known: Option<Line>,
    ) {
        if !record.is_on() {
            return;
        }
        // Whatever else has changed, what this program cannot make it still cannot.
        let refused = known
            .as_ref()
            .filter(|known| *known.deployment == **deployment && known.is_written_as(&record))
            .and_then(|known| known.refused);
        let known = known
            .filter(|known| known.record.schedule == record.schedule)
            .map(|known| known.schedule);
        let schedule = match known
            .map_or_else(|| Schedule::from_json(&record.schedule).map(Arc::new), Ok)
        {
            Ok(schedule) => schedule,
            Err(error) => {
                tracing::error!(deployment = %record.deployment, schedule = %record.slug, %error, "a schedule cannot be read");
                return;
            }
        };
        self.add(Line {
            deployment: deployment.clone(),
            schedule,
            handled: record.handled(),
            refused,
            record: Arc::new(record),
        });
    }

    fn add(&mut self, line: Line) {
        if let Some(next) = line.schedule.next_after(line.handled) {
            self.add_at(line, next);
        }
    }

    fn add_at(&mut self, line: Line, at: Micros) {
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                self.lines.push(None);
                self.lines.len() - 1
            }
        };
        let places = self.places.entry(line.record.deployment.clone());
        places.or_default().insert(line.record.slug.clone(), place);
        self.lines[place] = Some((at, line));
        self.due.push(Reverse((at, place)));
    }

    fn take(&mut self, deployment: &str, slug: &str) -> Option<Line> {
        let place = self.places.get_mut(deployment)?.remove(slug)?;
        self.free(place)
    }

    fn take_all(&mut self, deployment: &str) -> HashMap<String, Line> {
        let places = self.places.remove(deployment).unwrap_or_default();
        places
            .into_iter()
            .filter_map(|(slug, place)| Some((slug, self.free(place)?)))
            .collect()
    }

    fn free(&mut self, place: usize) -> Option<Line> {
        let (_, line) = self.lines[place].take()?;
        self.free.push(place);
        Some(line)
    }

    /// A schedule that is paused and resumed again and again leaves a time behind each time.
    fn forget_what_was_taken(&mut self) {
        if self.due.len() > 64 + 2 * (self.lines.len() - self.free.len()) {
            let lines = self.lines.iter().enumerate();
            let there = lines.filter_map(|(place, line)| Some(Reverse((line.as_ref()?.0, place))));
            self.due = there.collect();
        }
    }

    /// Those that are due, to be put back.
    pub(super) fn take_due(&mut self, now: Micros) -> Vec<Line> {
        let mut taken = Vec::new();
        while taken.len() < AT_ONCE
            && let Some(Reverse((at, place))) = self.due.peek().copied()
            && at <= now
        {
            self.due.pop();
            let is_there = |(due, _): &(Micros, Line)| *due == at;
            if !self.lines[place].as_ref().is_some_and(is_there) {
                continue;
            }
            if let Some(line) = self.free(place) {
                let record = &line.record;
                if let Some(places) = self.places.get_mut(&record.deployment) {
                    places.remove(&record.slug);
                }
                taken.push(line);
            }
        }
        taken
    }

    /// One of which all is handled that was due.
    pub(super) fn put_back(&mut self, line: Line) {
        self.add(line);
    }

    /// One that could not be handled.
    pub(super) fn put_off(&mut self, line: Line, until: Micros) {
        self.add_at(line, until);
    }

    /// When the next is due, or earlier.
    pub(super) fn next(&self) -> Option<Micros> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }
}
