//! What runs have logged.

use std::time::Duration;

use futures_util::Stream as Flow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::mask;
use crate::model::ids::RunId;
use crate::model::record::LogLine;
use crate::ops::{Engine, LogFilter};
use crate::server::answer::{Json, Stream, StreamEvent};
use crate::server::route::{Answered, Call, Route};

/// How many lines a page has if nobody says.
const PAGE: u32 = 1000;

/// How often a run that goes on is asked for more.
const ASK: Duration = Duration::from_millis(200);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/runs/{run}/logs",
            "listLogs",
            "What a run has logged, page by page",
            list,
        ),
        Route::get(
            "/runs/{run}/logs/follow",
            "followLogs",
            "What a run has logged, and what it logs, until it ends; Last-Event-ID goes on after a line",
            follow,
        ),
    ]
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LogsQuery {
    /// Only of this step.
    step: Option<String>,
    /// Only lines after this: the `next` of the page before.
    #[schemars(range(min = 0))]
    after: Option<i64>,
    /// At most so many: 1000 if nothing is said.
    #[schemars(range(min = 1, max = 10_000))]
    limit: Option<u32>,
}

/// A page of log lines.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct LogPage {
    /// The lines, in the order in which they were written.
    items: Vec<LogLine>,
    /// For the next page: its `after`. None if there was no line.
    next: Option<i64>,
}

async fn list(call: Call<LogsQuery>) -> Answered<Json<LogPage>> {
    let record = call.run().await?;
    let filter = LogFilter {
        step: call.query.step,
        after: call.query.after,
        limit: call.query.limit.unwrap_or(PAGE) as usize,
        ..LogFilter::default()
    };
    let lines = call.state.engine.logs(record.id, filter).await?;
    Ok(Json(LogPage {
        next: lines.last().map(|(cursor, _)| *cursor),
        items: lines.into_iter().map(|(_, line)| line).collect(),
    }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FollowQuery {
    /// Only of this step.
    step: Option<String>,
}

async fn follow(call: Call<FollowQuery>) -> Answered<Stream<LogLine>> {
    let record = call.run().await?;
    let place = call.state.place()?;
    let after = call.last_event().and_then(|last| last.parse().ok());
    let lines = lines(
        call.state.engine.clone(),
        record.id,
        call.query.step.clone(),
        after,
    );
    Ok(Stream::new(call.state.until_shutdown(place.hold(lines))))
}

/// Pages of lines, one after the other, until the run has ended.
fn lines(
    engine: Engine,
    run: RunId,
    step: Option<String>,
    after: Option<i64>,
) -> impl Flow<Item = StreamEvent> + Send {
    use futures_util::StreamExt as _;
    let pages = futures_util::stream::unfold(Some(after), move |after| {
        let (engine, step) = (engine.clone(), step.clone());
        async move {
            let mut after = after?;
            loop {
                // Asked before the lines are read, so that the last ones are read too.
                let record = engine.record(run).await.ok()?;
                let is_over = record.state.is_final() || record.state.needs_person();
                let filter = LogFilter {
                    step: step.clone(),
                    after,
                    limit: PAGE as usize,
                    ..LogFilter::default()
                };
                let page = engine.logs(run, filter).await.ok()?;
                if let Some((last, _)) = page.last() {
                    after = Some(*last);
                    return Some((page, Some(after)));
                }
                if is_over {
                    return None;
                }
                Clock::real().sleep(ASK).await;
            }
        }
    });
    pages.flat_map(|page| {
        futures_util::stream::iter(page.into_iter().map(|(cursor, line)| {
            let mut value = serde_json::to_value(&line).unwrap_or_default();
            mask::json(&mut value);
            StreamEvent {
                id: Some(cursor.to_string()),
                name: "log",
                data: value.to_string(),
            }
        }))
    })
}
