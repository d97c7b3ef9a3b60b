//! Why a run did not complete, for people, programs and notices.

use futures_util::future::BoxFuture;

use super::outline::StepFilter;
use super::{Engine, LogFilter};
use crate::engine::trouble;
use crate::error::Result;
use crate::model::digest::{self, ErrorDigest};
use crate::model::ids::RunId;
use crate::model::record::{ASIDE, Journal, LogLine, RunRecord, StepKind};

/// How many lines are read.
const PAGE: usize = 5_000;

/// How many failures are looked at; those that come later seldom tell more.
const FAILURES: usize = 5_000;

/// How many child runs below one another are looked into.
const DEPTH: u32 = 16;

impl Engine {
    /// The few lines that explain why a run did not complete; none if it did, was cancelled or goes on. Where the first
    /// cause lies in a child run, it is told from there.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn digest(&self, record: &RunRecord) -> Result<Option<ErrorDigest>> {
        self.digest_within(record, DEPTH).await
    }

    fn digest_within<'a>(
        &'a self,
        record: &'a RunRecord,
        depth: u32,
    ) -> BoxFuture<'a, Result<Option<ErrorDigest>>> {
        Box::pin(async move {
            if record.error.is_none() {
                return Ok(None);
            }
            let mut journal = self.failures(record.id).await?;
            let Some(mut told) = digest::digest(record, &journal) else {
                return Ok(None);
            };
            let failed = told.causes.iter().map(|cause| cause.step.clone());
            journal.attempts = self.attempts(record.id, failed.collect()).await?;
            told.recall(&record.flow, &journal);
            if !told.fan_outs.is_empty() {
                let all = match journal.steps.len() {
                    FAILURES => Some(
                        self.shared
                            .store
                            .failures(record.id)
                            .await
                            .map_err(trouble)?,
                    ),
                    _ => None,
                };
                told.count(&self.counted(record).await?, all);
            }
            let step = told.first().step.clone();
            if depth > 0 && is_child(&journal, &step) {
                let child = record.id.child(&step);
                let child = self.shared.store.run(child).await.map_err(trouble)?;
                if let Some(child) = child
                    && let Some(inner) = self.digest_within(&child, depth - 1).await?
                {
                    return Ok(Some(told.seen_in(&child.name, inner)));
                }
            }
            told.tell(&self.lines_of(record.id, &step).await?);
            Ok(Some(told))
        })
    }

    /// The first failures that the flow did not handle. Nothing else of the run is read.
    async fn failures(&self, run: RunId) -> Result<Journal> {
        let filter = StepFilter {
            failed: true,
            limit: FAILURES,
            ..StepFilter::default()
        };
        let failed = self.shared.store.steps(run, filter).await;
        let failed = failed.map_err(trouble)?.into_iter();
        Ok(Journal {
            steps: failed.map(|(_, step)| step).collect(),
            ..Journal::default()
        })
    }

    /// The last lines of one step.
    async fn lines_of(&self, run: RunId, step: &str) -> Result<Vec<LogLine>> {
        let filter = LogFilter {
            step: Some(step.to_owned()),
            newest: true,
            limit: PAGE,
            ..LogFilter::default()
        };
        let lines = self.shared.store.logs(run, filter).await;
        let lines = lines.map_err(trouble)?;
        Ok(lines.into_iter().map(|(_, line)| line).collect())
    }
}

fn is_child(journal: &Journal, step: &str) -> bool {
    let mut steps = journal.steps.iter().filter(|known| known.seq < ASIDE);
    steps.any(|known| known.step == step && known.kind == StepKind::Flow)
}
