//! Deployments, their schedules and backfills, and the workers, here or there.

use serde_json::{Map, Value};

use super::{Door, Seen, at};
use crate::error::Result;
use crate::model::dispatch::DEFAULT_QUEUE;
use crate::model::record::RunRecord;
use crate::ops::schedules::{BackfillAsk, ScheduleReport, Upcoming};
use crate::ops::view::{BackfillDetail, BackfillPlanView, BackfillView, WorkerView};
use crate::ops::{DeployAsk, DeployView, DeploymentReport, Start};

impl Door {
    /// Closes the store, if it is here.
    pub(in crate::cli) async fn close(self) -> Result<()> {
        at!(self, engine => engine.close().await, _far => Ok(()))
    }

    /// All deployments, by name.
    pub(in crate::cli) async fn deployments(&self) -> Result<Vec<DeploymentReport>> {
        at!(self, engine => engine.deployments().await, far => far.deployments().await)
    }

    /// One of them.
    pub(in crate::cli) async fn deployment(&self, name: &str) -> Result<DeploymentReport> {
        at!(self, engine => engine.deployment(name).await, far => far.deployment(name).await)
    }

    /// The JSON Schema of its parameters.
    pub(in crate::cli) async fn deployment_schema(&self, name: &str) -> Result<Value> {
        at!(self, engine => engine.deployment_schema(name).await,
            far => far.deployment_schema(name).await)
    }

    /// Lets its schedules fire, or not.
    pub(in crate::cli) async fn switch_deployment(
        &self,
        name: &str,
        on: bool,
    ) -> Result<DeploymentReport> {
        at!(self, engine => engine.switch_deployment(name, on).await,
            far => far.switch_deployment(name, on).await)
    }

    /// Takes it away.
    pub(in crate::cli) async fn delete_deployment(&self, name: &str) -> Result<()> {
        at!(self, engine => engine.delete_deployment(name).await.map(drop),
            far => far.delete_deployment(name).await)
    }

    /// Puts a run of it into its queue.
    pub(in crate::cli) async fn run_deployment(
        &self,
        name: &str,
        given: Map<String, Value>,
        start: Start,
    ) -> Result<Seen> {
        at!(self, engine => {
            let record = engine.run_deployment(name, given, start).await?;
            Self::seen(engine, record).await
        }, far => far.run_deployment(name, given, &start).await)
    }

    /// How many workers would take the run.
    pub(in crate::cli) async fn workers_for(&self, run: &RunRecord) -> Result<usize> {
        let queue = run.dispatch.queue.as_deref().unwrap_or(DEFAULT_QUEUE);
        let takes = |worker: &&WorkerView| {
            !worker.draining
                && worker.queues.iter().any(|name| name == queue)
                && worker.flows.contains(&run.flow)
        };
        Ok(self.workers().await?.iter().filter(takes).count())
    }

    /// Deploys what is asked for, or tells what that would change.
    pub(in crate::cli) async fn deploy(&self, ask: &DeployAsk) -> Result<DeployView> {
        at!(self, engine => engine.deploy_as_asked(ask.clone()).await, far => far.deploy(ask).await)
    }

    /// All schedules.
    pub(in crate::cli) async fn schedules(&self) -> Result<Vec<ScheduleReport>> {
        at!(self, engine => engine.schedules().await, far => far.schedules().await)
    }

    /// The next slots.
    pub(in crate::cli) async fn upcoming(
        &self,
        deployment: Option<&str>,
        count: usize,
    ) -> Result<Vec<Upcoming>> {
        at!(self, engine => engine.upcoming(deployment, count).await,
            far => far.upcoming(deployment, count).await)
    }

    /// Lets a schedule fire, or not; without a name, all of the deployment.
    pub(in crate::cli) async fn switch_schedule(
        &self,
        deployment: &str,
        slug: Option<&str>,
        on: bool,
    ) -> Result<Vec<ScheduleReport>> {
        at!(self, engine => engine.switch_schedule(deployment, slug, on).await,
            far => far.switch_schedule(deployment, slug, on).await)
    }

    /// All backfills.
    pub(in crate::cli) async fn backfills(&self) -> Result<Vec<BackfillView>> {
        at!(self, engine => {
            Ok(engine.backfills().await?.iter().map(BackfillView::from).collect())
        }, far => far.backfills().await)
    }

    /// One of them, slot by slot.
    pub(in crate::cli) async fn backfill(&self, id: &str) -> Result<BackfillDetail> {
        at!(self, engine => engine.backfill_detail(id).await, far => far.backfill(id).await)
    }

    /// What a backfill would do.
    pub(in crate::cli) async fn plan_backfill(
        &self,
        ask: &BackfillAsk,
    ) -> Result<BackfillPlanView> {
        at!(self, engine => {
            Ok(BackfillPlanView::from(&engine.plan_backfill(ask).await?))
        }, far => far.plan_backfill(ask).await)
    }

    /// Begins it.
    pub(in crate::cli) async fn start_backfill(&self, ask: &BackfillAsk) -> Result<BackfillView> {
        at!(self, engine => {
            let (report, _) = engine.backfill_once(ask, None).await?;
            Ok(BackfillView::from(&report))
        }, far => far.start_backfill(ask).await)
    }

    /// Lets it begin runs, or not.
    pub(in crate::cli) async fn switch_backfill(&self, id: &str, on: bool) -> Result<BackfillView> {
        at!(self, engine => {
            Ok(BackfillView::from(&engine.switch_backfill(id, on).await?))
        }, far => far.change_backfill(id, if on { "resume" } else { "pause" }).await)
    }

    /// Begins no more of its runs, and cancels the rest.
    pub(in crate::cli) async fn cancel_backfill(&self, id: &str) -> Result<BackfillView> {
        at!(self, engine => {
            Ok(BackfillView::from(&engine.cancel_backfill(id).await?))
        }, far => far.change_backfill(id, "cancel").await)
    }

    /// The workers that live.
    pub(in crate::cli) async fn workers(&self) -> Result<Vec<WorkerView>> {
        at!(self, engine => engine.worker_views().await, far => far.workers().await)
    }
}
