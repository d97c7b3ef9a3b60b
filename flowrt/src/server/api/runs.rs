//! Runs: listed, shown, cancelled, deleted.

use axum::http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::model::digest::ErrorDigest;
use crate::model::ids::RunId;
use crate::model::record::RunRecord;
use crate::model::state::RunState;
use crate::ops::outline::StepFilter;
use crate::ops::view::{RunView, StepView, read_time};
use crate::ops::{Engine, Reason, Recap, RunFilter};
use crate::server::answer::{Done, Json};
use crate::server::problem::Problem;
use crate::server::route::{Answered, Call, Nothing, Route};

/// How many runs a page has if nobody says.
const PAGE: u32 = 50;

/// How many steps a page has if nobody says.
const STEPS: u32 = 1000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/runs",
            "listRuns",
            "Runs, newest first, page by page",
            list,
        ),
        Route::get("/runs/{run}", "showRun", "One run", show),
        Route::get(
            "/runs/{run}/steps",
            "listSteps",
            "The steps of a run in the order in which they ended, page by page; after the last come those that wait",
            steps,
        ),
        Route::get(
            "/runs/{run}/why",
            "whyRun",
            "Why a run, its steps and the runs below it do not go on now",
            why,
        ),
        Route::get(
            "/runs/{run}/digest",
            "digestRun",
            "The few lines that explain why a run did not complete; null if there is nothing to explain",
            digest,
        ),
        Route::get(
            "/runs/{run}/recap",
            "recapRun",
            "What became of the steps of a run: counts, and the names of a few",
            recap,
        ),
        Route::post(
            "/runs/{run}/cancel",
            "cancelRun",
            "Ask a run, and what it started, to stop; when this is answered, nothing new starts",
            cancel,
        ),
        Route::post(
            "/runs/{run}/signal/{name}",
            "signalRun",
            "Send a run a value that it waits for, or will wait for",
            signal,
        ),
        Route::new(
            Method::DELETE,
            "/runs/{run}",
            "deleteRun",
            "Delete a run that has ended, with its steps, logs and child runs",
            delete,
        ),
        Route::post(
            "/bulk/runs",
            "changeRuns",
            "Cancel or delete many runs; what became of each is told",
            bulk,
        ),
    ]
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RunsQuery {
    /// Only runs of this flow.
    flow: Option<String>,
    /// Only runs of this deployment.
    deployment: Option<String>,
    /// Only runs in this state (may be repeated).
    #[serde(default)]
    state: Vec<RunState>,
    /// Also runs that other runs started.
    #[serde(default)]
    children: bool,
    /// Only runs that this run started.
    parent: Option<RunId>,
    /// Only those whose name, or whose flow's, contains this.
    text: Option<String>,
    /// Only those accepted then or later: RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    since: Option<String>,
    /// Only those accepted before then: RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    until: Option<String>,
    /// At most so many: 50 if nothing is said.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<u32>,
    /// Only runs accepted before this one: the `next` of the page before.
    before: Option<RunId>,
}

/// A page of runs.
#[derive(Debug, Serialize, JsonSchema)]
struct RunPage {
    /// The runs, newest first.
    items: Vec<RunView>,
    /// For the next page: its `before`. None if there are no more.
    next: Option<RunId>,
}

async fn list(call: Call<RunsQuery>) -> Answered<Json<RunPage>> {
    let query = call.query;
    let limit = query.limit.unwrap_or(PAGE) as usize;
    let filter = RunFilter {
        flow: query.flow,
        states: query.state,
        roots_only: !query.children && query.parent.is_none(),
        parent: query.parent,
        deployment: query.deployment,
        backfill: None,
        text: query.text,
        since: query.since.as_deref().map(read_time).transpose()?,
        until: query.until.as_deref().map(read_time).transpose()?,
        before: query.before,
        // One more than is shown tells whether there are more.
        limit: limit + 1,
    };
    let engine = &call.state.engine;
    let mut records = engine.runs(filter).await?;
    let has_more = records.len() > limit;
    records.truncate(limit);
    let next = records.last().map(|last| last.id).filter(|_| has_more);
    let items = engine.views(&records).await?;
    Ok(Json(RunPage { items, next }))
}

