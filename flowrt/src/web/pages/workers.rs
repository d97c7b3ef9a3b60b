//! Workers: who takes runs from queues, and what each is at.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::links;
use crate::error::Result;
use crate::ops::view::{WorkerView, read_time};
use crate::web::Site;
use crate::web::answer::{Section, Shown, Visit};
use crate::web::live;
use crate::web::moment::Moment;

/// A worker.
struct Line {
    name: String,
    pid: u32,
    build: String,
    queues: String,
    launcher: String,
    concurrency: usize,
    flows: usize,
    flow_names: String,
    driving: usize,
    /// Name and address of those that are told.
    runs: Vec<(String, String)>,
    more: usize,
    draining: bool,
    /// HTML.
    since: String,
    /// HTML.
    beat: String,
}

#[derive(Template)]
#[template(path = "workers.html")]
struct Page {
    workers: Vec<Line>,
}

pub(super) async fn show(State(site): State<Site>, visit: Visit) -> Response {
    live::page(site, visit, Section::Workers, made).await
}

async fn made(site: Site) -> Result<Shown> {
    let moment = Moment::now(&site.engine);
    let workers = site.engine.worker_views().await?;
    let lines: Result<Vec<_>> = workers
        .into_iter()
        .map(|worker| line(worker, &moment))
        .collect();
    let page = Page { workers: lines? };
    Ok(Shown::new(Section::Workers, "Workers", &page))
}

fn line(worker: WorkerView, moment: &Moment) -> Result<Line> {
    /// Runs that a line names.
    const NAMED: usize = 5;
    let runs = worker.runs.iter().take(NAMED);
    let runs: Vec<_> = runs
        .map(|run| (run.name.clone(), links::run(&run.name)))
        .collect();
    Ok(Line {
        more: worker.driving.saturating_sub(runs.len()),
        runs,
        since: moment.since(read_time(&worker.started)?),
        beat: moment.ago(read_time(&worker.beat)?),
        name: worker.name,
        pid: worker.pid,
        build: worker.build,
        queues: worker.queues.join(", "),
        launcher: worker.launcher,
        concurrency: worker.concurrency,
        flows: worker.flows.len(),
        flow_names: worker.flows.join(", "),
        driving: worker.driving,
        draining: worker.draining,
    })
}
