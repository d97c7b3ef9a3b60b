//! One run: how it stands and why, its graph, its steps, its log, what went in and came out, and what can be done.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::origin::Origin;
use super::reasons::{Told, told};
use super::{artifacts, links, logs, rows, steps, trouble, values};
use crate::draw::svg;
use crate::error::{Error, Result};
use crate::model::graph::{Graph, Node, NodeKind};
use crate::model::ids::RunId;
use crate::model::record::{RunRecord, TaskCounts};
use crate::ops::outline::{Outlined, StepFilter};
use crate::ops::{Engine, LogFilter, RunFilter};
use crate::web::Site;
use crate::web::answer::{Section, Shown, Visit};
use crate::web::moment::Moment;
use crate::web::{live, signs};

/// Steps on a page of those of one kind.
const PAGE: usize = 200;
/// A graph of more nodes than these is no picture any more.
const NODES: usize = 300;
/// Log lines below the steps.
const LOG: usize = 200;
/// Failures that stand before the steps.
const FAILURES: usize = 10;
/// Child runs in the list.
const CHILDREN: usize = 20;

/// What a person wants to see of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    open: Option<String>,
    /// Every step of this kind.
    kind: Option<String>,
    /// Every failure.
    failed: Option<String>,
    /// A page of those, after this place.
    after: Option<i64>,
}

impl Wanted {
    /// Which steps a person wants to see one by one; none if it is all of the run.
    fn filter(&self) -> Option<StepFilter> {
        (self.kind.is_some() || self.failed.is_some()).then(|| StepFilter {
            kind: self.kind.clone(),
            failed: self.failed.is_some(),
            after: self.after,
            limit: PAGE,
            ..StepFilter::default()
        })
    }

    fn said(&self) -> String {
        match &self.kind {
            Some(kind) if self.failed.is_some() => format!("Every failure of {kind}"),
            Some(kind) => format!("Every step of {kind}"),
            None => "Every failure".to_owned(),
        }
    }

    fn after(&self, href: &str, place: i64) -> String {
        let kind = self.kind.as_ref();
        let kind = kind.map(|kind| format!("kind={}&", links::escaped(kind)));
        let failed = self.failed.as_ref().map_or("", |_| "failed=1&");
        format!(
            "{href}?{}{failed}after={place}#steps",
            kind.unwrap_or_default()
        )
    }
}

#[derive(Template)]
#[template(path = "run.html")]
struct Page<'a> {
    record: &'a RunRecord,
    href: String,
    flow_href: String,
    token: &'a str,
    state: String,
    took: String,
    accepted: String,
    started: Option<String>,
    finished: Option<String>,
    counts: TaskCounts,
    origin: Origin,
    /// HTML.
    trouble: String,
    /// HTML.
    artifacts: String,
    reasons: Vec<Told>,
    can: Can,
    picture: Option<String>,
    /// The picture is a narrow list of calls, which stands beside the steps.
    is_program: bool,
    /// How many nodes the graph has, if they are too many to be drawn.
    too_large: usize,
    /// HTML: the failures of a run whose steps are too many to be seen one by one, and how many there are.
    failures: Option<(String, String)>,
    steps: String,
    step_count: u64,
    log: String,
    has_log: bool,
    params: Vec<(String, String)>,
    output: Option<String>,
    children: String,
    has_children: bool,
}

/// What can be done with the run as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Can {
    cancel: bool,
    resume: bool,
    rerun: bool,
    delete: bool,
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
    let moment = Moment::now(engine);
    let bodies = site.inner.watching.bodies(record.id);
    let mut outlined = engine.outline(&record).await?;
    let recorded = outlined.steps.len();
    outlined.steps = steps::with_bodies(outlined.steps, bodies);
    let graph = engine.graph_with(&record, &outlined).await.ok();
    let counts = engine.task_counts(vec![record.id]).await?;
    let is_orphaned = engine.is_orphaned(&record);
    let reasons = match record.state.is_final() {
        true => Vec::new(),
        false => told(&engine.why(record.id).await?, &record.name, &moment),
    };
    let children = engine.runs(below(record.id)).await?;
    let lines = engine.logs(record.id, newest()).await?;
    let trouble = trouble_of(engine, &record, &moment).await?;
    let page = Page {
        href: links::run(&record.name),
        flow_href: links::flow(&record.flow),
        token: &site.inner.token,
        state: signs::of_run(record.state),
        took: rows::took(&record, &moment),
        accepted: moment.clock(record.created),
        started: record.started.map(|at| moment.clock(at)),
        finished: record.finished.map(|at| moment.clock(at)),
        counts: counts.first().copied().unwrap_or_default(),
        origin: Origin::of(engine, &record, &moment).await,
        trouble,
        artifacts: artifacts::html(engine, &record).await?,
        reasons,
        can: can(&record, is_orphaned),
        is_program: graph
            .as_ref()
            .is_some_and(|graph| !graph.is_dag && !graph.nodes.is_empty()),
        picture: graph
            .as_ref()
            .filter(|graph| (1..=NODES).contains(&graph.nodes.len()))
            .map(|graph| picture(graph, &record)),
        too_large: graph.as_ref().map_or(0, too_large),
        failures: failures(&record, &outlined, &wanted, &moment),
        step_count: outlined.total + (outlined.steps.len() - recorded) as u64,
        steps: match wanted.filter() {
            Some(filter) => listed(engine, &record, &wanted, filter, &moment).await?,
            None => steps::html(
                &steps::Known {
                    record: &record,
                    steps: &outlined.steps,
                    kinds: &outlined.kinds,
                    more_waits: outlined.more_waits,
                    graph: graph.as_ref(),
                    opened: wanted.open.as_deref(),
                },
                &moment,
            ),
        },
        has_log: !lines.is_empty(),
        log: logs::html(&lines, &record.name, &moment),
        params: values::params(&record.input),
        output: record
            .output
            .as_ref()
            .filter(|output| &***output != "null")
            .map(values::pretty),
        has_children: !children.is_empty(),
        children: rows::table(&rows::of(engine, &children).await?, true),
        record: &record,
    };
    let title = format!("{} · {}", record.name, record.state);
    let shown = Shown::new(Section::Runs, title, &page);
    // A later page is a place to read, and does not move under the eyes.
    Ok(if wanted.after.is_none() {
        shown
    } else {
        shown.fixed()
    })
}

