//! All schedules that fire, by the time of their next slot.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use crate::model::deployment::{DeploymentRecord, ScheduleRecord};
use crate::model::record::Micros;
use crate::model::schedule::Schedule;
use crate::store::deployments::Deployed;

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
    lines: Vec<Option<Line>>,
    /// When which is due.
    due: BinaryHeap<Reverse<(Micros, usize)>>,
    free: Vec<usize>,
}

impl Table {
    pub(super) fn is_of(&self, revision: u64) -> bool {
        self.revision == Some(revision)
    }

    /// Of what it is: 0 before the first.
    pub(super) fn revision(&self) -> u64 {
        self.revision.unwrap_or_default()
    }

    /// Takes what is deployed now in place of what was. Schedules of flows that this program does not have are for others.
    pub(super) fn load(&mut self, deployed: Deployed, knows: impl Fn(&str) -> bool) {
        let read = self.read();
        let deployments: HashMap<String, Arc<DeploymentRecord>> = deployed
            .deployments
            .into_iter()
            .filter(|record| record.is_on() && knows(&record.deployment.flow))
            .map(|record| (record.deployment.name.clone(), Arc::new(record)))
            .collect();
        *self = Self {
            revision: Some(deployed.revision),
            ..Self::default()
        };
        for record in deployed.schedules {
            let Some(deployment) = deployments.get(&record.deployment) else {
                continue;
            };
            if !record.is_on() {
                continue;
            }
            let key = (record.deployment.clone(), record.slug.clone());
            let known = read.get(&key);
            // Whatever else has changed, what this program cannot make it still cannot.
            let refused = known
                .filter(|known| *known.deployment == **deployment && known.is_written_as(&record))
                .and_then(|known| known.refused);
            let known = known
                .filter(|known| known.record.schedule == record.schedule)
                .map(|known| known.schedule.clone());
            let schedule = match known
                .map_or_else(|| Schedule::from_json(&record.schedule).map(Arc::new), Ok)
            {
                Ok(schedule) => schedule,
                Err(error) => {
                    tracing::error!(deployment = %record.deployment, schedule = %record.slug, %error, "a schedule cannot be read");
                    continue;
                }
            };
            let line = Line {
                deployment: deployment.clone(),
                schedule,
                handled: record.handled(),
                refused,
                record: Arc::new(record),
            };
            self.add(line);
        }
    }

    /// What was read already: reading a rule costs more than all else.
    fn read(&mut self) -> HashMap<(String, String), Line> {
        let lines = self.lines.drain(..).flatten();
        lines
            .map(|line| {
                let key = (line.record.deployment.clone(), line.record.slug.clone());
                (key, line)
            })
            .collect()
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
        self.lines[place] = Some(line);
        self.due.push(Reverse((at, place)));
    }

    /// Those that are due, to be put back.
    pub(super) fn take_due(&mut self, now: Micros) -> Vec<Line> {
        let mut taken = Vec::new();
        while taken.len() < AT_ONCE
            && let Some(Reverse((at, place))) = self.due.peek().copied()
            && at <= now
        {
            self.due.pop();
            self.free.push(place);
            taken.extend(self.lines[place].take());
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

    /// When the next is due.
    pub(super) fn next(&self) -> Option<Micros> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }
}
