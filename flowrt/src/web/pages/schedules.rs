//! What starts by itself, and when; pausing it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::posted::Posted;
use super::{deployments, links};
use crate::error::Result;
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
    deployment_href: String,
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
    deployment_href: String,
    slug: String,
    /// HTML.
    at: String,
    /// HTML.
    from_now: String,
}

#[derive(Template)]
#[template(path = "schedules.html")]
struct Page {
    /// HTML; empty if there are none.
    schedules: String,
    coming: Option<String>,
}

#[derive(Template)]
#[template(path = "schedule_lines.html")]
struct Lines<'a> {
    token: &'a str,
    schedules: Vec<Line>,
    /// They are those of one deployment, and stand on its page.
    is_own: bool,
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
    let page = Page {
        schedules: lines(&site, schedules, false, &moment),
        coming: coming(site.engine.upcoming(None, COMING).await?, &moment),
    };
    Ok(Shown::new(Section::Schedules, "Schedules", &page))
}

/// The schedules of one deployment as a table; nothing if it has none.
pub(super) async fn of(site: &Site, deployment: &str, moment: &Moment) -> Result<String> {
    let schedules = site.engine.schedules_of(deployment).await?;
    Ok(lines(site, schedules, true, moment))
}

fn lines(site: &Site, reports: Vec<ScheduleReport>, is_own: bool, moment: &Moment) -> String {
    if reports.is_empty() {
        return String::new();
    }
    let schedules = reports.into_iter().map(|report| line(report, moment));
    rendered(&Lines {
        token: &site.inner.token,
        schedules: schedules.collect(),
        is_own,
    })
}

/// Starts that will come as a table; nothing if none will.
pub(super) fn coming(starts: Vec<Upcoming>, moment: &Moment) -> Option<String> {
    let coming: Vec<_> = starts
        .into_iter()
        .map(|start| foretold(start, moment))
        .collect();
    (!coming.is_empty()).then(|| rendered(&ComingTable { coming }))
}

fn foretold(start: Upcoming, moment: &Moment) -> Coming {
    Coming {
        flow_href: links::flow(&start.flow),
        flow: start.flow,
        deployment_href: deployments::href(&start.deployment),
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
        deployment_href: deployments::href(&report.deployment),
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
    let back = match posted.filled("own") {
        Some(_) => deployments::href(deployment),
        None => "/schedules".to_owned(),
    };
    let done = switched.await.map(|_| go_to(&back));
    site.answer(&visit, Section::Schedules, done)
}
