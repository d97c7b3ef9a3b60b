//! The runs that this process drives, and how they are told to stop.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Shared;
use crate::author::cancel::Stops;
use crate::model::ids::RunId;
use crate::model::record::RunRecord;

/// All driven runs of an engine.
#[derive(Debug, Default)]
pub(crate) struct Active {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    runs: HashMap<RunId, Run>,
    /// Tells one drive of a run from the next.
    drives: u64,
    watched: bool,
}

#[derive(Debug)]
struct Run {
    drive: u64,
    parent: Option<RunId>,
    /// The run with which the drive began, if this is one in which it goes on.
    first: RunId,
    stops: Stops,
}

/// A run is driven as long as this lives.
#[derive(Debug)]
pub(super) struct Driven {
    shared: Arc<Shared>,
    run: RunId,
    drive: u64,
}

impl Drop for Driven {
    fn drop(&mut self) {
        let mut table = self.shared.active.lock();
        if table.runs.get(&self.run).map(|run| run.drive) == Some(self.drive) {
            table.runs.remove(&self.run);
        }
        drop(table);
        self.shared.changed.notify_waiters();
    }
}

impl Active {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this process drives that run.
    pub(crate) fn holds(&self, run: RunId) -> bool {
        self.lock().runs.contains_key(&run)
    }

    /// The driven runs.
    pub(crate) fn ids(&self) -> Vec<RunId> {
        self.lock().runs.keys().copied().collect()
    }

    /// The driven runs whose parent is not driven here.
    pub(crate) fn roots(&self) -> Vec<RunId> {
        let table = self.lock();
        let is_root = |run: &Run| {
            run.parent
                .is_none_or(|parent| !table.runs.contains_key(&parent))
        };
        table
            .runs
            .iter()
            .filter(|(_, run)| is_root(run))
            .map(|(id, _)| *id)
            .collect()
    }

    /// Tells those of the runs that are driven here that they are cancelled.
    pub(crate) fn cancel(&self, runs: &[RunId]) {
        let table = self.lock();
        for run in runs.iter().filter_map(|id| table.runs.get(id)) {
            run.stops.cancel.set();
        }
    }

    /// Tells a run and all below it to let go. `false` if it is not driven here.
    pub(crate) fn interrupt(&self, root: RunId) -> bool {
        let table = self.lock();
        for (id, run) in &table.runs {
            if table.is_below(*id, root) {
                run.stops.interrupt.set();
            }
        }
        let is_it = |(id, run): (&RunId, &Run)| *id == root || run.first == root;
        table.runs.iter().any(is_it)
    }

    /// Takes the duty to watch the store, if there is something to watch for and nobody has it.
    pub(super) fn take_watch(&self) -> bool {
        let mut table = self.lock();
        let free = !table.watched && !table.runs.is_empty();
        table.watched |= free;
        free
    }

    /// Gives the duty back whatever is driven.
    pub(super) fn drop_watch(&self) {
        self.lock().watched = false;
    }

    /// Gives the duty back when nothing is driven any more.
    pub(super) fn end_watch(&self) -> bool {
        let mut table = self.lock();
        table.watched = !table.runs.is_empty();
        !table.watched
    }
}

impl Table {
    fn is_below(&self, run: RunId, root: RunId) -> bool {
        let mut at = Some(run);
        while let Some(id) = at {
            let run = self.runs.get(&id);
            if id == root || run.is_some_and(|run| run.first == root) {
                return true;
            }
            at = run.and_then(|run| run.parent);
        }
        false
    }
}

/// Notes that a run is driven from now on.
pub(super) fn enter(
    shared: &Arc<Shared>,
    record: &RunRecord,
    first: RunId,
    stops: &Stops,
) -> Driven {
    let mut table = shared.active.lock();
    table.drives += 1;
    let drive = table.drives;
    let run = Run {
        drive,
        parent: record.parent.as_ref().map(|(parent, _)| *parent),
        first,
        stops: stops.clone(),
    };
    table.runs.insert(record.id, run);
    Driven {
        shared: shared.clone(),
        run: record.id,
        drive,
    }
}
