//! One step of a run: what went in, what came out, its attempts and what it logged.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::{links, logs, steps, trouble, values};
use crate::error::{Error, ErrorKind, Result};
use crate::model::record::{AttemptRecord, StepKind};
use crate::ops::LogFilter;
use crate::web::Site;
use crate::web::answer::{Section, Shown, Visit};
use crate::web::moment::{Moment, between};
use crate::web::{live, signs};

/// Log lines of the step.
const LOG: usize = 500;

/// Which step.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Wanted {
    id: String,
}

#[derive(Template)]
#[template(path = "step.html")]
struct Page {
    run: String,
    run_href: String,
    step: String,
    task: String,
    state: String,
    took: String,
    started: Option<String>,
    finished: Option<String>,
    note: String,
    /// HTML.
    trouble: String,
    attempts: Vec<Attempt>,
    input: Option<String>,
    output: Option<String>,
    child: Option<(String, String)>,
    log: String,
    has_log: bool,
    log_href: String,
}

/// A failed attempt.
struct Attempt {
    number: u32,
    began: String,
    took: String,
    error: String,
}

pub(super) async fn show(
    State(site): State<Site>,
    visit: Visit,
    Path(run): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    live::page(site, visit, Section::Runs, move |site| {
        made(site, run.clone(), wanted.id.clone())
    })
    .await
}

async fn made(site: Site, run: String, id: String) -> Result<Shown> {
    let engine = &site.engine;
    let record = engine.find(&run).await?;
    let moment = Moment::now(engine);
    let bodies = site.inner.watching.bodies(record.id);
    let recorded = engine.shown_step(record.id, &id).await?;
    let steps = steps::with_bodies(recorded.into_iter().collect(), bodies);
    let step = steps.into_iter().find(|step| step.step == id);
    let step = step.ok_or_else(|| {
        let message = format!("nothing is recorded of the step {id} in {}", record.name);
        Error::new(ErrorKind::NotFound, message).hint("it may not have begun: see the run")
    })?;
    let (recorded, failed) = engine.step(record.id, &id).await?;
    let recorded = recorded.as_ref();
    let output = recorded.and_then(|recorded| recorded.output.as_ref());
    let is_child = recorded.is_some_and(|recorded| recorded.kind == StepKind::Flow);
    let child = match is_child {
        true => engine.record(record.id.child(&id)).await.ok(),
        false => None,
    };
    let filter = LogFilter {
        step: Some(id.clone()),
        newest: true,
        limit: LOG,
        ..LogFilter::default()
    };
    let lines = engine.logs(record.id, filter).await?;
    let href = links::run(&record.name);
    let page = Page {
        state: signs::of_task(step.state),
        took: match (step.started, step.finished) {
            (Some(started), Some(finished)) => between(started, finished),
            (Some(started), None) => moment.since(started),
            _ => String::new(),
        },
        started: step.started.map(|at| moment.clock(at)),
        finished: step.finished.map(|at| moment.clock(at)),
        note: step.note.unwrap_or_default(),
        trouble: output
            .filter(|_| step.state.is_failure())
            .map(|error| trouble::of_error(&Error::from_json(error), &record.name))
            .unwrap_or_default(),
        attempts: attempts(&failed, &moment),
        input: recorded
            .and_then(|recorded| recorded.input.as_ref())
            .filter(|input| &***input != "[]")
            .map(values::pretty),
        output: output
            .filter(|output| step.state.is_success() && &***output != "null")
            .map(values::pretty),
        child: child.map(|child| (links::run(&child.name), child.name)),
        has_log: !lines.is_empty(),
        log: logs::html(&lines, &record.name, &moment),
        log_href: format!("{href}/logs?step={}", links::escaped(&id)),
        run: record.name.clone(),
        run_href: href,
        task: step.task,
        step: step.step,
    };
    let title = format!("{} · {}", page.step, record.name);
    Ok(Shown::new(Section::Runs, title, &page))
}

fn attempts(failed: &[AttemptRecord], moment: &Moment) -> Vec<Attempt> {
    failed
        .iter()
        .map(|attempt| Attempt {
            number: attempt.attempt,
            began: moment.clock(attempt.started),
            took: between(attempt.started, attempt.finished),
            error: format!("{:#}", Error::from_json(&attempt.error)),
        })
        .collect()
}
