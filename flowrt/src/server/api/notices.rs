//! Who is told of runs that fail, and what was.

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::model::ids::RunId;
use crate::ops::view::{NotedView, NoticeView};
use crate::server::answer::Json;
use crate::server::problem::Problem;
use crate::server::route::{Answered, Call, Nothing, Route};

/// How many notices a page has if nobody says.
const PAGE: u32 = 50;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/notices",
            "listNotices",
            "Who is told of what, by the settings of the server",
            list,
        ),
        Route::get(
            "/notices/noted",
            "listNoted",
            "What was to be told, noted last first, page by page: when it was sent, or why it was not",
            noted,
        ),
        Route::post(
            "/notices/{notice}/test",
            "testNotice",
            "Send a notice about nothing, now",
            test,
        ),
    ]
}

async fn list(call: Call) -> Answered<Json<Vec<NoticeView>>> {
    let notices = call.state.engine.notices();
    Ok(Json(notices.iter().map(NoticeView::from).collect()))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NotedQuery {
    /// Only what is about this run.
    run: Option<RunId>,
    /// At most so many: 50 if nothing is said.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<u32>,
    /// Only what was noted before that: the `next` of the page before.
    before: Option<i64>,
}

/// A page of notices.
#[derive(Debug, Serialize, JsonSchema)]
struct NotedPage {
    /// The notices, noted last first.
    items: Vec<NotedView>,
    /// For the next page: its `before`. None if there are no more.
    next: Option<i64>,
}

async fn noted(call: Call<NotedQuery>) -> Answered<Json<NotedPage>> {
    let query = call.query;
    let limit = query.limit.unwrap_or(PAGE) as usize;
    // One more than is told tells whether there are more.
    let noted = call.state.engine.noted(query.run, query.before, limit + 1);
    let mut noted = noted.await?;
    let has_more = noted.len() > limit;
    noted.truncate(limit);
    let last = noted.last().map(|(number, _)| *number);
    Ok(Json(NotedPage {
        items: noted
            .iter()
            .map(|(_, notice)| NotedView::from(notice))
            .collect(),
        next: last.filter(|_| has_more),
    }))
}

/// A notice that was sent.
#[derive(Debug, Serialize, JsonSchema)]
struct Tested {
    /// Its name.
    sent: String,
}

async fn test(call: Call<Nothing, Nothing>) -> Answered<Json<Tested>> {
    let name = call.part("notice").to_owned();
    let sent = call.state.engine.test_notice(&name).await;
    sent.map_err(not_sent)?;
    Ok(Json(Tested { sent: name }))
}

/// That somebody else does not take it is no mistake of the server.
fn not_sent(error: Error) -> Problem {
    let is_asked_wrong = matches!(error.kind(), ErrorKind::Input | ErrorKind::NotFound);
    let problem = Problem::from(error);
    if is_asked_wrong {
        return problem;
    }
    let status = StatusCode::BAD_GATEWAY;
    Problem {
        place: problem.place,
        hint: problem.hint,
        causes: problem.causes,
        ..Problem::new(status, "not_sent", problem.detail)
    }
}
