//! Reads what tells why a run does not go on: bounded, however large the run is.

use std::collections::HashSet;

use super::{Driver, Reason, Why, left, queue, reasons_of};
use crate::engine::trouble;
use crate::error::Result;
use crate::model::graph::Graph;
use crate::model::ids::RunId;
use crate::model::outline::kind;
use crate::model::record::{Journal, RunRecord};
use crate::model::state::RunState;
use crate::ops::Engine;
use crate::store::{Process, RunFilter, StepFilter};

/// So many waits of a run are told one by one.
const WAITS: usize = 200;

/// So many unfinished runs are told of, and looked into.
const RUNS: usize = 200;

impl Engine {
    /// Why a run, its steps and the runs below it do not go on now. Bounded: of more waits and runs than anybody reads it
    /// is only told that there are more.
    ///
    /// # Errors
    /// If the store fails or does not know the run.
    pub async fn why(&self, run: RunId) -> Result<Vec<Reason>> {
        let store = &self.shared.store;
        let processes = store.processes().await.map_err(trouble)?;
        let workers = store.workers().await.map_err(trouble)?;
        let queues = self.queues().await?;
        let mut reasons = Vec::new();
        let mut runs = vec![run];
        let mut room = RUNS;
        while let Some(run) = runs.pop() {
            let record = self.record(run).await?;
            let mut unfinished = self.unfinished_below(run, room + 1).await?;
            let more_runs = unfinished.len() > room;
            unfinished.truncate(room);
            room -= unfinished.len();
            let driver = self.driver_of(&record, &processes);
            let graph = self.graph(&record.flow);
            let graph = graph.map(|graph| graph.without_branches());
            let (journal, more) = self.waiting(&record, graph.as_ref()).await?;
            let most = self.flow(&record.flow);
            let most = most.and_then(|meta| meta.flow.max_runs);
            let queued = queue::waits_of(&record, &queues, most);
            let graph = graph.as_ref();
            let mut of_run = reasons_of(&record, &journal, &unfinished, queued, &driver, graph);
            left::tell(&mut of_run, &record, &workers, self.shared.clock.now());
            if (more > 0 || more_runs) && !record.state.is_final() {
                of_run.push(Reason {
                    run,
                    name: record.name.clone(),
                    step: None,
                    why: Why::More {
                        steps: more,
                        runs: more_runs,
                    },
                });
            }
            for reason in &mut of_run {
                self.name_holders(&mut reason.why).await?;
            }
            reasons.append(&mut of_run);
            runs.extend(unfinished.iter().map(|child| child.id));
        }
        Ok(reasons)
    }

    async fn unfinished_below(&self, run: RunId, limit: usize) -> Result<Vec<RunRecord>> {
        let open = RunState::ALL.iter().filter(|state| !state.is_final());
        self.runs(RunFilter {
            parent: Some(run),
            states: open.copied().collect(),
            limit,
            ..RunFilter::default()
        })
        .await
    }

    /// What is recorded of a run as far as it tells why something waits, and how many more waits there are.
    async fn waiting(&self, record: &RunRecord, graph: Option<&Graph>) -> Result<(Journal, u64)> {
        let (store, run) = (&self.shared.store, record.id);
        let (waits, count) = store.waits(run, WAITS).await.map_err(trouble)?;
        let more = count.saturating_sub(waits.len() as u64);
        let retried = waits.iter().filter(|wait| wait.kind == "retry");
        let retried = retried.map(|wait| wait.step.clone()).collect();
        let mut journal = Journal {
            attempts: self.attempts(run, retried).await?,
            waits,
            ..Journal::default()
        };
        if let Some(graph) = graph {
            let nodes = self.nodes_of(record, graph).await?;
            let steps = store.steps(run, nodes).await.map_err(trouble)?;
            journal.steps = steps.into_iter().map(|(_, step)| step).collect();
            journal.scopes = store.scopes(run).await.map_err(trouble)?;
        }
        Ok((journal, more))
    }

    /// How the nodes of a graph are found among the steps: by the places of those that are named like them, which are few.
    async fn nodes_of(&self, record: &RunRecord, graph: &Graph) -> Result<StepFilter> {
        let named = graph.nodes.iter().map(|node| node.id.clone()).collect();
        let kinds: HashSet<_> = graph.nodes.iter().map(|node| kind(&node.id)).collect();
        let counted = self.counted(record).await?;
        let wanted = counted.kinds().iter();
        let wanted = wanted.filter(|one| kinds.contains(one.name.as_str()));
        let at = wanted.flat_map(|one| one.few.clone()).collect();
        Ok(StepFilter {
            at: Some(at),
            named: Some(named),
            ..StepFilter::default()
        })
    }

    fn driver_of(&self, record: &RunRecord, processes: &[Process]) -> Driver {
        let Some(owner) = record.owner else {
            return Driver::Nobody;
        };
        let known = processes.iter().find(|process| process.id == owner);
        let pid = known.map(|process| process.pid);
        if self.is_driven(record) {
            Driver::Living(pid)
        } else {
            Driver::Gone(pid)
        }
    }
}
