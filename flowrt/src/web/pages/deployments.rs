//! Deployments: flows with their parameters and schedules, written beside the code. Shown, paused, run.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Map;

use super::posted::Posted;
use super::{backfill, backfills, flow, links, rows, schedules, values};
use crate::author::meta::Meta;
use crate::error::Result;
use crate::model::payload::Payload;
use crate::ops::{DeploymentReport, Engine, RunFilter};
use crate::web::Site;
use crate::web::answer::{Section, Shown, Visit, go_to, rendered};
use crate::web::form::Typed;
use crate::web::live;
use crate::web::moment::Moment;

/// Runs in the list of a deployment.
const LATEST: usize = 10;

/// A deployment.
struct Line {
    name: String,
    href: String,
    about: String,
    flow: String,
    flow_href: String,
    tags: Vec<String>,
    schedules: usize,
    fires: bool,
    is_on: bool,
    /// This program has its flow.
    known: bool,
    /// HTML.
    next: String,
}

#[derive(Template)]
#[template(path = "deployments.html")]
struct List {
    /// HTML; empty if there are none.
    table: String,
}

#[derive(Template)]
#[template(path = "deployment_lines.html")]
struct Lines<'a> {
    token: &'a str,
    lines: Vec<Line>,
    with_flow: bool,
}

#[derive(Template)]
#[template(path = "deployment.html")]
struct Page<'a> {
    token: &'a str,
    line: Line,
    params: Vec<(String, String)>,
    facts: Vec<(&'static str, String)>,
    form: Option<String>,
    /// Its schedules as a table; empty if it has none.
    schedules: String,
    /// Its latest runs as a table; empty if it has none.
    runs: String,
    /// The page of all its runs.
    all: String,
    /// The form for runs of the past, where there are slots.
    backfill: Option<String>,
    /// Its backfills as a table.
    backfills: Option<String>,
}

pub(super) async fn show_all(State(site): State<Site>, visit: Visit) -> Response {
    live::page(site, visit, Section::Deployments, list).await
}

async fn list(site: Site) -> Result<Shown> {
    let moment = Moment::now(&site.engine);
    let reports = site.engine.deployments().await?;
    let list = List {
        table: table(&site, &reports, true, &moment),
    };
    Ok(Shown::new(Section::Deployments, "Deployments", &list))
}

/// Those of a flow as a table, in HTML; none if it has none.
pub(super) async fn of(site: &Site, flow: &str, moment: &Moment) -> Result<Option<String>> {
    let mut reports = site.engine.deployments().await?;
    reports.retain(|report| report.record.deployment.flow == flow);
    let table = table(site, &reports, false, moment);
    Ok(Some(table).filter(|table| !table.is_empty()))
}

fn table(site: &Site, reports: &[DeploymentReport], with_flow: bool, moment: &Moment) -> String {
    if reports.is_empty() {
        return String::new();
    }
    rendered(&Lines {
        token: &site.inner.token,
        lines: reports.iter().map(|report| line(report, moment)).collect(),
        with_flow,
    })
}

fn line(report: &DeploymentReport, moment: &Moment) -> Line {
    let deployment = &report.record.deployment;
    Line {
        href: href(&deployment.name),
        name: deployment.name.clone(),
        about: deployment.description.clone(),
        flow_href: links::flow(&deployment.flow),
        flow: deployment.flow.clone(),
        tags: deployment.tags.clone(),
        schedules: report.schedules.len(),
        fires: report.fires,
        is_on: report.record.is_on(),
        known: report.known,
        next: report.next.map(|at| moment.ago(at)).unwrap_or_default(),
    }
}

pub(super) fn href(name: &str) -> String {
    format!("/deployments/{}", links::escaped(name))
}

pub(super) async fn show(
    State(site): State<Site>,
    visit: Visit,
    Path(name): Path<String>,
) -> Response {
    live::page(site, visit, Section::Deployments, move |site| {
        let name = name.clone();
        async move {
            let report = site.engine.deployment(&name).await?;
            let written = Typed::Values(&report.record.deployment.parameters);
            let form = form(&site, &report, written, &[], &Posted::default());
            page(&site, &report, form).await
        }
    })
    .await
}

