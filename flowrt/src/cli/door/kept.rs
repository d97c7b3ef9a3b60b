//! Limits, kept results, notices, artifacts, secrets, and runs that are deleted or begun anew, here or there.

use std::sync::Arc;
use std::time::Duration;

use super::{Door, at};
use crate::error::Result;
use crate::model::artifact::ArtifactRecord;
use crate::model::graph::Graph;
use crate::model::plan::How;
use crate::model::record::{Micros, RunRecord};
use crate::ops::view::{NotedView, NoticeView, PlanView};
use crate::ops::{CacheReport, LimitReport, Rerun, SecretReport};

impl Door {
    /// All limits.
    pub(in crate::cli) async fn limits(&self) -> Result<Vec<LimitReport>> {
        at!(self, engine => engine.limits().await, far => far.limits().await)
    }

    /// One of them.
    pub(in crate::cli) async fn limit(&self, name: &str) -> Result<LimitReport> {
        at!(self, engine => engine.limit(name).await, far => far.limit(name).await)
    }

    /// Allows more or less than the program says.
    pub(in crate::cli) async fn set_limit(&self, name: &str, amount: Option<&str>) -> Result<()> {
        at!(self, engine => engine.set_limit(name, amount).await,
            far => far.set_limit(name, amount).await)
    }

    /// Forgets what has started.
    pub(in crate::cli) async fn reset_limit(&self, name: &str) -> Result<()> {
        at!(self, engine => engine.reset_limit(name).await, far => far.reset_limit(name).await)
    }

    /// When the first and the last of so many calls would start.
    pub(in crate::cli) async fn plan_limit(
        &self,
        name: &str,
        count: usize,
    ) -> Result<Option<(Micros, Micros)>> {
        at!(self, engine => engine.plan_limit(name, count).await,
            far => far.plan_limit(name, count).await)
    }

    /// Kept results.
    pub(in crate::cli) async fn cached(
        &self,
        task: Option<&str>,
        limit: usize,
    ) -> Result<Vec<CacheReport>> {
        at!(self, engine => engine.cached(task, limit).await, far => far.cached(task, limit).await)
    }

    /// Forgets kept results.
    pub(in crate::cli) async fn clear_cache(
        &self,
        task: Option<&str>,
        older_than: Option<Duration>,
    ) -> Result<u64> {
        at!(self, engine => engine.clear_cache(task, older_than).await,
            far => far.clear_cache(task, older_than).await)
    }

    /// The newest artifact of each key.
    pub(in crate::cli) async fn artifact_keys(&self) -> Result<Vec<ArtifactRecord>> {
        at!(self, engine => engine.artifact_keys().await, far => far.artifact_keys().await)
    }

    /// All of a key.
    pub(in crate::cli) async fn artifact_versions(&self, key: &str) -> Result<Vec<ArtifactRecord>> {
        at!(self, engine => engine.artifact_versions(key).await,
            far => far.artifact_versions(key).await)
    }

    /// Its bytes, if it has any.
    pub(in crate::cli) async fn artifact_bytes(
        &self,
        artifact: &ArtifactRecord,
    ) -> Result<Option<Arc<[u8]>>> {
        at!(self, engine => engine.artifact_bytes(artifact).await,
            far => far.artifact_bytes(artifact).await)
    }

    /// Who is told.
    pub(in crate::cli) async fn notices(&self) -> Result<Vec<NoticeView>> {
        at!(self, engine => Ok(engine.notices().iter().map(NoticeView::from).collect()),
            far => far.notices().await)
    }

    /// What was to be told, noted last first; at most so many.
    pub(in crate::cli) async fn noted(&self, limit: usize) -> Result<Vec<NotedView>> {
        at!(self, engine => {
            let noted = engine.noted(None, None, limit).await?;
            Ok(noted.iter().map(|(_, notice)| NotedView::from(notice)).collect())
        }, far => far.noted(limit).await)
    }

    /// Sends a notice about nothing.
    pub(in crate::cli) async fn test_notice(&self, name: &str) -> Result<()> {
        at!(self, engine => engine.test_notice(name).await, far => far.test_notice(name).await)
    }

    /// The secrets of the store, by name.
    pub(in crate::cli) async fn secrets(&self) -> Result<Vec<SecretReport>> {
        at!(self, engine => engine.secrets().await, far => far.secrets().await)
    }

    /// Sets one. It goes to a server only within this machine.
    pub(in crate::cli) async fn set_secret(&self, name: &str, value: &str) -> Result<()> {
        at!(self, engine => engine.set_secret(name, value).await,
            far => far.set_secret(name, value).await)
    }

    /// Removes one.
    pub(in crate::cli) async fn remove_secret(&self, name: &str) -> Result<()> {
        at!(self, engine => engine.remove_secret(name).await, far => far.remove_secret(name).await)
    }

    /// Deletes a run that has ended.
    pub(in crate::cli) async fn delete(&self, run: &RunRecord) -> Result<()> {
        at!(self, engine => engine.delete_ended(run).await, far => far.delete(run.id).await)
    }

    /// What a rerun would do.
    pub(in crate::cli) async fn plan_rerun(
        &self,
        run: &RunRecord,
        rerun: &Rerun,
    ) -> Result<PlanView> {
        at!(self, engine => {
            let plan = engine.plan_rerun(run.id, rerun).await?;
            Ok(PlanView::of(run, How::Rerun, &plan))
        }, far => far.plan_rerun(run.id, rerun).await)
    }

    /// The graph of a run's flow, with the states of that run.
    pub(in crate::cli) async fn graph_of(&self, run: &RunRecord) -> Result<Graph> {
        at!(self, engine => engine.graph_of(run).await, far => far.graph_of(run.id).await)
    }
}