/// How many nodes a graph has that are too many to be drawn; 0 if they are not.
fn too_large(graph: &Graph) -> usize {
    let nodes = graph.nodes.len();
    if nodes > NODES { nodes } else { 0 }
}

/// Why it did not complete, in HTML; nothing if there is nothing to explain.
async fn trouble_of(engine: &Engine, record: &RunRecord, moment: &Moment) -> Result<String> {
    Ok(match engine.digest(record).await? {
        Some(digest) => trouble::of_digest(&digest, &record.name, moment),
        // What waits for a person is told as it was recorded.
        None => record
            .error
            .as_ref()
            .filter(|_| record.state.needs_person())
            .map(|error| trouble::of_error(&Error::from_json(error), &record.name))
            .unwrap_or_default(),
    })
}

/// Every step of a kind, or every failure, page by page.
async fn listed(
    engine: &Engine,
    record: &RunRecord,
    wanted: &Wanted,
    filter: StepFilter,
    moment: &Moment,
) -> Result<String> {
    let page = engine.step_page(record.id, filter).await?;
    let href = links::run(&record.name);
    let next = page.next.map(|place| wanted.after(&href, place));
    Ok(steps::listed(
        record,
        &page.steps,
        (wanted.said(), next),
        moment,
    ))
}

/// The first failures of a run of which not every step is seen.
fn failures(
    record: &RunRecord,
    outlined: &Outlined,
    wanted: &Wanted,
    moment: &Moment,
) -> Option<(String, String)> {
    if outlined.failures.is_empty() || wanted.filter().is_some() {
        return None;
    }
    let shown = &outlined.failures[..outlined.failures.len().min(FAILURES)];
    let said = format!("all {}", outlined.failed);
    Some((said, steps::few(record, shown, moment)))
}

fn below(run: RunId) -> RunFilter {
    RunFilter {
        parent: Some(run),
        limit: CHILDREN,
        ..RunFilter::default()
    }
}

fn newest() -> LogFilter {
    LogFilter {
        newest: true,
        limit: LOG,
        ..LogFilter::default()
    }
}

fn can(record: &RunRecord, is_orphaned: bool) -> Can {
    use crate::model::state::RunState::{Completed, Skipped};
    let has_ended = record.state.is_final();
    let is_left = record.state.needs_person() || is_orphaned;
    Can {
        cancel: !has_ended && record.cancel_requested.is_none(),
        resume: is_left || (has_ended && !matches!(record.state, Completed | Skipped)),
        rerun: has_ended || is_left,
        delete: has_ended,
    }
}

/// The graph with its states; a node leads to its step, or to its items among the steps.
fn picture(graph: &Graph, record: &RunRecord) -> String {
    svg::part(graph, |node: &Node| match (node.kind, node.state) {
        _ if !graph.is_dag => None,
        (_, None | Some(crate::model::state::TaskState::Pending)) => None,
        (NodeKind::Map, _) => Some(format!(
            "{}?open={}#steps",
            links::run(&record.name),
            links::escaped(&node.id)
        )),
        (NodeKind::Branch, _) => None,
        _ => Some(links::step(&record.name, &node.id)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::state::RunState;
    use crate::web::tests::sample;

    #[test]
    fn what_can_be_done_depends_on_the_state() {
        let buttons = |state, is_orphaned| {
            let record = RunRecord {
                state,
                ..sample::run()
            };
            let can = can(&record, is_orphaned);
            (can.cancel, can.resume, can.rerun, can.delete)
        };
        assert_eq!(
            buttons(RunState::Running, false),
            (true, false, false, false)
        );
        assert_eq!(buttons(RunState::Running, true), (true, true, true, false));
        assert_eq!(
            buttons(RunState::Completed, false),
            (false, false, true, true)
        );
        assert_eq!(buttons(RunState::Failed, false), (false, true, true, true));
        assert_eq!(buttons(RunState::Parked, false), (true, true, true, false));
    }
}
