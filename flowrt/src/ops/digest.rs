//! Why a run did not complete, for people, programs and notices.

use futures_util::future::BoxFuture;

use super::{Engine, LogFilter};
use crate::engine::trouble;
use crate::error::Result;
use crate::model::digest::{self, ErrorDigest};
use crate::model::ids::RunId;
use crate::model::record::{ASIDE, Journal, LogLine, RunRecord, StepKind};

/// How many lines are read.
const PAGE: usize = 5_000;

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
            let journal = self.journal(record.id).await?;
            let Some(mut told) = digest::digest(record, &journal) else {
                return Ok(None);
            };
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
