//! One flow: what it is, the form that starts it, its graph and its history.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value};

use super::posted::Posted;
use super::{chart, deployments, flows, links, rows};
use crate::author::meta::Meta;
use crate::draw::svg;
use crate::error::{Error, ErrorKind, Result};
use crate::model::record::CacheUse;
use crate::ops::Start;
use crate::ops::params::Fault;
use crate::web::Site;
use crate::web::answer::{Section, Shown, Visit, go_to};
use crate::web::form::{self, Field, Typed};
use crate::web::live;
use crate::web::moment::Moment;

/// Runs in the history.
const HISTORY: usize = 15;
/// Runs in the picture of durations.
const BARS: usize = 60;

#[derive(Template)]
#[template(path = "flow.html")]
struct Page<'a> {
    name: &'a str,
    about: &'a str,
    place: String,
    kind: String,
    /// HTML: its deployments; none if it has none.
    deployments: Option<String>,
    tags: &'a [&'a str],
    form: String,
    picture: Option<String>,
    bars: String,
    rows: String,
    count: usize,
    all: String,
}

/// The form that starts a flow.
#[derive(Template)]
#[template(path = "flow_form.html")]
struct StartForm<'a> {
    action: String,
    token: &'a str,
    fields: String,
    count: usize,
    /// The name that the run is to have.
    run_name: &'a str,
    cache: &'a str,
    /// What is wrong with the form as a whole.
    faults: Vec<String>,
}

#[derive(Template)]
#[template(path = "form_fields.html")]
struct Fields<'a> {
    fields: &'a [Field],
}

/// So that the template can name them.
use form::Look;

pub(super) async fn show(
    State(site): State<Site>,
    visit: Visit,
    Path(flow): Path<String>,
) -> Response {
    live::page(site, visit, Section::Flows, move |site| {
        let flow = flow.clone();
        async move {
            let meta = known(&site, &flow)?;
            let form = start_form(
                &site,
                meta,
                links::flow(&flow),
                Typed::Values(&Map::new()),
                &[],
                &Posted::default(),
            );
            made(&site, meta, form).await
        }
    })
    .await
}

/// Starts the flow, or shows what is wrong with what was typed.
pub(super) async fn start(
    State(site): State<Site>,
    visit: Visit,
    Path(flow): Path<String>,
    posted: Posted,
) -> Response {
    let done = try_start(&site, &visit, &flow, &posted).await;
    site.answer(&visit, Section::Flows, done)
}

async fn try_start(site: &Site, visit: &Visit, flow: &str, posted: &Posted) -> Result<Response> {
    let meta = known(site, flow)?;
    let start = wanted(posted);
    match read(meta, posted, &start) {
        Ok(params) => {
            let params = Value::Object(params);
            let run = site.engine.enqueue(flow, &params, start).await?;
            Ok(go_to(&links::run(&run.name)))
        }
        Err(faults) => {
            let typed = Typed::Form(&posted.0);
            let form = start_form(site, meta, links::flow(flow), typed, &faults, posted);
            let shown = made(site, meta, form).await?.fixed();
            Ok(site.framed(visit, &shown, StatusCode::UNPROCESSABLE_ENTITY))
        }
    }
}

/// What the form says of the start besides the parameters.
pub(super) fn wanted(posted: &Posted) -> Start {
    Start {
        name: posted.filled("run_name").map(str::to_owned),
        cache: posted
            .get("cache")
            .and_then(CacheUse::parse)
            .unwrap_or_default(),
        ..Start::default()
    }
}

/// The parameters that were typed.
///
/// # Errors
/// Everything that is wrong with them, and with the rest of the form.
pub(super) fn read(
    meta: &Meta,
    posted: &Posted,
    start: &Start,
) -> std::result::Result<Map<String, Value>, Vec<Fault>> {
    let mut faults = Vec::new();
    if let Err(error) = start.check(meta) {
        faults.push(Fault {
            path: String::new(),
            message: error.message().to_owned(),
        });
    }
    match form::read(meta, &posted.0) {
        Ok(params) if faults.is_empty() => return Ok(params),
        Ok(_) => {}
        Err(wrong) => faults.extend(wrong),
    }
    Err(faults)
}

fn known(site: &Site, flow: &str) -> Result<&'static Meta> {
    site.engine.flow(flow).ok_or_else(|| {
        let message = format!("this program has no flow `{flow}`");
        Error::new(ErrorKind::NotFound, message).hint("see those that it has: /flows")
    })
}

/// The form that starts a flow, in HTML; it is sent to `action`.
pub(super) fn start_form(
    site: &Site,
    meta: &Meta,
    action: String,
    typed: Typed<'_>,
    faults: &[Fault],
    posted: &Posted,
) -> String {
    let fields = form::fields(meta, typed, faults);
    let of_fields = |path: &str| {
        let name = path.split(['.', '[']).next().unwrap_or(path);
        meta.params.iter().any(|param| param.name == name)
    };
    let rest = faults.iter().filter(|fault| !of_fields(&fault.path));
    let form = StartForm {
        action,
        token: &site.inner.token,
        count: fields.len(),
        fields: crate::web::answer::rendered(&Fields { fields: &fields }),
        run_name: posted.get("run_name").unwrap_or_default(),
        cache: posted.get("cache").unwrap_or("use"),
        faults: rest
            .map(|fault| format!("{} {}", fault.path, fault.message))
            .collect(),
    };
    crate::web::answer::rendered(&form)
}

async fn made(site: &Site, meta: &Meta, form: String) -> Result<Shown> {
    let engine = &site.engine;
    let moment = Moment::now(engine);
    let records = flows::latest(engine, meta.name, BARS).await?;
    let history = &records[..records.len().min(HISTORY)];
    let graph = engine.graph(meta.name);
    let page = Page {
        name: meta.name,
        about: meta.doc,
        place: format!("{}:{}", meta.file, meta.line),
        kind: flows::kind(engine, meta),
        deployments: deployments::of(site, meta.name, &moment).await?,
        tags: meta.flow.tags,
        form,
        picture: graph.map(|graph| svg::part(&graph, |_| None)),
        bars: chart::durations(&records, &moment),
        rows: rows::table(&rows::of(engine, history).await?, false),
        count: history.len(),
        all: format!("/runs?flow={}", links::escaped(meta.name)),
    };
    Ok(Shown::new(Section::Flows, meta.name, &page))
}
