//! Runs behind a server, by its API.

mod deployed;
mod kept;

use clap::{Arg, ArgMatches};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::Seen;
use super::http::Client;
use super::stream::Stream;
use crate::author::meta::Meta;
use crate::clock;
use crate::config;
use crate::error::{Error, ErrorKind, Result};
use crate::model::artifact::ArtifactRecord;
use crate::model::digest::ErrorDigest;
use crate::model::ids::RunId;
use crate::model::plan::How;
use crate::model::record::LogLine;
use crate::ops::inspect::Step;
use crate::ops::outline::Outlined;
use crate::ops::view::{ArtifactView, PlanView, RunView, StepView, time};
use crate::ops::{LogFilter, Reason, Recap, Resume, RunFilter, Start};

/// How many runs are asked for at a time.
const PAGE: usize = 500;

/// How many steps are asked for at once.
const STEPS: usize = 5_000;

/// A server.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Far {
    client: Client,
    /// As somebody wrote it.
    url: String,
    flows: Vec<&'static Meta>,
}

/// `--server`, understood by every command.
pub(super) fn arg() -> Arg {
    Arg::new("server")
        .long("server")
        .env("FLOWRT_SERVER")
        .hide_env_values(true)
        .global(true)
        .help_heading("Global options")
        .value_name("URL")
        .help("Ask a server instead of opening a store, as in http://127.0.0.1:4242; its token: FLOWRT_TOKEN")
}

/// The server that somebody names.
pub(super) fn named(matches: &ArgMatches) -> Result<Option<Far>> {
    let Some(url) = matches.get_one::<String>("server") else {
        return Ok(None);
    };
    if url.is_empty() {
        return Ok(None);
    }
    Ok(Some(Far {
        client: Client::new(url, config::token())?,
        url: url.clone(),
        flows: crate::registry::flows()?.into_values().collect(),
    }))
}

/// What is said of a verb that needs the store itself.
pub(in crate::cli) fn only_here() -> Error {
    let message =
        "this command works on the store itself, which only the machine of the server has";
    Error::new(ErrorKind::Unsupported, message)
        .hint("leave --server and FLOWRT_SERVER out, and call it where the store is")
}

impl Far {
    /// The flows of this program, which is mostly that of the server.
    pub(super) fn flows(&self) -> Vec<&'static Meta> {
        self.flows.clone()
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        read(self.client.ask("GET", path, None, None).await?)
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T> {
        read(self.client.ask("POST", path, Some(body), None).await?)
    }

    async fn delete_at(&self, path: &str) -> Result<()> {
        self.client.ask("DELETE", path, None, None).await.map(drop)
    }

    pub(super) async fn run(&self, reference: &str) -> Result<Seen> {
        let path = format!("/api/runs/{}", part(reference));
        seen(self.get::<RunView>(&path).await?)
    }

    pub(super) async fn last_of(&self, run: RunId) -> Result<Seen> {
        let mut run = self.run(&run.to_string()).await?;
        while let Some(next) = run.continued_as() {
            run = self.run(&next.to_string()).await?;
        }
        Ok(run)
    }

    pub(super) async fn runs(&self, filter: RunFilter) -> Result<Vec<Seen>> {
        let mut fixed = String::new();
        let mut say = |name: &str, value: &str| {
            fixed.push_str(&format!("&{name}={}", part(value)));
        };
        if let Some(flow) = &filter.flow {
            say("flow", flow);
        }
        if let Some(deployment) = &filter.deployment {
            say("deployment", deployment);
        }
        if let Some(text) = &filter.text {
            say("text", text);
        }
        if let Some(since) = filter.since {
            say("since", &time(since));
        }
        if let Some(until) = filter.until {
            say("until", &time(until));
        }
        for state in &filter.states {
            say("state", state.as_str());
        }
        if let Some(parent) = filter.parent {
            say("parent", &parent.to_string());
        }
        if !filter.roots_only {
            say("children", "true");
        }
        let mut before = filter.before;
        let mut all = Vec::new();
        loop {
            let wanted = match filter.limit {
                0 => PAGE,
                limit => (limit - all.len()).min(PAGE),
            };
            let before_text = before.map_or_else(String::new, |run| format!("&before={run}"));
            let path = format!("/api/runs?limit={wanted}{fixed}{before_text}");
            let page: Page = self.get(&path).await?;
            for run in page.items {
                all.push(seen(run)?);
            }
            before = page.next;
            if before.is_none() || all.len() == filter.limit {
                return Ok(all);
            }
        }
    }

    pub(super) async fn steps(&self, run: RunId) -> Result<Vec<Step>> {
        let mut steps = Vec::new();
        let mut after = String::new();
        loop {
            let which = format!("limit={STEPS}{after}");
            let (some, next) = self.step_page(run, &which).await?;
            steps.extend(some);
            match next {
                Some(place) => after = format!("&after={place}"),
                None => return Ok(steps),
            }
        }
    }

    async fn step_page(&self, run: RunId, which: &str) -> Result<(Vec<Step>, Option<i64>)> {
        let path = format!("/api/runs/{run}/steps?{which}");
        let page: StepsPage = self.get(&path).await?;
        let steps = page.items.into_iter().map(StepView::into_step);
        Ok((steps.collect::<Result<_>>()?, page.next))
    }

