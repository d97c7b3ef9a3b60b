//! What a run logged, a page at a time.

use std::fmt::Write;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::links;
use crate::error::Result;
use crate::model::record::LogLine;
use crate::ops::LogFilter;
use crate::web::Site;
use crate::web::answer::{Section, Shown, Visit};
use crate::web::live;
use crate::web::masked;
use crate::web::moment::Moment;

/// Lines on one page.
const PAGE: usize = 1_000;

/// Which lines a person wants to see.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    step: Option<String>,
    /// Lines before that cursor; the last ones without.
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "logs.html")]
struct Page {
    run: String,
    run_href: String,
    step: Option<String>,
    lines: String,
    count: usize,
    older: Option<String>,
    newest: Option<String>,
}

pub(super) async fn show(
    State(site): State<Site>,
    visit: Visit,
    Path(run): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    live::page(site, visit, Section::Runs, move |site| {
        made(site, run.clone(), wanted.clone())
    })
    .await
}

async fn made(site: Site, run: String, wanted: Wanted) -> Result<Shown> {
    let engine = &site.engine;
    let record = engine.find(&run).await?;
    let filter = LogFilter {
        step: wanted.step.clone(),
        before: wanted.before,
        newest: true,
        limit: PAGE + 1,
        ..LogFilter::default()
    };
    let mut lines = engine.logs(record.id, filter).await?;
    let has_older = lines.len() > PAGE;
    if has_older {
        lines.remove(0);
    }
    let href = links::run(&record.name);
    let of_step = wanted.step.as_ref().map_or_else(String::new, |step| {
        format!("&step={}", links::escaped(step))
    });
    let older = lines.first().filter(|_| has_older);
    let page = Page {
        older: older.map(|(cursor, _)| format!("{href}/logs?before={cursor}{of_step}")),
        newest: wanted
            .before
            .map(|_| format!("{href}/logs?{}", of_step.trim_start_matches('&'))),
        count: lines.len(),
        lines: html(&lines, &record.name, &Moment::now(engine)),
        run: record.name.clone(),
        run_href: href,
        step: wanted.step,
    };
    let shown = Shown::new(Section::Runs, format!("Log of {}", record.name), &page);
    Ok(match wanted.before {
        None => shown,
        Some(_) => shown.fixed(),
    })
}

/// Lines in HTML: time, level, step, and what was said.
pub(super) fn html(lines: &[(i64, LogLine)], run: &str, moment: &Moment) -> String {
    let mut out = String::new();
    for (_, line) in lines {
        let level = match line.level.as_str() {
            "ERROR" => "error",
            "WARN" => "warn",
            "INFO" => "info",
            _ => "debug",
        };
        let _ = write!(
            out,
            "<p class=\"{level}\"><time title=\"{}\">{}</time> <b>{level}</b> ",
            moment.whole(line.time),
            moment.precise(line.time)
        );
        if !line.step.is_empty() {
            let _ = write!(
                out,
                "<a href=\"{}\">{}</a> ",
                links::step(run, &line.step),
                masked::html(&line.step)
            );
        }
        let _ = writeln!(out, "<span>{}</span></p>", masked::html(&line.message));
    }
    out
}
