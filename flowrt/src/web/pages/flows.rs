//! The flows of this program.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::{chart, links};
use crate::author::meta::{Kind, Meta};
use crate::error::Result;
use crate::model::number::counted;
use crate::model::record::RunRecord;
use crate::ops::schedules::ScheduleReport;
use crate::ops::{Engine, RunFilter};
use crate::web::Site;
use crate::web::answer::{Section, Shown, Visit};
use crate::web::live;
use crate::web::moment::Moment;
use crate::web::signs;

/// Runs in the strip of a flow.
const STRIP: usize = 16;

/// A flow in the list.
struct Line {
    name: &'static str,
    href: String,
    about: &'static str,
    kind: String,
    schedule: Option<String>,
    last_state: String,
    last: String,
    last_href: String,
    strip: String,
}

#[derive(Template)]
#[template(path = "flows.html")]
struct Page {
    flows: Vec<Line>,
}

pub(super) async fn show(State(site): State<Site>, visit: Visit) -> Response {
    live::page(site, visit, Section::Flows, made).await
}

async fn made(site: Site) -> Result<Shown> {
    let engine = &site.engine;
    let moment = Moment::now(engine);
    let schedules = engine.schedules().await?;
    let mut flows = Vec::new();
    for meta in engine.flows() {
        let records = latest(engine, meta.name, STRIP).await?;
        let last = records.first();
        flows.push(Line {
            name: meta.name,
            href: links::flow(meta.name),
            about: meta.doc.lines().next().unwrap_or_default(),
            kind: kind(engine, meta),
            schedule: schedule(&schedules, meta.name),
            last_state: last.map(|run| signs::of_run(run.state)).unwrap_or_default(),
            last: last
                .map(|run| moment.ago(run.started.unwrap_or(run.created)))
                .unwrap_or_default(),
            last_href: last.map(|run| links::run(&run.name)).unwrap_or_default(),
            strip: chart::durations(&records, &moment),
        });
    }
    Ok(Shown::new(Section::Flows, "Flows", &Page { flows }))
}

/// The latest runs of a flow, newest first.
pub(super) async fn latest(engine: &Engine, flow: &str, limit: usize) -> Result<Vec<RunRecord>> {
    let filter = RunFilter {
        flow: Some(flow.to_owned()),
        limit,
        ..RunFilter::default()
    };
    engine.runs(filter).await
}

/// `graph of 5 nodes`, `program`.
pub(super) fn kind(engine: &Engine, meta: &Meta) -> String {
    match meta.kind {
        Kind::Dag => {
            let nodes = engine.graph(meta.name).map_or(0, |graph| graph.nodes.len());
            format!("graph · {}", counted(nodes as u64, "node"))
        }
        _ => "program".to_owned(),
    }
}

/// When a flow starts by itself: the first of its rules, and how many more there are.
fn schedule(all: &[ScheduleReport], flow: &str) -> Option<String> {
    let mut own = all
        .iter()
        .filter(|report| report.fires && report.flow == flow);
    let first = own.next()?.rule.clone();
    Some(match own.count() {
        0 => first,
        more => format!("{first} and {more} more"),
    })
}
