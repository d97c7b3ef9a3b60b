//! Kept results.

use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::ops::CacheReport;
use crate::server::answer::Json;
use crate::server::route::{Answered, Call, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/cache",
            "listCache",
            "Results that are kept, computed last first",
            list,
        ),
        Route::new(
            Method::DELETE,
            "/cache",
            "clearCache",
            "Forget kept results",
            clear,
        ),
    ]
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CacheQuery {
    /// Only of this task.
    task: Option<String>,
    /// At most so many: 50 if nothing is said.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
}

async fn list(call: Call<CacheQuery>) -> Answered<Json<Vec<CacheReport>>> {
    let query = &call.query;
    let limit = query.limit.unwrap_or(50) as usize;
    let cached = call.state.engine.cached(query.task.as_deref(), limit);
    Ok(Json(cached.await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ClearQuery {
    /// Only of this task.
    task: Option<String>,
    /// Only what was computed longer ago than this, such as `2h`.
    older_than: Option<String>,
}

/// How many were forgotten.
#[derive(Debug, Serialize, JsonSchema)]
struct Cleared {
    /// So many.
    cleared: u64,
}

async fn clear(call: Call<ClearQuery>) -> Answered<Json<Cleared>> {
    let older_than = call.query.older_than.as_deref();
    let older_than = older_than
        .map(|text| {
            flowrt_grammar::parse_duration(text).map_err(|error| {
                Error::new(ErrorKind::Input, format!("older_than: {error}"))
                    .hint("write it as 2h or 7d")
            })
        })
        .transpose()?;
    let task = call.query.task.as_deref();
    let cleared = call.state.engine.clear_cache(task, older_than).await?;
    Ok(Json(Cleared { cleared }))
}
