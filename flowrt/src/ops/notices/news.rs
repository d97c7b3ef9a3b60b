//! What there is to tell of the runs that have ended, and of those that should have begun.

use super::{Engine, RunId};
use crate::engine::trouble;
use crate::error::Result;
use crate::model::notice::{News, Occasion, is_failure};
use crate::model::record::{Micros, RunRecord};
use crate::model::state::RunState;
use crate::store::RunFilter;

/// How many runs are looked through for ends of which no word came.
const LOOKED_AT: usize = 200;

impl Engine {
    /// Looks for what is late, and for ends of which no word came: their process died between the end and the note.
    pub(super) async fn look(&self) -> Result<()> {
        let now = self.now();
        let teller = self.teller()?;
        let names = teller.notices.iter().map(|notice| notice.name.clone());
        let since = self.shared.store.known_since(names.collect(), now);
        let since = since
            .await
            .map_err(trouble)?
            .into_iter()
            .min()
            .unwrap_or(now);
        let mut news = Vec::new();
        if teller
            .notices
            .iter()
            .any(|notice| notice.on.iter().any(|on| on == "late"))
        {
            let waiting = self
                .roots(
                    vec![RunState::Scheduled, RunState::Pending],
                    None,
                    LOOKED_AT,
                )
                .await?;
            let due = waiting
                .into_iter()
                .filter(|run| run.due.is_some_and(|due| due <= now));
            news.extend(due.map(|run| News {
                occasion: Occasion::Late,
                digest: None,
                since: None,
                at: now,
                run,
            }));
        }
        for run in self.roots(ended(), None, LOOKED_AT).await? {
            // What happened before anybody was to be told is nobody's news.
            if run.finished.is_some_and(|finished| finished >= since) {
                news.extend(self.news_of(run, now).await?);
            }
        }
        self.note(&news).await
    }

    /// Notes what is to be told of runs that have just ended.
    pub(super) async fn note_ended(&self, runs: &[RunId]) -> Result<()> {
        let mut news = Vec::new();
        for run in runs {
            let record = self.shared.store.run(*run).await.map_err(trouble)?;
            if let Some(record) = record.filter(|record| record.parent.is_none()) {
                news.extend(self.news_of(record, self.now()).await?);
            }
        }
        self.note(&news).await
    }

    async fn news_of(&self, run: RunRecord, at: Micros) -> Result<Option<News>> {
        if is_failure(run.state) {
            let completed = self.before(&run, vec![RunState::Completed]).await?;
            let digest = self.digest(&run).await?;
            // Somebody has taken it up again meanwhile: what was read is half of the one and half of the other life.
            let still = self.shared.store.run(run.id).await.map_err(trouble)?;
            if still.is_none_or(|still| still.epoch != run.epoch) {
                return Ok(None);
            }
            return Ok(Some(News {
                occasion: Occasion::Failure,
                digest,
                since: completed.map(|run| run.id),
                at,
                run,
            }));
        }
        if run.state != RunState::Completed {
            return Ok(None);
        }
        // A run that was told of and then resumed recovers by itself.
        let told = self
            .shared
            .store
            .noted(Some(run.id), 20)
            .await
            .map_err(trouble)?;
        let itself = told.iter().any(|notice| notice.key.starts_with("failure/"));
        let failed = match itself {
            true => Some(run.id),
            false => {
                let before = self.before(&run, ended()).await?;
                before
                    .filter(|before| is_failure(before.state))
                    .map(|before| before.id)
            }
        };
        Ok(failed.map(|failed| News {
            occasion: Occasion::Recovery,
            digest: None,
            since: Some(failed),
            at,
            run,
        }))
    }

    /// The run of the same flow in one of these states that was accepted before that one.
    async fn before(&self, run: &RunRecord, states: Vec<RunState>) -> Result<Option<RunRecord>> {
        let filter = RunFilter {
            flow: Some(run.flow.clone()),
            states,
            roots_only: true,
            before: Some(run.id),
            limit: 1,
            ..RunFilter::default()
        };
        Ok(self.runs(filter).await?.pop())
    }

    async fn roots(
        &self,
        states: Vec<RunState>,
        flow: Option<String>,
        limit: usize,
    ) -> Result<Vec<RunRecord>> {
        let filter = RunFilter {
            flow,
            states,
            roots_only: true,
            limit,
            ..RunFilter::default()
        };
        self.runs(filter).await
    }
}

/// States after which there may be news.
fn ended() -> Vec<RunState> {
    let all = RunState::ALL.iter().copied();
    all.filter(|state| is_failure(*state) || *state == RunState::Completed)
        .collect()
}
