//! Taking a run up again: what that will do is shown first, and changes with what a person decides.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::links;
use super::posted::Posted;
use crate::model::plan::{Action, How, Plan};
use crate::model::record::RunRecord;
use crate::ops::{Rerun, Resume};
use crate::web::Site;
use crate::web::answer::{Section, Shown, Visit, go_to};

/// Lines of a plan that are shown.
const LINES: usize = 200;

/// What a person decides.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Decided {
    trust_changed: Option<String>,
    retry_handled: Option<String>,
    retry_crashed: Option<String>,
    from: String,
}

impl Decided {
    fn of(posted: &Posted) -> Self {
        let ticked = |name: &str| posted.has(name).then(String::new);
        Self {
            trust_changed: ticked("trust_changed"),
            retry_handled: ticked("retry_handled"),
            retry_crashed: ticked("retry_crashed"),
            from: posted.get("from").unwrap_or_default().to_owned(),
        }
    }

    fn resume(&self) -> Resume {
        Resume {
            trust_changed: self.trust_changed.is_some(),
            retry_handled: self.retry_handled.is_some(),
            retry_crashed: self.retry_crashed.is_some(),
        }
    }

    fn rerun(&self) -> Rerun {
        Rerun {
            from: Some(self.from.clone()).filter(|from| !from.is_empty()),
            trust_changed: self.trust_changed.is_some(),
            retry_handled: self.retry_handled.is_some(),
            ..Rerun::default()
        }
    }
}

/// A line of the plan.
struct Line {
    runs: bool,
    names: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "again.html")]
struct Page<'a> {
    title: &'static str,
    verb: &'static str,
    run: &'a str,
    run_href: String,
    action: String,
    token: &'a str,
    lead: &'static str,
    lines: Vec<Line>,
    more: usize,
    and_what_follows: bool,
    decided: &'a Decided,
    /// What there is to decide: nothing about a recovery.
    has_choices: bool,
    is_rerun: bool,
    /// The steps that a rerun may begin with.
    steps: Vec<String>,
}

pub(super) async fn show_resume(
    State(site): State<Site>,
    visit: Visit,
    Path(run): Path<String>,
    Query(decided): Query<Decided>,
) -> Response {
    let made = async {
        let found = site.engine.find(&run).await?;
        let record = site.engine.last_of(found.id).await?;
        let (how, plan) = site.engine.plan_resume(record.id, decided.resume()).await?;
        Ok(site.page(&visit, &page(&site, &record, plan, how, &decided)))
    };
    site.answer(&visit, Section::Runs, made.await)
}

pub(super) async fn show_rerun(
    State(site): State<Site>,
    visit: Visit,
    Path(run): Path<String>,
    Query(decided): Query<Decided>,
) -> Response {
    let made = async {
        let record = site.engine.find(&run).await?;
        let plan = site.engine.plan_rerun(record.id, &decided.rerun()).await?;
        Ok(site.page(&visit, &page(&site, &record, plan, How::Rerun, &decided)))
    };
    site.answer(&visit, Section::Runs, made.await)
}

/// Goes on with the run.
pub(super) async fn resume(
    State(site): State<Site>,
    visit: Visit,
    Path(run): Path<String>,
    posted: Posted,
) -> Response {
    let done = async {
        let record = site.engine.find(&run).await?;
        let decided = Decided::of(&posted);
        let resume = decided.resume();
        let run = site.engine.queue_resume(record.id, resume).await?;
        Ok(go_to(&links::run(&run.name)))
    };
    site.answer(&visit, Section::Runs, done.await)
}

/// Starts a new run that reuses what it can of this one.
pub(super) async fn rerun(
    State(site): State<Site>,
    visit: Visit,
    Path(run): Path<String>,
    posted: Posted,
) -> Response {
    let done = async {
        let record = site.engine.find(&run).await?;
        let decided = Decided::of(&posted);
        let run = site.engine.rerun_once(record.id, &decided.rerun()).await?;
        Ok(go_to(&links::run(&run.record.name)))
    };
    site.answer(&visit, Section::Runs, done.await)
}

fn page(site: &Site, record: &RunRecord, plan: Plan, how: How, decided: &Decided) -> Shown {
    let is_rerun = how == How::Rerun;
    let mut lines = plan.lines();
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    let href = links::run(&record.name);
    let what = if is_rerun { "rerun" } else { "resume" };
    let page = Page {
        title: if is_rerun { "Rerun" } else { "Resume" },
        verb: match how {
            How::Rerun => "Start the new run",
            How::Resume => "Resume it",
            How::Recovery => "Go on with it",
        },
        lead: match how {
            How::Rerun => "A new run will",
            How::Resume => "Resuming it will",
            How::Recovery if record.started.is_none() => "It has not begun. Driving it will",
            How::Recovery => "It stopped in the middle. Going on with it will",
        },
        action: format!("{href}/{what}"),
        run: &record.name,
        run_href: href,
        token: &site.inner.token,
        steps: plan
            .steps
            .iter()
            .map(|step| step.step.clone())
            .take(LINES)
            .collect(),
        and_what_follows: plan.and_what_follows,
        lines: lines
            .into_iter()
            .map(|(action, names, reason)| Line {
                runs: action == Action::Run,
                names,
                reason,
            })
            .collect(),
        more,
        has_choices: how != How::Recovery,
        is_rerun,
        decided,
    };
    let title = format!("{} {}", page.title, record.name);
    Shown::new(Section::Runs, title, &page).fixed()
}
