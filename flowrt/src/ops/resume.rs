//! Taking a run up again: one whose process died or stopped from where it was, one that failed with what failed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Engine, RunHandle};
use crate::clock::{self, Clock};
use crate::engine::again::{changes_of, plan_of, prepare_children};
use crate::engine::park::refuse_unless_decided;
use crate::error::{Error, ErrorKind, Result};
use crate::model::ids::RunId;
use crate::model::plan::{Choices, How, Plan};
use crate::model::record::RunRecord;
use crate::model::state::RunState;
use crate::store::Reopening;

/// How long a run that has ended may take to be let go of.
const LET_GO: Duration = Duration::from_secs(5);

/// How often somebody looks.
const LOOK: Duration = Duration::from_millis(5);

/// What a person decides about a resume. A recovery takes no decisions.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields, default)]
pub struct Resume {
    /// Keep results although the text of their task has changed since.
    pub trust_changed: bool,
    /// Do failures again that the flow handled or tolerated, too.
    pub retry_handled: bool,
    /// Do again what a task with `on_crash = "park"` was doing when its process died: its effect did not happen, or may
    /// happen twice.
    pub retry_crashed: bool,
}

impl From<Resume> for Choices {
    fn from(resume: Resume) -> Self {
        Self {
            trust_changed: resume.trust_changed,
            retry_handled: resume.retry_handled,
            ..Self::default()
        }
    }
}

impl Engine {
    /// Goes on with a run: one whose process died or stopped from where it was, one that failed with what failed. Of one
    /// that went on in another, the last is meant.
    ///
    /// # Errors
    /// If there is no such run, it has completed, or another process drives it.
    pub async fn resume(&self, run: RunId) -> Result<RunHandle> {
        self.resume_with(run, Resume::default()).await
    }

    /// What [`resume_with`](Self::resume_with) would do. Changes nothing.
    ///
    /// # Errors
    /// If there is no such run, it has completed, or another process drives it.
    pub async fn plan_resume(&self, run: RunId, resume: Resume) -> Result<(How, Plan)> {
        let record = self.resumable(run).await?;
        let how = how(record.state);
        let plan = plan_of(&self.shared, &record, how, &resume.into()).await?;
        Ok((how, plan))
    }

    /// Goes on with a run as decided. After a crash in the middle of this, it can be resumed again: nothing that is
    /// recorded is lost.
    ///
    /// # Errors
    /// If there is no such run, it has completed, or another process drives it.
    pub async fn resume_with(&self, run: RunId, resume: Resume) -> Result<RunHandle> {
        let (record, changes) = self.prepared_resume(run, resume).await?;
        let meta = self.flow_of(&record)?;
        self.take(&record, meta, changes).await
    }

    /// The run that goes on, and what is changed of it before.
    pub(super) async fn prepared_resume(
        &self,
        run: RunId,
        resume: Resume,
    ) -> Result<(RunRecord, Option<Reopening>)> {
        let record = self.resumable(run).await?;
        if how(record.state) == How::Recovery {
            return Ok((record, None));
        }
        if !resume.retry_crashed {
            refuse_unless_decided(&self.shared, &record).await?;
        }
        let plan = plan_of(&self.shared, &record, How::Resume, &resume.into()).await?;
        prepare_children(&self.shared, record.id, &plan).await?;
        Ok((record, Some(changes_of(&plan))))
    }

    async fn resumable(&self, run: RunId) -> Result<RunRecord> {
        let record = self.last_of(run).await?;
        self.refuse_imported(&record).await?;
        self.flow_of(&record)?;
        if matches!(record.state, RunState::Completed | RunState::Skipped) {
            return Err(Error::new(
                ErrorKind::Input,
                format!("the run {} has completed", record.name),
            )
            .hint(format!("start it anew: runs rerun {}", record.name)));
        }
        self.refuse_live(&record).await?;
        Ok(record)
    }

    /// A run out of another store belongs there: two that went on with it would do everything twice under one key.
    async fn refuse_imported(&self, record: &RunRecord) -> Result<()> {
        if self.imported(record.id).await?.is_none() {
            return Ok(());
        }
        let name = &record.name;
        let message = format!("the run {name} was imported: it can only go on where it came from");
        Err(Error::new(ErrorKind::Input, message).hint(format!(
            "run it again here, as a new run: runs rerun {name}"
        )))
    }

    /// A run that a live process drives, this one or another, is left to it.
    pub(super) async fn refuse_live(&self, record: &RunRecord) -> Result<()> {
        // A run whose end is on the disk is let go of a moment later.
        let clock = Clock::real();
        let until = clock.now().saturating_add(clock::micros(LET_GO));
        let stopped = record.state.is_final() || record.state.needs_person();
        while stopped && self.shared.active.holds(record.id) && clock.now() < until {
            clock.sleep(LOOK).await;
        }
        let here = self.shared.store.process();
        let elsewhere = record
            .owner
            .is_some_and(|owner| owner != here && self.shared.store.is_alive(owner));
        if !elsewhere && !self.shared.active.holds(record.id) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Input,
            format!("the run {} is under way", record.name),
        )
        .hint("a live process drives it; cancel it first, or wait for it"))
    }
}

/// A run that has ended, or parked, is resumed; all others stopped in the middle and are recovered.
fn how(state: RunState) -> How {
    if state.is_final() || state == RunState::Parked {
        How::Resume
    } else {
        How::Recovery
    }
}
