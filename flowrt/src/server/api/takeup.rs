//! Taking runs up again: resume and rerun, and what they will do.

use super::runs::begun;
use crate::ops::view::{PlanView, RunView};
use crate::ops::{Rerun, Resume};
use crate::server::answer::{Begun, Json};
use crate::server::route::{Answered, Call, Nothing, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/runs/{run}/resume/plan",
            "planResume",
            "What a resume would do; changes nothing",
            plan_resume,
        ),
        Route::post(
            "/runs/{run}/resume",
            "resumeRun",
            "Go on with a run: where it stopped, or with what made it fail",
            resume,
        ),
        Route::post(
            "/runs/{run}/rerun/plan",
            "planRerun",
            "What a rerun would do; changes nothing",
            plan_rerun,
        ),
        Route::post(
            "/runs/{run}/rerun",
            "rerunRun",
            "Start a new run that reuses what it can of this one",
            rerun,
        )
        .keyed(),
    ]
}

async fn plan_resume(call: Call<Nothing, Resume>) -> Answered<Json<PlanView>> {
    let engine = &call.state.engine;
    let found = call.run().await?;
    let record = engine.last_of(found.id).await?;
    let (how, plan) = engine.plan_resume(record.id, call.body).await?;
    Ok(Json(PlanView::of(&record, how, &plan)))
}

async fn resume(call: Call<Nothing, Resume>) -> Answered<Json<RunView>> {
    let engine = &call.state.engine;
    let found = call.run().await?;
    let record = engine.queue_resume(found.id, call.body).await?;
    Ok(Json(engine.view(&record).await?))
}

async fn plan_rerun(call: Call<Nothing, Rerun>) -> Answered<Json<PlanView>> {
    let engine = &call.state.engine;
    let record = call.run().await?;
    let plan = engine.plan_rerun(record.id, &call.body).await?;
    let how = crate::model::plan::How::Rerun;
    Ok(Json(PlanView::of(&record, how, &plan)))
}

async fn rerun(call: Call<Nothing, Rerun>) -> Answered<Begun<RunView>> {
    let key = call.key()?;
    let engine = &call.state.engine;
    let origin = call.run().await?;
    let rerun = Rerun {
        idempotency_key: key,
        ..call.body
    };
    let once = engine.rerun_once(origin.id, &rerun).await?;
    Ok(begun(engine, &once.record, once.is_new).await?)
}
