//! Limits: what they allow, who holds them, who waits.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::links;
use super::posted::Posted;
use crate::error::Result;
use crate::ops::TicketReport;
use crate::web::Site;
use crate::web::answer::{Section, Shown, Visit, go_to};
use crate::web::live;
use crate::web::moment::Moment;

/// Steps of a limit that are named; more are counted.
const NAMED: usize = 12;

/// A limit.
struct Line {
    name: String,
    rule: String,
    /// What the program says, where a person set something else.
    program: Option<String>,
    action: String,
    buckets: Vec<Bucket>,
}

struct Bucket {
    key: String,
    holders: Vec<Ticket>,
    waiting: Vec<Ticket>,
    more: usize,
}

struct Ticket {
    run: String,
    run_href: String,
    step: String,
    step_href: String,
    when: String,
}

#[derive(Template)]
#[template(path = "limits.html")]
struct Page<'a> {
    token: &'a str,
    limits: Vec<Line>,
}

pub(super) async fn show(State(site): State<Site>, visit: Visit) -> Response {
    live::page(site, visit, Section::Limits, made).await
}

async fn made(site: Site) -> Result<Shown> {
    let moment = Moment::now(&site.engine);
    let limits = site.engine.limits().await?;
    let page = Page {
        token: &site.inner.token,
        limits: limits
            .into_iter()
            .map(|limit| Line {
                action: format!("/limits/{}", links::escaped(&limit.name)),
                name: limit.name,
                rule: limit.rule.to_string(),
                program: limit.program.map(|rule| rule.to_string()),
                buckets: limit
                    .buckets
                    .into_iter()
                    .map(|bucket| Bucket {
                        key: bucket.key,
                        more: bucket.waiting.len().saturating_sub(NAMED),
                        holders: tickets(&bucket.holders, &moment),
                        waiting: tickets(&bucket.waiting, &moment),
                    })
                    .collect(),
            })
            .collect(),
    };
    Ok(Shown::new(Section::Limits, "Limits", &page))
}

fn tickets(reports: &[TicketReport], moment: &Moment) -> Vec<Ticket> {
    let named = reports.iter().take(NAMED);
    named
        .map(|ticket| Ticket {
            run_href: links::run(&ticket.name),
            step_href: links::step(&ticket.name, &ticket.step),
            run: ticket.name.clone(),
            step: ticket.step.clone(),
            when: ticket.start.map(|at| moment.ago(at)).unwrap_or_default(),
        })
        .collect()
}

/// Sets what a limit allows; nothing goes back to what the program says.
pub(super) async fn set(
    State(site): State<Site>,
    visit: Visit,
    Path(limit): Path<String>,
    posted: Posted,
) -> Response {
    let set = site.engine.set_limit(&limit, posted.filled("amount"));
    let done = set.await.map(|()| go_to("/limits"));
    site.answer(&visit, Section::Limits, done)
}
