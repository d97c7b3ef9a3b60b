//! The first page: what is under way, what failed, what needs a person.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::{chart, rows, runs, schedules};
use crate::error::Result;
use crate::model::record::RunRecord;
use crate::ops::{Engine, RunFilter};
use crate::web::Site;
use crate::web::answer::{Section, Shown, Visit};
use crate::web::live;
use crate::web::moment::{Moment, rounded};

/// Runs in a list of this page.
const LIST: usize = 8;
/// Runs that are counted; more are "at least so many".
const COUNTED: usize = 1_000;
const DAY: i64 = 86_400_000_000;

#[derive(Template)]
#[template(path = "overview.html")]
struct Page {
    open: String,
    open_count: usize,
    held: String,
    held_count: usize,
    late: String,
    late_count: usize,
    /// There may be more than were counted.
    is_late_cut: bool,
    failed: String,
    failed_count: usize,
    latest: String,
    completed_count: usize,
    is_cut: bool,
    chart: String,
    /// The next starts; nothing if none will come.
    coming: Option<String>,
    is_empty: bool,
}

pub(super) async fn show(State(site): State<Site>, visit: Visit) -> Response {
    live::page(site, visit, Section::Overview, made).await
}

async fn made(site: Site) -> Result<Shown> {
    let engine = &site.engine;
    let moment = Moment::now(engine);
    let listed = async |name: &str, since: Option<i64>| -> Result<(String, usize)> {
        let filter = RunFilter {
            states: runs::states(name),
            roots_only: true,
            since,
            limit: COUNTED,
            ..RunFilter::default()
        };
        let records = engine.runs(filter).await?;
        let shown = &records[..records.len().min(LIST)];
        let rows = rows::of(engine, shown).await?;
        Ok((rows::table(&rows, true), records.len()))
    };
    let since = moment.now - DAY;
    let (open, open_count) = listed("open", None).await?;
    let (held, held_count) = listed("held", None).await?;
    let (failed, failed_count) = listed("failed", Some(since)).await?;
    let late = engine.late(COUNTED).await?;
    let today = RunFilter {
        roots_only: true,
        since: Some(since),
        limit: COUNTED,
        ..RunFilter::default()
    };
    let today = engine.runs(today).await?;
    let hours = chart::hours(&today, moment.now);
    let latest = RunFilter {
        roots_only: true,
        limit: LIST,
        ..RunFilter::default()
    };
    let latest = rows::read(engine, latest).await?;
    let page = Page {
        open,
        open_count,
        held,
        held_count,
        late_count: late.len(),
        is_late_cut: late.len() == COUNTED,
        late: late_rows(engine, &late[..late.len().min(LIST)], &moment).await?,
        failed,
        failed_count,
        is_empty: latest.is_empty(),
        latest: rows::table(&latest, true),
        completed_count: hours.iter().map(|hour| hour.good).sum(),
        is_cut: today.len() == COUNTED,
        coming: schedules::coming(engine.next_of_each(LIST).await?, &moment),
        chart: chart::day(&hours, &moment),
    };
    Ok(Shown::new(Section::Overview, "Overview", &page))
}

/// Runs that should have begun: how long ago is what there is to say of them.
async fn late_rows(engine: &Engine, late: &[RunRecord], moment: &Moment) -> Result<String> {
    let mut rows = rows::of(engine, late).await?;
    for (row, record) in rows.iter_mut().zip(late) {
        if let Some(due) = record.due {
            row.note = format!("should have begun {} ago", rounded(due, moment.now));
        }
    }
    Ok(rows::table(&rows, true))
}