async fn page(site: &Site, report: &DeploymentReport, form: Option<String>) -> Result<Shown> {
    let moment = Moment::now(&site.engine);
    let deployment = &report.record.deployment;
    let parameters = serde_json::to_string(&deployment.parameters);
    let parameters = Payload::from_json(parameters.expect("parameters are JSON"));
    let optional = [
        ("shown as", deployment.shown.clone()),
        ("queue", deployment.queue.clone()),
        ("pool", deployment.pool.clone()),
        (
            "runs at once",
            deployment.limit.map(|limit| limit.count.to_string()),
        ),
        (
            "retries",
            deployment.retries.map(|retries| retries.to_string()),
        ),
    ];
    let facts = optional.into_iter();
    let facts = facts.filter_map(|(name, value)| Some((name, value?)));
    let surroundings = deployment.surroundings().unwrap_or_default();
    let variables: Vec<String> = surroundings
        .variables
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let of_process = [
        ("folder", surroundings.folder),
        (
            "variables",
            Some(variables.join(", ")).filter(|names| !names.is_empty()),
        ),
    ];
    let of_process = of_process.into_iter();
    let facts = facts.chain(of_process.filter_map(|(name, value)| Some((name, value?))));
    let page = Page {
        token: &site.inner.token,
        line: line(report, &moment),
        params: values::params(&parameters),
        facts: facts.collect(),
        form,
        schedules: schedules::of(site, &deployment.name, &moment).await?,
        runs: latest(&site.engine, &deployment.name).await?,
        all: format!("/runs?deployment={}", links::escaped(&deployment.name)),
        backfill: backfill::form(report, &backfill::Wanted::default(), None),
        backfills: backfills::of(&site.engine, &deployment.name, &moment).await?,
    };
    Ok(Shown::new(
        Section::Deployments,
        deployment.name.clone(),
        &page,
    ))
}

/// Its latest runs as a table, in HTML; empty if it has none.
async fn latest(engine: &Engine, name: &str) -> Result<String> {
    let filter = RunFilter {
        deployment: Some(name.to_owned()),
        limit: LATEST,
        ..RunFilter::default()
    };
    let rows = rows::read(engine, filter).await?;
    Ok(if rows.is_empty() {
        String::new()
    } else {
        rows::table(&rows, false)
    })
}

/// The form for a run with other parameters; none where this program does not have the flow.
fn form(
    site: &Site,
    report: &DeploymentReport,
    typed: Typed<'_>,
    faults: &[crate::ops::params::Fault],
    posted: &Posted,
) -> Option<String> {
    let meta = meta(site, report)?;
    let action = format!("{}/run", href(&report.record.deployment.name));
    Some(flow::start_form(site, meta, action, typed, faults, posted))
}

fn meta(site: &Site, report: &DeploymentReport) -> Option<&'static Meta> {
    site.engine.flow(&report.record.deployment.flow)
}

/// Puts a run into the queue: as it is written down, or with what a person typed.
pub(super) async fn run(
    State(site): State<Site>,
    visit: Visit,
    Path(name): Path<String>,
    posted: Posted,
) -> Response {
    let done = try_run(&site, &visit, &name, &posted).await;
    site.answer(&visit, Section::Deployments, done)
}

async fn try_run(site: &Site, visit: &Visit, name: &str, posted: &Posted) -> Result<Response> {
    let engine = &site.engine;
    let start = flow::wanted(posted);
    if posted.has("quick") {
        let run = engine.run_deployment(name, Map::new(), start).await?;
        return Ok(go_to(&links::run(&run.name)));
    }
    let report = engine.deployment(name).await?;
    let read = match meta(site, &report) {
        Some(meta) => flow::read(meta, posted, &start),
        None => Ok(Map::new()),
    };
    match read {
        Ok(given) => {
            let run = engine.run_deployment(name, given, start).await?;
            Ok(go_to(&links::run(&run.name)))
        }
        Err(faults) => {
            let form = form(site, &report, Typed::Form(&posted.0), &faults, posted);
            let shown = page(site, &report, form).await?.fixed();
            Ok(site.framed(visit, &shown, StatusCode::UNPROCESSABLE_ENTITY))
        }
    }
}

/// Pauses a deployment or lets it go on.
pub(super) async fn switch(
    State(site): State<Site>,
    visit: Visit,
    Path(name): Path<String>,
    posted: Posted,
) -> Response {
    let on = posted.get("on") == Some("true");
    let switched = site.engine.switch_deployment(&name, on).await;
    let done = switched.map(|_| match posted.has("list") {
        true => go_to("/deployments"),
        false => go_to(&href(&name)),
    });
    site.answer(&visit, Section::Deployments, done)
}
