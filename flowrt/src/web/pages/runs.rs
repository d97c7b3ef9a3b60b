//! Runs, newest first, by what a person looks for.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::{links, rows};
use crate::draw::label::words;
use crate::error::Result;
use crate::model::record::Micros;
use crate::model::state::RunState;
use crate::ops::RunFilter;
use crate::web::Site;
use crate::web::answer::{Section, Shown, Visit};
use crate::web::live;

/// Runs on one page.
const PAGE: usize = 50;

/// What a person looks for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    state: String,
    flow: String,
    deployment: String,
    text: String,
    within: String,
    children: String,
    before: String,
}

/// States that mean the same to somebody who looks for something.
const GROUPS: &[(&str, &str, &[RunState])] = &[
    (
        "open",
        "under way",
        &[
            RunState::Scheduled,
            RunState::Pending,
            RunState::Running,
            RunState::Waiting,
            RunState::Retrying,
            RunState::Cancelling,
        ],
    ),
    (
        "failed",
        "failed, timed out or crashed",
        &[RunState::Failed, RunState::TimedOut, RunState::Crashed],
    ),
    (
        "held",
        "waiting for a person",
        &[RunState::Parked, RunState::Interrupted],
    ),
];

const TIMES: &[(&str, &str, Micros)] = &[
    ("1h", "the last hour", 3_600),
    ("1d", "the last 24 hours", 86_400),
    ("7d", "the last 7 days", 7 * 86_400),
    ("30d", "the last 30 days", 30 * 86_400),
];

/// The states of a group, or the one of that name; none for what is neither.
pub(super) fn states(name: &str) -> Vec<RunState> {
    let group = GROUPS.iter().find(|(key, ..)| *key == name);
    group.map_or_else(
        || RunState::parse(name).into_iter().collect(),
        |(_, _, states)| states.to_vec(),
    )
}

impl Wanted {
    fn filter(&self, now: Micros) -> RunFilter {
        let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let time = TIMES.iter().find(|(key, ..)| *key == self.within);
        RunFilter {
            states: states(&self.state),
            flow: filled(&self.flow),
            deployment: filled(&self.deployment),
            text: filled(&self.text),
            since: time.map(|(.., seconds)| now - seconds * 1_000_000),
            roots_only: self.children.is_empty(),
            limit: PAGE + 1,
            ..RunFilter::default()
        }
    }

    fn is_any(&self) -> bool {
        [
            &self.state,
            &self.flow,
            &self.deployment,
            &self.text,
            &self.within,
            &self.children,
        ]
        .iter()
        .all(|text| text.is_empty())
    }

    /// The address of the page that begins after that run.
    fn after(&self, run: &str) -> String {
        let fields = [
            ("state", &self.state),
            ("flow", &self.flow),
            ("deployment", &self.deployment),
            ("text", &self.text),
            ("within", &self.within),
            ("children", &self.children),
        ];
        let fields = fields.iter().filter(|(_, value)| !value.is_empty());
        let mut query: Vec<String> = fields
            .map(|(name, value)| format!("{name}={}", links::escaped(value)))
            .collect();
        query.push(format!("before={}", links::escaped(run)));
        format!("/runs?{}", query.join("&"))
    }
}

/// Something to choose in a form.
#[derive(Debug)]
struct Choice {
    value: &'static str,
    text: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "runs.html")]
struct Page<'a> {
    wanted: &'a Wanted,
    groups: Vec<Choice>,
    states: Vec<Choice>,
    flows: Vec<Choice>,
    times: Vec<Choice>,
    is_any: bool,
    rows: String,
    count: usize,
    next: Option<String>,
}

pub(super) async fn show(
    State(site): State<Site>,
    visit: Visit,
    Query(wanted): Query<Wanted>,
) -> Response {
    live::page(site, visit, Section::Runs, move |site| {
        made(site, wanted.clone())
    })
    .await
}

async fn made(site: Site, wanted: Wanted) -> Result<Shown> {
    let engine = &site.engine;
    let mut filter = wanted.filter(engine.now());
    if !wanted.before.is_empty() {
        filter.before = Some(engine.find(&wanted.before).await?.id);
    }
    let mut records = engine.runs(filter).await?;
    let has_more = records.len() > PAGE;
    records.truncate(PAGE);
    let next = records.last().filter(|_| has_more);
    let next = next.map(|last| wanted.after(&last.id.to_string()));
    let rows = rows::of(engine, &records).await?;
    let choice = |value: &'static str, text: String, chosen: &str| Choice {
        is_chosen: value.eq_ignore_ascii_case(chosen),
        value,
        text,
    };
    let groups = GROUPS.iter();
    let all_states = RunState::ALL.iter();
    let times = TIMES.iter();
    let flows = engine.flows();
    let page = Page {
        groups: groups
            .map(|(key, text, _)| choice(key, (*text).to_owned(), &wanted.state))
            .collect(),
        states: all_states
            .map(|state| {
                let name = state.as_str();
                let is_group = GROUPS
                    .iter()
                    .any(|(key, ..)| key.eq_ignore_ascii_case(&wanted.state));
                choice(name, words(name), if is_group { "" } else { &wanted.state })
            })
            .collect(),
        flows: flows
            .iter()
            .map(|flow| choice(flow.name, flow.name.to_owned(), &wanted.flow))
            .collect(),
        times: times
            .map(|(key, text, _)| choice(key, (*text).to_owned(), &wanted.within))
            .collect(),
        is_any: wanted.is_any(),
        count: rows.len(),
        rows: rows::table(&rows, true),
        next,
        wanted: &wanted,
    };
    let shown = Shown::new(Section::Runs, "Runs", &page);
    // An older page is a place to read; rows that move under the eyes would be no help there.
    Ok(if wanted.before.is_empty() {
        shown
    } else {
        shown.fixed()
    })
}
