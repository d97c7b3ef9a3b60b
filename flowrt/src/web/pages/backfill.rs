//! Filling slots of the past: the form, and the plan before anything starts.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::posted::Posted;
use super::{backfills, deployments};
use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::model::backfill::Which;
use crate::ops::DeploymentReport;
use crate::ops::schedules::{BackfillAsk, BackfillPlan};
use crate::web::Site;
use crate::web::answer::{Section, Shown, Visit, go_to, rendered};
use crate::web::moment::{Moment, between};

/// Slots of a plan that are listed.
const SLOTS: usize = 100;

/// What a person typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    from: String,
    to: String,
    schedule: String,
    which: String,
    concurrency: String,
    order: String,
}

const WHICH: [(&str, &str, Which); 3] = [
    ("missing", "slots without a run", Which::Missing),
    ("failed", "and those whose last run failed", Which::Failed),
    ("all", "and those that completed, again", Which::All),
];

impl Wanted {
    fn of(posted: &Posted) -> Self {
        let text = |name: &str| posted.get(name).unwrap_or_default().to_owned();
        Self {
            from: text("from"),
            to: text("to"),
            schedule: text("schedule"),
            which: text("which"),
            concurrency: text("concurrency"),
            order: text("order"),
        }
    }

    /// # Errors
    /// If the number of runs is none.
    fn ask(&self, deployment: &str) -> Result<BackfillAsk> {
        let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let concurrency = filled(&self.concurrency).map_or(Ok(1), |text| {
            text.parse().map_err(|_| {
                let message = format!("`{text}` is no number of runs");
                Error::new(ErrorKind::Input, message).hint("how many go on at once, as in 4")
            })
        });
        let which = WHICH.iter().find(|(name, ..)| *name == self.which);
        Ok(BackfillAsk {
            deployment: deployment.to_owned(),
            schedule: filled(&self.schedule),
            from: self.from.trim().to_owned(),
            to: self.to.trim().to_owned(),
            which: which.map_or(Which::Missing, |(_, _, which)| *which),
            concurrency: concurrency?,
            reverse: self.order == "latest",
        })
    }
}

#[derive(Template)]
#[template(path = "backfill_form.html")]
struct Form<'a> {
    action: String,
    wanted: &'a Wanted,
    which: &'static [(&'static str, &'static str, Which); 3],
    /// To choose one of; none, if there is only one.
    schedules: Vec<&'a str>,
    fault: Option<&'a Error>,
}

/// The form on the page of a deployment; none where nothing has slots.
pub(super) fn form(
    report: &DeploymentReport,
    wanted: &Wanted,
    fault: Option<&Error>,
) -> Option<String> {
    let slugs = report.schedules.iter().map(|one| one.slug.as_str());
    let schedules: Vec<_> = slugs.collect();
    if schedules.is_empty() {
        return None;
    }
    Some(rendered(&Form {
        action: address(&report.record.deployment.name),
        wanted,
        which: &WHICH,
        schedules: match schedules.len() {
            1 => Vec::new(),
            _ => schedules,
        },
        fault,
    }))
}

fn address(deployment: &str) -> String {
    format!("{}/backfill", deployments::href(deployment))
}

/// A slot of a plan.
struct Slot {
    /// HTML.
    at: String,
    schedule: String,
    again: bool,
}

/// A plan.
struct Planned {
    lead: String,
    slots: Vec<Slot>,
    more: usize,
    has_schedules: bool,
    /// The plan can be started: its fields, to be sent back as they are.
    fields: Vec<(&'static str, String)>,
    verb: String,
}

#[derive(Template)]
#[template(path = "backfill_plan.html")]
struct Page<'a> {
    name: &'a str,
    href: String,
    action: String,
    token: &'a str,
    form: Option<String>,
    plan: Option<Planned>,
}

/// The form, and what it would do once times are in it.
pub(super) async fn plan(
    State(site): State<Site>,
    visit: Visit,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let done = planned(&site, &visit, &name, &wanted).await;
    site.answer(&visit, Section::Deployments, done)
}

