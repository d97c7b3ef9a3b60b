//! Limits, kept results, notices, artifacts, secrets, and runs that are deleted or begun anew, behind a server.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Far, part, read, seen};
use crate::cli::door::Seen;
use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::model::artifact::ArtifactRecord;
use crate::model::graph::Graph;
use crate::model::ids::RunId;
use crate::model::record::Micros;
use crate::ops::view::{ArtifactView, NotedView, NoticeView, PlanView, read_time};
use crate::ops::{CacheReport, LimitReport, Rerun, SecretReport};

/// A server tells at most so many kept results at once.
const CACHED_MAX: usize = 1_000;

#[derive(Deserialize)]
struct LimitPlan {
    starts: Option<Starts>,
}

#[derive(Deserialize)]
struct Starts {
    first: String,
    last: String,
}

#[derive(Deserialize)]
struct Cleared {
    cleared: u64,
}

#[derive(Deserialize)]
struct NotedPage {
    items: Vec<NotedView>,
}

fn limit(name: &str) -> String {
    format!("/api/limits/{}", part(name))
}

impl Far {
    pub(in crate::cli::door) async fn limits(&self) -> Result<Vec<LimitReport>> {
        self.get("/api/limits").await
    }

    pub(in crate::cli::door) async fn limit(&self, name: &str) -> Result<LimitReport> {
        self.get(&limit(name)).await
    }

    pub(in crate::cli::door) async fn set_limit(
        &self,
        name: &str,
        amount: Option<&str>,
    ) -> Result<()> {
        let body = json!({ "amount": amount });
        let path = limit(name);
        let answer = self.client.ask("PUT", &path, Some(&body), None);
        answer.await.map(drop)
    }

    pub(in crate::cli::door) async fn reset_limit(&self, name: &str) -> Result<()> {
        let path = format!("{}/reset", limit(name));
        self.post::<Value>(&path, &json!({})).await.map(drop)
    }

    pub(in crate::cli::door) async fn plan_limit(
        &self,
        name: &str,
        count: usize,
    ) -> Result<Option<(Micros, Micros)>> {
        let path = format!("{}/plan?count={count}", limit(name));
        let plan: LimitPlan = self.get(&path).await?;
        let times = plan
            .starts
            .map(|starts| Ok((read_time(&starts.first)?, read_time(&starts.last)?)));
        times.transpose()
    }

    pub(in crate::cli::door) async fn cached(
        &self,
        task: Option<&str>,
        limit: usize,
    ) -> Result<Vec<CacheReport>> {
        if limit == 0 || limit > CACHED_MAX {
            let message = format!("a server tells at most {CACHED_MAX} kept results at a time");
            return Err(
                Error::new(ErrorKind::Unsupported, message).hint(format!("--limit {CACHED_MAX}"))
            );
        }
        let only = task.map(|task| format!("&task={}", part(task)));
        let only = only.unwrap_or_default();
        self.get(&format!("/api/cache?limit={limit}{only}")).await
    }

    pub(in crate::cli::door) async fn clear_cache(
        &self,
        task: Option<&str>,
        older_than: Option<Duration>,
    ) -> Result<u64> {
        let mut which = Vec::new();
        if let Some(task) = task {
            which.push(format!("task={}", part(task)));
        }
        if let Some(age) = older_than {
            which.push(format!("older_than={}ms", age.as_millis()));
        }
        let path = format!("/api/cache?{}", which.join("&"));
        let answer = self.client.ask("DELETE", &path, None, None).await?;
        Ok(read::<Cleared>(answer)?.cleared)
    }

    pub(in crate::cli::door) async fn artifact_keys(&self) -> Result<Vec<ArtifactRecord>> {
        records(self.get("/api/artifacts").await?)
    }

    pub(in crate::cli::door) async fn artifact_versions(
        &self,
        key: &str,
    ) -> Result<Vec<ArtifactRecord>> {
        records(self.get(&format!("/api/artifacts/{}", part(key))).await?)
    }

