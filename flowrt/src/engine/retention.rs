//! Deletes runs that ended long ago: when somebody asks, and by itself in a process that runs long.

use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use crate::clock::micros;
use crate::config::Retention;
use crate::model::ids::RunId;
use crate::model::retention::{Choice, Rule};
use crate::model::state::RunState;
use crate::store::{Error, RunFilter, Store};

/// How many runs are read at a time.
const PAGE: usize = 200;

/// A run that a rule takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Old {
    /// Which.
    pub id: RunId,
    /// Its name.
    pub name: String,
}

/// The runs that a rule takes, the oldest first. Changes nothing.
pub(crate) async fn chosen(store: &dyn Store, rule: &Rule) -> Result<Vec<Old>, Error> {
    let mut choice = Choice::new(rule);
    let mut old = Vec::new();
    let mut before = None;
    loop {
        let filter = RunFilter {
            flow: rule.flow.clone(),
            states: ended(),
            roots_only: true,
            before,
            limit: PAGE,
            ..RunFilter::default()
        };
        let page = match store.list_runs(filter).await {
            Ok(page) => page,
            // Somebody else deletes too, and has just taken the last one of the page before: what is older comes next time.
            Err(Error::NoSuchRun(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        let Some(last) = page.last() else {
            old.reverse();
            return Ok(old);
        };
        before = Some(last.id);
        for run in page {
            if choice.takes(&run) {
                let (id, name) = (run.id, run.name);
                old.push(Old { id, name });
            }
        }
    }
}

/// Deletes one. `false` if one below it has not ended, or if it is gone already.
pub(crate) async fn delete(store: &dyn Store, run: RunId) -> Result<bool, Error> {
    match store.delete_run(run).await {
        Err(Error::NoSuchRun(_)) => Ok(false),
        other => other,
    }
}

fn ended() -> Vec<RunState> {
    let all = RunState::ALL.iter().copied();
    all.filter(|state| state.is_final()).collect()
}

/// Keeps the store to what the settings say for as long as the engine is open. Does nothing if they say nothing.
pub(crate) fn keep(shared: &Arc<Shared>, retention: &Retention) {
    let Some(age) = retention.older_than else {
        return;
    };
    let (keep, every) = (retention.keep, retention.every);
    let weak = Arc::downgrade(shared);
    let clock = shared.clock.clone();
    tokio::spawn(async move {
        loop {
            clock.sleep(every).await;
            let Some(shared) = weak.upgrade() else {
                return;
            };
            match look(&shared, age, keep).await {
                Err(Error::Closed) => return,
                Err(error) => tracing::warn!(%error, "old runs could not be deleted now"),
                Ok(0) => {}
                Ok(deleted) => tracing::info!(deleted, "deleted runs that ended long ago"),
            }
        }
    });
}

async fn look(shared: &Shared, age: Duration, keep: usize) -> Result<usize, Error> {
    let rule = Rule {
        ended_before: shared.clock.now().saturating_sub(micros(age)),
        keep,
        ..Rule::default()
    };
    let store = &*shared.store;
    store.sweep().await?;
    let mut deleted = 0;
    for run in chosen(store, &rule).await? {
        deleted += usize::from(delete(store, run.id).await?);
    }
    if deleted > 0 {
        store.shrink().await?;
    }
    Ok(deleted)
}