async fn planned(site: &Site, visit: &Visit, name: &str, wanted: &Wanted) -> Result<Response> {
    let report = site.engine.deployment(name).await?;
    if wanted.from.trim().is_empty() && wanted.to.trim().is_empty() {
        return Ok(site.page(visit, &page(site, &report, wanted, Ok(None))));
    }
    let plan = match wanted.ask(name) {
        Ok(ask) => site.engine.plan_backfill(&ask).await.map(Some),
        Err(error) => Err(error),
    };
    let status = status(plan.as_ref().err())?;
    let shown = page(site, &report, wanted, plan.as_ref().map(Option::as_ref));
    Ok(site.framed(visit, &shown, status))
}

/// What a person can mend is shown at the form; the rest is no fault of hers.
fn status(fault: Option<&Error>) -> Result<StatusCode> {
    match fault {
        None => Ok(StatusCode::OK),
        Some(error) if matches!(error.kind(), ErrorKind::Input | ErrorKind::NotFound) => {
            Ok(StatusCode::UNPROCESSABLE_ENTITY)
        }
        Some(error) => Err(error.clone()),
    }
}

fn page(
    site: &Site,
    report: &DeploymentReport,
    wanted: &Wanted,
    plan: std::result::Result<Option<&BackfillPlan>, &Error>,
) -> Shown {
    let name = &*report.record.deployment.name;
    let moment = Moment::now(&site.engine);
    let page = Page {
        name,
        href: deployments::href(name),
        action: address(name),
        token: &site.inner.token,
        form: form(report, wanted, plan.err()),
        plan: plan
            .ok()
            .flatten()
            .map(|plan| shown(plan, wanted, report, &moment)),
    };
    Shown::new(Section::Deployments, format!("Backfill {name}"), &page).fixed()
}

fn shown(
    plan: &BackfillPlan,
    wanted: &Wanted,
    report: &DeploymentReport,
    moment: &Moment,
) -> Planned {
    let count = plan.slots.len();
    let runs = if count == 1 { "run" } else { "runs" };
    let mut lead = match count {
        0 => "There is nothing to fill".to_owned(),
        _ => format!("{count} {runs}, {} at a time", plan.concurrency),
    };
    if let Some(estimate) = plan.estimate.filter(|_| count > 0) {
        lead.push_str(&format!(
            "; about {}, by the runs before",
            between(0, estimate)
        ));
    }
    if plan.left > 0 {
        let slots = if plan.left == 1 { "slot" } else { "slots" };
        lead.push_str(&format!("; {} {slots} left alone", plan.left));
    }
    let slots = plan.slots.iter().take(SLOTS).map(|slot| Slot {
        at: moment.clock(slot.at),
        schedule: slot.schedule.clone(),
        again: slot.again,
    });
    let fields = match count {
        0 => Vec::new(),
        _ => vec![
            ("from", wanted.from.clone()),
            ("to", wanted.to.clone()),
            ("schedule", wanted.schedule.clone()),
            ("which", wanted.which.clone()),
            ("concurrency", wanted.concurrency.clone()),
            ("order", wanted.order.clone()),
            // Sent twice, it begins one backfill.
            ("key", clock::new_uuid().to_string()),
        ],
    };
    Planned {
        lead,
        slots: slots.collect(),
        more: count.saturating_sub(SLOTS),
        has_schedules: report.schedules.len() > 1,
        fields,
        verb: format!("Start {count} {runs}"),
    }
}

/// Begins it, and shows how far it is.
pub(super) async fn start(
    State(site): State<Site>,
    visit: Visit,
    Path(name): Path<String>,
    posted: Posted,
) -> Response {
    let done = started(&site, &visit, &name, &posted).await;
    site.answer(&visit, Section::Deployments, done)
}

async fn started(site: &Site, visit: &Visit, name: &str, posted: &Posted) -> Result<Response> {
    let wanted = Wanted::of(posted);
    let key = posted.filled("key").map(str::to_owned);
    let begun = match wanted.ask(name) {
        Ok(ask) => site.engine.backfill_once(&ask, key).await,
        Err(error) => Err(error),
    };
    match begun {
        Ok((report, _)) => Ok(go_to(&backfills::href(&report.record.backfill.id))),
        Err(error) => {
            let status = status(Some(&error))?;
            let report = site.engine.deployment(name).await?;
            let shown = page(site, &report, &wanted, Err(&error));
            Ok(site.framed(visit, &shown, status))
        }
    }
}
