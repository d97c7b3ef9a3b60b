//! What there is to tell of the runs that have ended, and of those that should have begun.

use std::time::Duration;

use super::{Engine, RunId, is_about, wants};
use crate::clock::micros;
use crate::config::Notice;
use crate::engine::notices::Looked;
use crate::engine::trouble;
use crate::error::Result;
use crate::model::notice::{News, Occasion, is_failure};
use crate::model::record::{Micros, RunRecord};
use crate::model::state::RunState;
use crate::store::RunFilter;

/// How many runs are read at a time.
const PAGE: usize = 200;

/// How many late runs are looked at before others have their turn; the next look goes on behind them.
const LATE_AT_ONCE: usize = 10_000;

/// Ends so far back are looked for once more: one that is being written now has a time that has passed already.
const OVERLAP: Duration = Duration::from_secs(10 * 60);

/// How long a notice is kept, and its news is no news any more.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// How many old notices are dropped at a time.
const DROPPED: usize = 1_000;

/// Before every place.
const FIRST: RunId = RunId(uuid::Uuid::nil());

impl Engine {
    /// Looks for what is late, and for ends of which no word came: their process died between the end and the note.
    pub(super) async fn look(&self, looked: &mut Looked) -> Result<()> {
        let now = self.now();
        self.look_at_late(looked, now).await?;
        self.look_at_ends(looked, now).await?;
        let old = now.saturating_sub(micros(KEPT));
        let dropped = self.shared.store.forget_notices(old, DROPPED).await;
        dropped.map_err(trouble)?;
        Ok(())
    }

    async fn look_at_late(&self, looked: &mut Looked, now: Micros) -> Result<()> {
        let notices = &self.teller()?.notices;
        let is_late = |notice: &&Notice| notice.on.iter().any(|on| on == Occasion::Late.as_str());
        let Some(soonest) = notices
            .iter()
            .filter(is_late)
            .map(|own| own.late_after)
            .min()
        else {
            return Ok(());
        };
        let until = now.saturating_sub(micros(soonest));
        for _ in 0..LATE_AT_ONCE.div_ceil(PAGE) {
            let place = looked.late_from.unwrap_or((Micros::MIN, FIRST));
            let page = self.shared.store.overdue(place, until, PAGE).await;
            let page = page.map_err(trouble)?;
            let end = page.last().and_then(|run| Some((run.due?, run.id)));
            let is_all = page.len() < PAGE;
            let news: Vec<News> = page.into_iter().map(|run| late(run, now)).collect();
            let [before, round] = &looked.late;
            let is_new = |number: usize, news: &News| {
                let told = (number, news.run.id);
                !before.contains(&told) && !round.contains(&told)
            };
            self.note(&news, is_new).await?;
            for (number, notice) in notices.iter().enumerate() {
                let told = news.iter().filter(|news| wants(notice, news));
                looked.late[1].extend(told.map(|news| (number, news.run.id)));
            }
            looked.late_from = end.filter(|_| !is_all);
            if is_all {
                looked.late[0] = std::mem::take(&mut looked.late[1]);
                break;
            }
        }
        Ok(())
    }

    async fn look_at_ends(&self, looked: &mut Looked, now: Micros) -> Result<()> {
        let store = &self.shared.store;
        let notices = &self.teller()?.notices;
        let names: Vec<String> = notices.iter().map(|notice| notice.name.clone()).collect();
        let known = store.known_since(names.clone(), now).await;
        let known = known.map_err(trouble)?;
        // What happened before anybody was to be told is nobody's news.
        let mut place = (known.iter().copied().min().unwrap_or(now), FIRST);
        loop {
            let page = store.ended_after(place, ended(), PAGE).await;
            let page = page.map_err(trouble)?;
            let Some(end) = page.last().and_then(|run| Some((run.finished?, run.id))) else {
                break;
            };
            let is_all = page.len() < PAGE;
            self.note_ends(page, looked, &known).await?;
            place = end;
            if is_all {
                break;
            }
        }
        let through = now.saturating_sub(micros(OVERLAP));
        looked.ends.retain(|_, (_, finished)| *finished >= through);
        store.known_through(names, through).await.map_err(trouble)
    }

    /// Notes what is to be told of runs that have just ended.
    pub(super) async fn note_ended(&self, runs: &[RunId], looked: &mut Looked) -> Result<()> {
        let mut records = Vec::new();
        for run in runs {
            let record = self.shared.store.run(*run).await.map_err(trouble)?;
            records.extend(record.filter(|record| record.parent.is_none()));
        }
        self.note_ends(records, looked, &[]).await
    }

    /// Notes what is to be told of these ends, to those who were known before; each end is looked at once.
    async fn note_ends(
        &self,
        runs: Vec<RunRecord>,
        looked: &mut Looked,
        known: &[Micros],
    ) -> Result<()> {
        let mut news = Vec::new();
        let mut ends = Vec::new();
        for run in runs {
            let Some(finished) = run.finished else {
                continue;
            };
            let end = (run.epoch, finished);
            if looked.ends.get(&run.id) != Some(&end) {
                ends.push((run.id, end));
                news.extend(self.news_of(run, self.now()).await?);
            }
        }
        let was_known = |number: usize, news: &News| {
            known
                .get(number)
                .is_none_or(|since| news.run.finished >= Some(*since))
        };
        self.note(&news, was_known).await?;
        looked.ends.extend(ends);
        Ok(())
    }

    /// Whether anybody wants to know of that.
    fn is_wanted(&self, occasion: Occasion, flow: &str) -> Result<bool> {
        let mut notices = self.teller()?.notices.iter();
        Ok(notices.any(|notice| is_about(notice, occasion, flow)))
    }

    async fn news_of(&self, run: RunRecord, at: Micros) -> Result<Option<News>> {
        if is_failure(run.state) {
            self.failure(run, at).await
        } else if run.state == RunState::Completed {
            self.recovery(run, at).await
        } else {
            Ok(None)
        }
    }

    async fn failure(&self, run: RunRecord, at: Micros) -> Result<Option<News>> {
        if !self.is_wanted(Occasion::Failure, &run.flow)? {
            return Ok(None);
        }
        let completed = self.before(&run, vec![RunState::Completed]).await?;
        let digest = self.digest(&run).await?;
        // Somebody has taken it up again meanwhile: what was read is half of the one and half of the other life.
        let still = self.shared.store.run(run.id).await.map_err(trouble)?;
        if still.is_none_or(|still| still.epoch != run.epoch) {
            return Ok(None);
        }
        Ok(Some(News {
            occasion: Occasion::Failure,
            digest,
            since: completed.map(|run| run.id),
            at,
            run,
        }))
    }

    async fn recovery(&self, run: RunRecord, at: Micros) -> Result<Option<News>> {
        if !self.is_wanted(Occasion::Recovery, &run.flow)? {
            return Ok(None);
        }
        // A run that was told of and then resumed recovers by itself.
        let told = self.shared.store.noted(Some(run.id), None, 20).await;
        let told = told.map_err(trouble)?;
        let itself = told
            .iter()
            .any(|(_, notice)| notice.key.starts_with("failure/"));
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
}

fn late(run: RunRecord, at: Micros) -> News {
    News {
        occasion: Occasion::Late,
        digest: None,
        since: None,
        at,
        run,
    }
}

/// States after which there may be news.
fn ended() -> Vec<RunState> {
    let all = RunState::ALL.iter().copied();
    all.filter(|state| is_failure(*state) || *state == RunState::Completed)
        .collect()
}
