//! Backfills that were begun: how far each is, and stopping it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::posted::Posted;
use super::{deployments, links};
use crate::error::{Error, ErrorKind, Result};
use crate::model::backfill::{BackfillState, Which};
use crate::ops::Engine;
use crate::ops::view::{BackfillView, SlotRunView, read_time};
use crate::web::Site;
use crate::web::answer::{Section, Shown, Visit, go_to, rendered};
use crate::web::live;
use crate::web::moment::Moment;
use crate::web::signs;

/// Slots that are listed.
const SLOTS: usize = 200;

/// A backfill.
pub(super) struct Line {
    id: String,
    href: String,
    deployment: String,
    deployment_href: String,
    which: &'static str,
    concurrency: u32,
    state: BackfillState,
    /// HTML.
    sign: String,
    total: usize,
    over: usize,
    completed: usize,
    failed: usize,
    going_on: usize,
    /// HTML.
    created: String,
    /// It can still be stopped.
    is_open: bool,
    /// Why it does not go on.
    reason: Option<String>,
}

/// A slot and its run.
struct Slot {
    /// HTML.
    at: String,
    schedule: String,
    run: Option<(String, String)>,
    /// HTML.
    state: String,
}

#[derive(Template)]
#[template(path = "backfill.html")]
struct Page<'a> {
    token: &'a str,
    line: Line,
    slots: Vec<Slot>,
    more: usize,
    has_schedules: bool,
}

#[derive(Template)]
#[template(path = "backfill_lines.html")]
struct Lines {
    lines: Vec<Line>,
}

/// The page of a backfill.
pub(super) fn href(id: &str) -> String {
    format!("/backfills/{}", links::escaped(id))
}

/// Those of a deployment as a table, in HTML; none if there are none.
pub(super) async fn of(
    engine: &Engine,
    deployment: &str,
    moment: &Moment,
) -> Result<Option<String>> {
    let all = engine.backfills().await?;
    let own = all.iter().map(BackfillView::from);
    let own = own.filter(|view| view.deployment == deployment);
    let lines: Result<Vec<_>> = own.map(|view| line(view, moment)).collect();
    let lines = lines?;
    Ok((!lines.is_empty()).then(|| rendered(&Lines { lines })))
}

fn line(view: BackfillView, moment: &Moment) -> Result<Line> {
    Ok(Line {
        href: href(&view.id),
        deployment_href: deployments::href(&view.deployment),
        which: match view.which {
            Which::Missing => "slots without a run",
            Which::Failed => "slots without a run, or whose last run failed",
            Which::All => "all slots",
        },
        concurrency: view.concurrency,
        state: view.state,
        sign: signs::of_backfill(view.state),
        total: view.total,
        over: view.completed + view.failed,
        completed: view.completed,
        failed: view.failed,
        going_on: view.going_on,
        created: moment.ago(read_time(&view.created)?),
        is_open: matches!(view.state, BackfillState::Running | BackfillState::Paused),
        reason: view.reason,
        deployment: view.deployment,
        id: view.id,
    })
}

pub(super) async fn show(
    State(site): State<Site>,
    visit: Visit,
    Path(id): Path<String>,
) -> Response {
    live::page(site, visit, Section::Deployments, move |site| {
        let id = id.clone();
        async move { made(&site, &id).await }
    })
    .await
}

async fn made(site: &Site, id: &str) -> Result<Shown> {
    let moment = Moment::now(&site.engine);
    let detail = site.engine.backfill_detail(id).await?;
    let first = detail.slots.first();
    let first = first.map(|one| one.slot.schedule.clone());
    let has_schedules = detail
        .slots
        .iter()
        .any(|one| Some(&one.slot.schedule) != first.as_ref());
    let slots: Result<Vec<_>> = detail
        .slots
        .iter()
        .take(SLOTS)
        .map(|one| slot(one, &moment))
        .collect();
    let page = Page {
        token: &site.inner.token,
        more: detail.slots.len().saturating_sub(SLOTS),
        slots: slots?,
        has_schedules,
        line: line(detail.backfill, &moment)?,
    };
    Ok(Shown::new(
        Section::Deployments,
        format!("Backfill {id}"),
        &page,
    ))
}

fn slot(slot: &SlotRunView, moment: &Moment) -> Result<Slot> {
    Ok(Slot {
        at: moment.clock(read_time(&slot.slot.slot)?),
        schedule: slot.slot.schedule.clone(),
        run: slot.run.as_ref().map(|run| (run.clone(), links::run(run))),
        state: slot.state.map(signs::of_run).unwrap_or_default(),
    })
}

/// Pauses a backfill, lets it go on, or cancels it with its runs.
pub(super) async fn change(
    State(site): State<Site>,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Response {
    let engine = &site.engine;
    let done = match posted.get("do").unwrap_or_default() {
        "pause" => engine.switch_backfill(&id, false).await,
        "resume" => engine.switch_backfill(&id, true).await,
        "cancel" => engine.cancel_backfill(&id).await,
        other => Err(Error::new(
            ErrorKind::Input,
            format!("`{other}` is nothing that can be done with a backfill"),
        )),
    };
    let done = done.map(|_| go_to(&href(&id)));
    site.answer(&visit, Section::Deployments, done)
}
