//! What starts by itself, and when; pausing it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::links;
use super::posted::Posted;
use crate::error::Result;
use crate::ops::Engine;
use crate::ops::schedules::{ScheduleReport, Upcoming};
use crate::web::Site;
use crate::web::answer::{Section, Shown, Visit, go_to, rendered};
use crate::web::live;
use crate::web::moment::Moment;

/// Starts that are foretold.
const COMING: usize = 20;

/// A schedule.
struct Line {
    deployment: String,
    slug: String,
    flow: String,
    flow_href: String,
    rule: String,
    catchup: String,
    params: String,
    fires: bool,
    /// HTML.
    last: String,
    /// HTML.
    next: String,
}

/// A start that will come.
struct Coming {
    flow: String,
    flow_href: String,
    deployment: String,
    slug: String,
    /// HTML.
    at: String,
    /// HTML.
    from_now: String,
}

#[derive(Template)]
#[template(path = "schedules.html")]
struct Page<'a> {
    token: &'a str,
    schedules: Vec<Line>,
    coming: String,
    has_coming: bool,
}

#[derive(Template)]
#[template(path = "coming.html")]
struct ComingTable {
    coming: Vec<Coming>,
}

pub(super) async fn show(State(site): State<Site>, visit: Visit) -> Response {
    live::page(site, visit, Section::Schedules, made).await
}

async fn made(site: Site) -> Result<Shown> {
    let moment = Moment::now(&site.engine);
    let schedules = site.engine.schedules().await?;
    let coming = coming(&site.engine, COMING, &moment).await?;
    let page = Page {
        token: &site.inner.token,
        schedules: schedules
            .into_iter()
            .map(|report| line(report, &moment))
            .collect(),
        has_coming: coming.is_some(),
        coming: coming.unwrap_or_default(),
    };
    Ok(Shown::new(Section::Schedules, "Schedules", &page))
}

/// The next starts as a table; nothing if none will come.
pub(super) async fn coming(
    engine: &Engine,
    count: usize,
    moment: &Moment,
) -> Result<Option<String>> {
    let coming = engine.upcoming(None, count).await?;
    if coming.is_empty() {
        return Ok(None);
    }
    let coming = coming.into_iter().map(|start| foretold(start, moment));
    Ok(Some(rendered(&ComingTable {
        coming: coming.collect(),
    })))
}

fn foretold(start: Upcoming, moment: &Moment) -> Coming {
    Coming {
        flow_href: links::flow(&start.flow),
        flow: start.flow,
        deployment: start.deployment,
        slug: start.slug,
        at: moment.clock(start.begin),
        from_now: moment.ago(start.begin),
    }
}

fn line(report: ScheduleReport, moment: &Moment) -> Line {
    let catchup = serde_json::to_value(report.catchup).unwrap_or_default();
    let params = report.parameters.iter();
    let params: Vec<_> = params
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    Line {
        flow_href: links::flow(&report.flow),
        flow: report.flow,
        deployment: report.deployment,
        slug: report.slug,
        rule: report.rule,
        catchup: catchup.as_str().unwrap_or_default().to_owned(),
        params: params.join(", "),
        last: report.last.map(|at| moment.clock(at)).unwrap_or_default(),
        next: match (report.fires, report.next) {
            (_, None) => "no more".to_owned(),
            (true, Some(at)) => format!("{} ({})", moment.clock(at), moment.ago(at)),
            (false, Some(_)) => String::new(),
        },
        fires: report.fires,
    }
}

/// Pauses or resumes a schedule.
pub(super) async fn switch(State(site): State<Site>, visit: Visit, posted: Posted) -> Response {
    let deployment = posted.get("deployment").unwrap_or_default();
    let on = posted.get("on") == Some("true");
    let switched = site
        .engine
        .switch_schedule(deployment, posted.filled("slug"), on);
    let done = switched.await.map(|_| go_to("/schedules"));
    site.answer(&visit, Section::Schedules, done)
}