async fn show(call: Call) -> Answered<Json<RunView>> {
    let record = call.run().await?;
    Ok(Json(call.state.engine.view(&record).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StepsQuery {
    /// Only those whose id without numbers and keys is this, such as `fetch[]`.
    kind: Option<String>,
    /// Only failures that the flow did not handle.
    #[serde(default)]
    failed: bool,
    /// Only those after this place: the `next` of the page before.
    #[schemars(range(min = 0))]
    after: Option<i64>,
    /// At most so many: 1000 if nothing is said.
    #[schemars(range(min = 1, max = 10_000))]
    limit: Option<u32>,
}

/// A page of steps.
#[derive(Debug, Serialize, JsonSchema)]
struct StepsPage {
    /// The steps.
    items: Vec<StepView>,
    /// For the next page: its `after`. None if there are no more.
    next: Option<i64>,
}

async fn steps(call: Call<StepsQuery>) -> Answered<Json<StepsPage>> {
    let record = call.run().await?;
    let filter = StepFilter {
        kind: call.query.kind,
        failed: call.query.failed,
        after: call.query.after,
        limit: call.query.limit.unwrap_or(STEPS) as usize,
        ..StepFilter::default()
    };
    let page = call.state.engine.step_page(record.id, filter).await?;
    Ok(Json(StepsPage {
        items: page.steps.into_iter().map(StepView::from).collect(),
        next: page.next,
    }))
}

async fn why(call: Call) -> Answered<Json<Vec<Reason>>> {
    let record = call.run().await?;
    Ok(Json(call.state.engine.why(record.id).await?))
}

async fn recap(call: Call) -> Answered<Json<Recap>> {
    let record = call.run().await?;
    Ok(Json(call.state.engine.recap(&record).await?))
}

async fn digest(call: Call) -> Answered<Json<Option<ErrorDigest>>> {
    let record = call.run().await?;
    Ok(Json(call.state.engine.digest(&record).await?))
}

async fn cancel(call: Call) -> Answered<Json<RunView>> {
    let engine = &call.state.engine;
    let record = call.run().await?;
    if !record.state.is_final() {
        engine.cancel(record.id).await?;
    }
    let record = engine.record(record.id).await?;
    Ok(Json(engine.view(&record).await?))
}

/// A value for a run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Signal {
    /// What the run waits for.
    #[serde(default)]
    value: Value,
}

async fn signal(call: Call<Nothing, Signal>) -> Answered<Done> {
    let engine = &call.state.engine;
    let record = call.run().await?;
    let (name, value) = (call.part("name"), &call.body.value);
    let last = engine.last_of(record.id).await?;
    let faults = engine.awaited(last.id).await?.faults(name, value);
    if !faults.is_empty() {
        return Err(Problem::of_faults("the value of the signal", faults));
    }
    engine.signal(record.id, name, value).await?;
    Ok(Done)
}

async fn delete(call: Call) -> Answered<Done> {
    let record = call.run().await?;
    delete_one(&call.state.engine, &record).await?;
    Ok(Done)
}

async fn delete_one(engine: &Engine, record: &RunRecord) -> Answered<()> {
    let deleted = engine.delete_ended(record).await;
    deleted.map_err(|error| match error.kind() {
        ErrorKind::Input => Problem {
            hint: error.try_this().map(str::to_owned),
            ..Problem::new(StatusCode::CONFLICT, "not_ended", error.message())
        },
        _ => error.into(),
    })
}

/// What is done with many runs.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum BulkAction {
    /// Ask them to stop.
    Cancel,
    /// Delete those that have ended.
    Delete,
}

/// Many runs, and what is done with them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Bulk {
    /// What is done.
    action: BulkAction,
    /// Runs by id, the beginning of it, or name.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    runs: Vec<String>,
    /// Instead of `runs`: those of this flow.
    flow: Option<String>,
    /// Instead of `runs`: those in these states.
    #[serde(default)]
    states: Vec<RunState>,
}

/// What became of one of many runs.
#[derive(Debug, Serialize, JsonSchema)]
struct BulkResult {
    /// The run as it was named, or its name.
    run: String,
    /// Whether it was done.
    done: bool,
    /// Why not.
    problem: Option<Problem>,
}

async fn bulk(call: Call<Nothing, Bulk>) -> Answered<Json<Vec<BulkResult>>> {
    let (engine, body) = (&call.state.engine, call.body);
    let by_filter = body.flow.is_some() || !body.states.is_empty();
    if by_filter != body.runs.is_empty() {
        let message = "a bulk change names its runs, or says by flow and states which they are";
        return Err(Error::new(ErrorKind::Input, message)
            .hint("send either `runs`, or `flow` and `states`")
            .into());
    }
    let mut names = body.runs;
    if by_filter {
        let filter = RunFilter {
            flow: body.flow,
            states: body.states,
            roots_only: true,
            limit: 1000,
            ..RunFilter::default()
        };
        let runs = engine.runs(filter).await?;
        names.extend(runs.into_iter().map(|run| run.id.to_string()));
    }
    let mut results = Vec::new();
    for name in names {
        let problem = change(engine, &name, body.action).await.err();
        results.push(BulkResult {
            run: name,
            done: problem.is_none(),
            problem,
        });
    }
    Ok(Json(results))
}

async fn change(engine: &Engine, name: &str, action: BulkAction) -> Answered<()> {
    let record = engine.find(name).await?;
    match action {
        BulkAction::Cancel if record.state.is_final() => Ok(()),
        BulkAction::Cancel => Ok(engine.cancel(record.id).await?),
        BulkAction::Delete => delete_one(engine, &record).await,
    }
}

/// What was begun is told with where it can be seen.
pub(super) async fn begun(
    engine: &Engine,
    record: &RunRecord,
    is_new: bool,
) -> Result<crate::server::answer::Begun<RunView>> {
    Ok(crate::server::answer::Begun {
        value: engine.view(record).await?,
        location: format!("/api/runs/{}", record.id),
        is_new,
    })
}
