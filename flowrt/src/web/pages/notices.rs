//! Who is told of runs that fail, and what was.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::links;
use crate::error::Result;
use crate::ops::view::{NotedView, NoticeView, read_time};
use crate::web::Site;
use crate::web::answer::{Section, Shown, Visit, go_to};
use crate::web::live;
use crate::web::moment::Moment;

/// How many notices a page has.
const PAGE: usize = 50;

/// Which page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    before: Option<i64>,
}

/// Somebody who is told.
struct Told {
    view: NoticeView,
    action: String,
}

/// What was to be told.
struct Line {
    view: NotedView,
    run_href: String,
    run: String,
    /// HTML.
    noted: String,
    /// HTML: when it was sent, or is tried next.
    at: Option<String>,
}

#[derive(Template)]
#[template(path = "notices.html")]
struct Page<'a> {
    token: &'a str,
    told: Vec<Told>,
    lines: Vec<Line>,
    next: Option<i64>,
    is_first: bool,
}

pub(super) async fn show(
    State(site): State<Site>,
    visit: Visit,
    Query(wanted): Query<Wanted>,
) -> Response {
    live::page(site, visit, Section::Notices, move |site| {
        made(site, wanted.clone())
    })
    .await
}

async fn made(site: Site, wanted: Wanted) -> Result<Shown> {
    let moment = Moment::now(&site.engine);
    let mut noted = site.engine.noted(None, wanted.before, PAGE + 1).await?;
    let has_more = noted.len() > PAGE;
    noted.truncate(PAGE);
    let last = noted.last().map(|(number, _)| *number);
    let lines = noted
        .iter()
        .map(|(_, notice)| line(NotedView::from(notice), &moment));
    let told = site.engine.notices();
    let told = told.iter().map(NoticeView::from).map(|view| Told {
        action: format!("/notices/{}/test", links::escaped(&view.name)),
        view,
    });
    let page = Page {
        token: &site.inner.token,
        told: told.collect(),
        lines: lines.collect::<Result<_>>()?,
        next: last.filter(|_| has_more),
        is_first: wanted.before.is_none(),
    };
    let shown = Shown::new(Section::Notices, "Notices", &page);
    // An older page is a place to read; rows that move under the eyes would be no help there.
    Ok(match wanted.before {
        None => shown,
        Some(_) => shown.fixed(),
    })
}

fn line(view: NotedView, moment: &Moment) -> Result<Line> {
    let at = view.sent.as_deref().or(view.due.as_deref());
    let run = view.news.get("run").and_then(serde_json::Value::as_str);
    Ok(Line {
        run: run.map_or_else(|| view.run_id.to_string(), str::to_owned),
        run_href: links::run(&view.run_id.to_string()),
        noted: moment.ago(read_time(&view.noted)?),
        at: at
            .map(|at| Ok::<_, crate::error::Error>(moment.ago(read_time(at)?)))
            .transpose()?,
        view,
    })
}

/// Sends a notice about nothing, now.
pub(super) async fn test(
    State(site): State<Site>,
    visit: Visit,
    Path(notice): Path<String>,
) -> Response {
    let sent = site.engine.test_notice(&notice).await;
    let done = sent.map(|()| go_to("/notices"));
    site.answer(&visit, Section::Notices, done)
}
