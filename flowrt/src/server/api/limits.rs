//! Limits.

use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ops::LimitReport;
use crate::ops::view::time;
use crate::server::answer::Json;
use crate::server::route::{Answered, Call, Nothing, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/limits",
            "listLimits",
            "Limits, who holds them and who waits",
            list,
        ),
        Route::get("/limits/{limit}", "showLimit", "One limit", show),
        Route::new(
            Method::PUT,
            "/limits/{limit}",
            "setLimit",
            "Allow more or less than the program says, at once and for all processes",
            set,
        ),
        Route::post(
            "/limits/{limit}/reset",
            "resetLimit",
            "Forget what has started: windows are empty, buckets full",
            reset,
        ),
        Route::get(
            "/limits/{limit}/plan",
            "planLimit",
            "How long so many calls take",
            plan,
        ),
    ]
}

async fn list(call: Call) -> Answered<Json<Vec<LimitReport>>> {
    Ok(Json(call.state.engine.limits().await?))
}

async fn show(call: Call) -> Answered<Json<LimitReport>> {
    Ok(Json(call.state.engine.limit(call.part("limit")).await?))
}

/// What a limit allows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LimitAmount {
    /// `8` for slots, `50 per minute` for a rate; null for what the program says.
    amount: Option<String>,
}

async fn set(call: Call<Nothing, LimitAmount>) -> Answered<Json<LimitReport>> {
    let (engine, name) = (&call.state.engine, call.part("limit"));
    engine.set_limit(name, call.body.amount.as_deref()).await?;
    Ok(Json(engine.limit(name).await?))
}

async fn reset(call: Call) -> Answered<Json<LimitReport>> {
    let (engine, name) = (&call.state.engine, call.part("limit"));
    engine.reset_limit(name).await?;
    Ok(Json(engine.limit(name).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LimitPlanQuery {
    /// How many calls: 1000 if nothing is said.
    #[schemars(range(min = 1, max = 100_000))]
    count: Option<u32>,
}

/// When calls will start.
#[derive(Debug, Serialize, JsonSchema)]
struct LimitPlan {
    /// The limit.
    limit: String,
    /// How many calls.
    count: u32,
    /// None for slots: it depends on how long each call takes.
    starts: Option<Starts>,
}

/// The first and the last start.
#[derive(Debug, Serialize, JsonSchema)]
struct Starts {
    /// When the first starts.
    first: String,
    /// When the last starts.
    last: String,
    /// The seconds between.
    seconds: i64,
}

async fn plan(call: Call<LimitPlanQuery>) -> Answered<Json<LimitPlan>> {
    let (engine, limit) = (&call.state.engine, call.part("limit").to_owned());
    let count = call.query.count.unwrap_or(1000);
    let planned = engine.plan_limit(&limit, count as usize).await?;
    let starts = planned.map(|(first, last)| Starts {
        first: time(first),
        last: time(last),
        seconds: last.saturating_sub(first) / 1_000_000,
    });
    Ok(Json(LimitPlan {
        limit,
        count,
        starts,
    }))
}
