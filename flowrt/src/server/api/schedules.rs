//! Schedules: what fires when.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::ops::schedules::{ScheduleReport, Upcoming};
use crate::server::answer::Json;
use crate::server::route::{Answered, Call, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/schedules",
            "listSchedules",
            "Schedules, by deployment and name",
            list,
        ),
        Route::get(
            "/schedules/next",
            "listUpcoming",
            "The next slots, the soonest first",
            next,
        ),
        Route::post(
            "/deployments/{deployment}/schedules/pause",
            "pauseSchedules",
            "Do not let any schedule of a deployment fire",
            pause,
        ),
        Route::post(
            "/deployments/{deployment}/schedules/resume",
            "resumeSchedules",
            "Let all schedules of a deployment fire again; what has passed is not made up for",
            resume,
        ),
        Route::post(
            "/deployments/{deployment}/schedules/{schedule}/pause",
            "pauseSchedule",
            "Do not let a schedule fire",
            pause,
        ),
        Route::post(
            "/deployments/{deployment}/schedules/{schedule}/resume",
            "resumeSchedule",
            "Let a schedule fire again; what has passed is not made up for",
            resume,
        ),
    ]
}

async fn list(call: Call) -> Answered<Json<Vec<ScheduleReport>>> {
    Ok(Json(call.state.engine.schedules().await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UpcomingQuery {
    /// Only of this deployment.
    deployment: Option<String>,
    /// So many: 20 if nothing is said.
    #[schemars(range(min = 1, max = 1000))]
    count: Option<u32>,
}

async fn next(call: Call<UpcomingQuery>) -> Answered<Json<Vec<Upcoming>>> {
    let count = call.query.count.unwrap_or(20) as usize;
    let deployment = call.query.deployment.as_deref();
    Ok(Json(call.state.engine.upcoming(deployment, count).await?))
}

async fn switch(call: &Call, on: bool) -> Answered<Json<Vec<ScheduleReport>>> {
    let (deployment, slug) = (call.part("deployment"), call.part("schedule"));
    let slug = Some(slug).filter(|slug| !slug.is_empty());
    let switched = call.state.engine.switch_schedule(deployment, slug, on);
    Ok(Json(switched.await?))
}

async fn pause(call: Call) -> Answered<Json<Vec<ScheduleReport>>> {
    switch(&call, false).await
}

async fn resume(call: Call) -> Answered<Json<Vec<ScheduleReport>>> {
    switch(&call, true).await
}