    /// The first steps, and of a run that has more of them the first failures.
    pub(super) async fn outline(&self, run: &Seen) -> Result<Outlined> {
        let (steps, next) = self.step_page(run.id, "limit=400").await?;
        let mut outlined = Outlined {
            total: run.tasks.total.max(steps.len() as u64),
            steps,
            ..Outlined::default()
        };
        if next.is_some() {
            let which = "failed=true&limit=50";
            outlined.failures = self.step_page(run.id, which).await?.0;
            outlined.failed = run.tasks.failed.max(outlined.failures.len() as u64);
        } else {
            outlined.total = outlined.steps.len() as u64;
        }
        Ok(outlined)
    }

    pub(super) async fn recap(&self, run: RunId) -> Result<Recap> {
        self.get(&format!("/api/runs/{run}/recap")).await
    }

    pub(super) async fn logs(
        &self,
        run: RunId,
        filter: LogFilter,
    ) -> Result<(Vec<LogLine>, Option<i64>)> {
        let mut path = format!(
            "/api/runs/{run}/logs?limit={}",
            filter.limit.clamp(1, 10_000)
        );
        if let Some(after) = filter.after {
            path.push_str(&format!("&after={after}"));
        }
        if let Some(step) = &filter.step {
            path.push_str(&format!("&step={}", part(step)));
        }
        let page: LogPage = self.get(&path).await?;
        Ok((page.items, page.next))
    }

    pub(super) async fn why(&self, run: RunId) -> Result<Vec<Reason>> {
        self.get(&format!("/api/runs/{run}/why")).await
    }

    pub(super) async fn digest(&self, run: RunId) -> Result<Option<ErrorDigest>> {
        self.get(&format!("/api/runs/{run}/digest")).await
    }

    pub(super) async fn artifacts(&self, run: RunId) -> Result<Vec<ArtifactRecord>> {
        let views: Vec<ArtifactView> = self.get(&format!("/api/runs/{run}/artifacts")).await?;
        views.into_iter().map(ArtifactView::into_record).collect()
    }

    pub(super) async fn cancel(&self, run: RunId) -> Result<()> {
        let path = format!("/api/runs/{run}/cancel");
        self.post::<Value>(&path, &json!({})).await.map(drop)
    }

    pub(super) async fn signal(&self, run: RunId, name: &str, value: &Value) -> Result<()> {
        let path = format!("/api/runs/{run}/signal/{}", part(name));
        let body = json!({ "value": value });
        self.client
            .ask("POST", &path, Some(&body), None)
            .await
            .map(drop)
    }

    pub(super) async fn plan_resume(&self, run: RunId, resume: Resume) -> Result<(How, PlanView)> {
        let path = format!("/api/runs/{run}/resume/plan");
        let plan: PlanView = self.post(&path, &json!(resume)).await?;
        let how = match plan.how.as_str() {
            "recovery" => How::Recovery,
            _ => How::Resume,
        };
        Ok((how, plan))
    }

    /// Goes on with a run, there.
    ///
    /// # Errors
    /// If it cannot be resumed, or the server cannot be reached.
    pub(in crate::cli) async fn resume(&self, run: RunId, resume: Resume) -> Result<Seen> {
        let path = format!("/api/runs/{run}/resume");
        seen(self.post(&path, &json!(resume)).await?)
    }

    /// Starts a flow, there. Sent again by itself, it starts nothing twice.
    ///
    /// # Errors
    /// If the parameters do not fit, or the server cannot be reached.
    pub(in crate::cli) async fn start(
        &self,
        flow: &str,
        parameters: &Value,
        start: &Start,
    ) -> Result<Seen> {
        let mut body = Map::new();
        body.insert("flow".to_owned(), flow.into());
        body.insert("parameters".to_owned(), parameters.clone());
        body.insert("cache".to_owned(), json!(start.cache));
        if let Some(name) = &start.name {
            body.insert("name".to_owned(), name.as_str().into());
        }
        let key = clock::new_uuid().to_string();
        let body = Value::Object(body);
        let answer = self
            .client
            .ask("POST", "/api/runs", Some(&body), Some(&key));
        seen(read(answer.await?)?)
    }

    /// What happens to a run, from its beginning to its end.
    pub(in crate::cli) fn events(&self, run: RunId) -> Stream {
        Stream::new(self.client.clone(), format!("/api/runs/{run}/events"))
    }
}

#[derive(serde::Deserialize)]
struct Page {
    items: Vec<RunView>,
    next: Option<RunId>,
}

#[derive(serde::Deserialize)]
struct StepsPage {
    items: Vec<StepView>,
    next: Option<i64>,
}

#[derive(serde::Deserialize)]
struct LogPage {
    items: Vec<LogLine>,
    next: Option<i64>,
}

fn seen(view: RunView) -> Result<Seen> {
    Ok(Seen {
        tasks: view.tasks,
        is_orphaned: view.process_gone,
        record: view.into_record()?,
    })
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T> {
    T::deserialize(value).map_err(|error| {
        Error::from(format!(
            "the server answered something else than was expected: {error}"
        ))
        .hint("is it of the same version as this program?")
    })
}

/// Text as a part of an address.
fn part(text: &str) -> String {
    /// All that may mean something there.
    const PART: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');
    utf8_percent_encode(text, PART).to_string()
}
