//! Workers as programs read them.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::time;
use crate::error::Result;
use crate::model::ids::{ProcessId, RunId};
use crate::model::record::RunRecord;
use crate::model::state::RunState;
use crate::ops::{Engine, RunFilter, WorkerRecord, names};

/// So many of the runs that a worker drives are told by name.
const RUNS: usize = 20;

/// A worker that lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Worker")]
pub struct WorkerView {
    /// Two words for people; as long as it lives, it keeps them.
    pub name: String,
    /// Its process, which no other has been or will be.
    pub process: String,
    /// Its process number.
    pub pid: u32,
    /// The build of its program.
    pub build: String,
    /// The queues it listens on.
    pub queues: Vec<String>,
    /// The flows it knows.
    pub flows: Vec<String>,
    /// How many runs it drives at once.
    pub concurrency: usize,
    /// Where its runs live: in it (`inline`), each in a process of its own (`process`), or elsewhere.
    pub launcher: String,
    /// It takes no more runs: it is about to stop.
    pub draining: bool,
    /// Since when it lives.
    pub started: String,
    /// When it last said so.
    pub beat: String,
    /// How many runs its process drives now, those below other runs included. Those in processes of their own are not
    /// among them.
    pub driving: usize,
    /// The first of them.
    pub runs: Vec<WorkerRun>,
}

/// A run that a worker drives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkerRun {
    /// Its id.
    pub run_id: RunId,
    /// Its name.
    pub name: String,
    /// Its flow.
    pub flow: String,
}

impl WorkerView {
    /// A worker and the runs that its process owns.
    pub fn of(worker: &WorkerRecord, runs: &[&RunRecord]) -> Self {
        let (high, low) = worker.process.0.as_u64_pair();
        let named = runs.iter().take(RUNS).map(|run| WorkerRun {
            run_id: run.id,
            name: run.name.clone(),
            flow: run.flow.clone(),
        });
        Self {
            name: names::of(high ^ low),
            process: worker.process.to_string(),
            pid: worker.pid,
            build: worker.build.clone(),
            queues: worker.queues.clone(),
            flows: worker.flows.clone(),
            concurrency: worker.concurrency,
            launcher: worker.launcher.clone(),
            draining: worker.draining,
            started: time(worker.started),
            beat: time(worker.beat),
            driving: runs.len(),
            runs: named.collect(),
        }
    }
}

impl Engine {
    /// The workers that live, the oldest first, each with what it drives now.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn worker_views(&self) -> Result<Vec<WorkerView>> {
        let workers = self.workers().await?;
        let driven = self.runs(RunFilter {
            states: vec![
                RunState::Running,
                RunState::Waiting,
                RunState::Retrying,
                RunState::Cancelling,
            ],
            ..RunFilter::default()
        });
        let driven = driven.await?;
        let mut owned: HashMap<ProcessId, Vec<&RunRecord>> = HashMap::new();
        for run in &driven {
            if let Some(owner) = run.owner {
                owned.entry(owner).or_default().push(run);
            }
        }
        let views = workers.iter().map(|worker| {
            let runs = owned.get(&worker.process).map_or(&[][..], Vec::as_slice);
            WorkerView::of(worker, runs)
        });
        Ok(views.collect())
    }
}