    pub(in crate::cli::door) async fn artifact_bytes(
        &self,
        artifact: &ArtifactRecord,
    ) -> Result<Option<Arc<[u8]>>> {
        if artifact.blob.is_none() {
            return Ok(None);
        }
        let (key, version) = (part(&artifact.place.key), artifact.version);
        let path = format!("/api/artifacts/{key}/content?version={version}");
        let response = self.client.send("GET", &path, None, &[]).await?;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await;
        let bytes = bytes.map_err(Error::from)?.to_bytes();
        if status >= 400 {
            let value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
            return Err(self.client.refused(status, value));
        }
        Ok(Some(Arc::from(&bytes[..])))
    }

    pub(in crate::cli::door) async fn notices(&self) -> Result<Vec<NoticeView>> {
        self.get("/api/notices").await
    }

    /// At most so many; a server tells no more than 500 at a time.
    pub(in crate::cli::door) async fn noted(&self, limit: usize) -> Result<Vec<NotedView>> {
        let page: NotedPage = self
            .get(&format!("/api/notices/noted?limit={limit}"))
            .await?;
        Ok(page.items)
    }

    pub(in crate::cli::door) async fn test_notice(&self, name: &str) -> Result<()> {
        let path = format!("/api/notices/{}/test", part(name));
        self.post::<Value>(&path, &json!({})).await.map(drop)
    }

    pub(in crate::cli::door) async fn secrets(&self) -> Result<Vec<SecretReport>> {
        self.get("/api/secrets").await
    }

    /// A value is in clear on the way, so it leaves this machine only through a tunnel.
    pub(in crate::cli::door) async fn set_secret(&self, name: &str, value: &str) -> Result<()> {
        if !self.client.is_on_this_machine() {
            let message = format!(
                "the value of a secret is not sent to {}: what asks servers here is plain HTTP, which others can read on the way",
                self.url
            );
            return Err(Error::new(ErrorKind::Unsupported, message).hint(
                "go through a tunnel, as in `ssh -L 4242:127.0.0.1:4242 HOST`, or set it on the machine of the store",
            ));
        }
        let path = format!("/api/secrets/{}", part(name));
        let body = json!({ "value": value });
        let answer = self.client.ask("PUT", &path, Some(&body), None);
        answer.await.map(drop)
    }

    pub(in crate::cli::door) async fn remove_secret(&self, name: &str) -> Result<()> {
        self.delete_at(&format!("/api/secrets/{}", part(name)))
            .await
    }

    pub(in crate::cli::door) async fn delete(&self, run: RunId) -> Result<()> {
        self.delete_at(&format!("/api/runs/{run}")).await
    }

    pub(in crate::cli::door) async fn plan_rerun(
        &self,
        run: RunId,
        rerun: &Rerun,
    ) -> Result<PlanView> {
        let path = format!("/api/runs/{run}/rerun/plan");
        self.post(&path, &json!(rerun)).await
    }

    /// Starts a new run that reuses what it can of an old one, there.
    ///
    /// # Errors
    /// If a step is not there, a parameter does not fit, or the server cannot be reached.
    pub(in crate::cli) async fn rerun(&self, run: RunId, rerun: &Rerun) -> Result<Seen> {
        let path = format!("/api/runs/{run}/rerun");
        let key = clock::new_uuid().to_string();
        let body = json!(rerun);
        let answer = self.client.ask("POST", &path, Some(&body), Some(&key));
        seen(read(answer.await?)?)
    }

    pub(in crate::cli::door) async fn graph_of(&self, run: RunId) -> Result<Graph> {
        self.get(&format!("/api/runs/{run}/graph")).await
    }
}

fn records(views: Vec<ArtifactView>) -> Result<Vec<ArtifactRecord>> {
    views.into_iter().map(ArtifactView::into_record).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::http::Client;
    use super::*;

    #[tokio::test]
    async fn a_secret_stays_on_this_machine() {
        let far = |url: &str| Far {
            client: Client::new(url, None).unwrap(),
            url: url.to_owned(),
            flows: Vec::new(),
        };
        for url in ["http://127.0.0.1:1", "http://[::1]:1/", "http://localhost"] {
            assert!(far(url).client.is_on_this_machine(), "{url}");
        }
        for url in [
            "http://10.0.0.1:1",
            "http://localhost.example:80",
            "http://[fe80::1]",
        ] {
            let refused = far(url).set_secret("token", "s3same").await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Unsupported, "{url}");
            assert!(!format!("{refused:?}").contains("s3same"));
        }
    }
}
