//! Deployments, their schedules and backfills, and the workers, behind a server.

use serde_json::{Map, Value, json};

use super::{Far, part, read, seen};
use crate::cli::door::Seen;
use crate::clock;
use crate::error::Result;
use crate::ops::schedules::{BackfillAsk, ScheduleReport, Upcoming};
use crate::ops::view::{BackfillDetail, BackfillPlanView, BackfillView, WorkerView, time};
use crate::ops::{DeployAsk, DeployView, DeploymentReport, Start};

fn deployment(name: &str) -> String {
    format!("/api/deployments/{}", part(name))
}

fn backfill(id: &str) -> String {
    format!("/api/backfills/{}", part(id))
}

fn switched(on: bool) -> &'static str {
    match on {
        true => "resume",
        false => "pause",
    }
}

impl Far {
    /// What cannot be sent twice by accident: a lost answer is asked for again by hand, and then it has another key.
    async fn begin(&self, path: &str, body: &Value) -> Result<Value> {
        let key = clock::new_uuid().to_string();
        self.client.ask("POST", path, Some(body), Some(&key)).await
    }

    pub(in crate::cli::door) async fn deployments(&self) -> Result<Vec<DeploymentReport>> {
        self.get("/api/deployments").await
    }

    pub(in crate::cli::door) async fn deployment(&self, name: &str) -> Result<DeploymentReport> {
        self.get(&deployment(name)).await
    }

    pub(in crate::cli::door) async fn deployment_schema(&self, name: &str) -> Result<Value> {
        self.get(&format!("{}/parameters", deployment(name))).await
    }

    pub(in crate::cli::door) async fn switch_deployment(
        &self,
        name: &str,
        on: bool,
    ) -> Result<DeploymentReport> {
        let path = format!("{}/{}", deployment(name), switched(on));
        self.post(&path, &json!({})).await
    }

    pub(in crate::cli::door) async fn delete_deployment(&self, name: &str) -> Result<()> {
        self.delete_at(&deployment(name)).await
    }

    pub(in crate::cli::door) async fn run_deployment(
        &self,
        name: &str,
        given: Map<String, Value>,
        start: &Start,
    ) -> Result<Seen> {
        let body = json!({
            "parameters": given,
            "name": start.name,
            "cache": start.cache,
            "due": start.due.map(time),
        });
        let path = format!("{}/run", deployment(name));
        seen(read(self.begin(&path, &body).await?)?)
    }

    pub(in crate::cli::door) async fn deploy(&self, ask: &DeployAsk) -> Result<DeployView> {
        self.post("/api/deployments", &json!(ask)).await
    }

    pub(in crate::cli::door) async fn schedules(&self) -> Result<Vec<ScheduleReport>> {
        self.get("/api/schedules").await
    }

    pub(in crate::cli::door) async fn upcoming(
        &self,
        deployment: Option<&str>,
        count: usize,
    ) -> Result<Vec<Upcoming>> {
        let only = deployment.map(|name| format!("&deployment={}", part(name)));
        let only = only.unwrap_or_default();
        self.get(&format!("/api/schedules/next?count={count}{only}"))
            .await
    }

    pub(in crate::cli::door) async fn switch_schedule(
        &self,
        name: &str,
        slug: Option<&str>,
        on: bool,
    ) -> Result<Vec<ScheduleReport>> {
        let one = slug.map(|slug| format!("/{}", part(slug)));
        let one = one.unwrap_or_default();
        let path = format!("{}/schedules{one}/{}", deployment(name), switched(on));
        self.post(&path, &json!({})).await
    }

    pub(in crate::cli::door) async fn backfills(&self) -> Result<Vec<BackfillView>> {
        self.get("/api/backfills").await
    }

    pub(in crate::cli::door) async fn backfill(&self, id: &str) -> Result<BackfillDetail> {
        self.get(&backfill(id)).await
    }

    pub(in crate::cli::door) async fn plan_backfill(
        &self,
        ask: &BackfillAsk,
    ) -> Result<BackfillPlanView> {
        self.post("/api/backfills/plan", &json!(ask)).await
    }

    pub(in crate::cli::door) async fn start_backfill(
        &self,
        ask: &BackfillAsk,
    ) -> Result<BackfillView> {
        read(self.begin("/api/backfills", &json!(ask)).await?)
    }

    pub(in crate::cli::door) async fn change_backfill(
        &self,
        id: &str,
        what: &str,
    ) -> Result<BackfillView> {
        self.post(&format!("{}/{what}", backfill(id)), &json!({}))
            .await
    }

    pub(in crate::cli::door) async fn workers(&self) -> Result<Vec<WorkerView>> {
        self.get("/api/workers").await
    }
}
