//! What changes among all runs, by looking at those that may have changed since the last look.

use std::collections::{HashMap, HashSet};

use crate::error::{ErrorKind, Result};
use crate::model::ids::RunId;
use crate::model::record::RunRecord;
use crate::model::state::RunState;
use crate::ops::view::RunChange;
use crate::ops::{Engine, RunFilter};

/// How many of the newest runs are looked through for changes, besides those that have not ended.
pub(super) const NEWEST: usize = 200;

/// How often so many are read at most, when more runs than that are new.
const PAGES: usize = 50;

/// The runs as they stood at the last look.
#[derive(Debug)]
pub(super) struct Changes(HashMap<RunId, RunChange>);

impl Changes {
    /// From how the runs stand now.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) async fn since_now(engine: &Engine) -> Result<Self> {
        let mut seen = newest(engine, None).await?;
        seen.extend(open(engine).await?);
        let seen = seen.iter().map(|run| (run.id, RunChange::of(run)));
        Ok(Self(seen.collect()))
    }

    /// What has changed since the last look, in the order in which the runs were accepted.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) async fn more(&mut self, engine: &Engine) -> Result<Vec<RunChange>> {
        let mut runs = self.unknown(engine).await?;
        runs.extend(open(engine).await?);
        let mut seen = HashSet::new();
        runs.retain(|run| seen.insert(run.id));
        let mut now: Vec<RunChange> = runs.iter().map(RunChange::of).collect();
        // One that was under way and is found in neither list has ended meanwhile, and is older than all that are looked through.
        let gone = |run: &&RunChange| !seen.contains(&run.run_id) && !run.state.is_final();
        let gone: Vec<RunId> = self.0.values().filter(gone).map(|run| run.run_id).collect();
        for run in gone {
            match engine.record(run).await {
                Ok(run) => now.push(RunChange::of(&run)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let known = std::mem::take(&mut self.0);
        self.0 = now.iter().map(|run| (run.run_id, run.clone())).collect();
        now.retain(|run| known.get(&run.run_id) != Some(run));
        now.reverse();
        Ok(now)
    }

    /// The newest runs, down to one that is known.
    async fn unknown(&self, engine: &Engine) -> Result<Vec<RunRecord>> {
        let mut all = newest(engine, None).await?;
        for _ in 1..PAGES {
            let is_whole = all.len() % NEWEST != 0 || all.is_empty();
            if is_whole || all.iter().any(|run| self.0.contains_key(&run.id)) {
                break;
            }
            let last = all.last().map(|run| run.id);
            all.extend(newest(engine, last).await?);
        }
        Ok(all)
    }
}

async fn newest(engine: &Engine, before: Option<RunId>) -> Result<Vec<RunRecord>> {
    let filter = RunFilter {
        before,
        limit: NEWEST,
        ..RunFilter::default()
    };
    engine.runs(filter).await
}

async fn open(engine: &Engine) -> Result<Vec<RunRecord>> {
    let states = RunState::ALL.iter().copied();
    let filter = RunFilter {
        states: states.filter(|state| !state.is_final()).collect(),
        ..RunFilter::default()
    };
    engine.runs(filter).await
}
