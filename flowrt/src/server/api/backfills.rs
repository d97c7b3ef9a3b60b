//! Backfills: planned, begun, and told what people say meanwhile.

use crate::ops::schedules::{BackfillAsk, BackfillReport};
use crate::ops::view::{BackfillDetail, BackfillPlanView, BackfillView};
use crate::server::answer::{Begun, Json};
use crate::server::route::{Answered, Call, Nothing, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/backfills",
            "listBackfills",
            "Backfills, the newest first, and how far each is",
            list,
        ),
        Route::post(
            "/backfills",
            "startBackfill",
            "Start runs for slots of the past, so many at a time; when this is answered, it will not be lost",
            start,
        )
        .keyed(),
        Route::post(
            "/backfills/plan",
            "planBackfill",
            "Which slots a backfill would fill, and how long it would take by the runs before; changes nothing",
            plan,
        ),
        Route::get(
            "/backfills/{backfill}",
            "showBackfill",
            "One backfill with its slots, each with its run",
            show,
        ),
        Route::post(
            "/backfills/{backfill}/pause",
            "pauseBackfill",
            "Begin no more of its runs until it is resumed; those that were begun go on",
            pause,
        ),
        Route::post(
            "/backfills/{backfill}/resume",
            "resumeBackfill",
            "Go on with a backfill that was paused",
            resume,
        ),
        Route::post(
            "/backfills/{backfill}/cancel",
            "cancelBackfill",
            "Begin no more of its runs, and cancel those that are not over",
            cancel,
        ),
    ]
}

async fn list(call: Call) -> Answered<Json<Vec<BackfillView>>> {
    let reports = call.state.engine.backfills().await?;
    Ok(Json(reports.iter().map(BackfillView::from).collect()))
}

async fn plan(call: Call<Nothing, BackfillAsk>) -> Answered<Json<BackfillPlanView>> {
    let plan = call.state.engine.plan_backfill(&call.body).await?;
    Ok(Json(BackfillPlanView::from(&plan)))
}

async fn start(call: Call<Nothing, BackfillAsk>) -> Answered<Begun<BackfillView>> {
    let key = call.key()?;
    let engine = &call.state.engine;
    let (report, is_new) = engine.backfill_once(&call.body, key).await?;
    Ok(Begun {
        value: BackfillView::from(&report),
        location: format!("/api/backfills/{}", report.record.backfill.id),
        is_new,
    })
}

async fn show(call: Call) -> Answered<Json<BackfillDetail>> {
    let id = call.part("backfill");
    Ok(Json(call.state.engine.backfill_detail(id).await?))
}

fn told(report: &BackfillReport) -> Json<BackfillView> {
    Json(BackfillView::from(report))
}

async fn pause(call: Call) -> Answered<Json<BackfillView>> {
    let id = call.part("backfill");
    Ok(told(&call.state.engine.switch_backfill(id, false).await?))
}

async fn resume(call: Call) -> Answered<Json<BackfillView>> {
    let id = call.part("backfill");
    Ok(told(&call.state.engine.switch_backfill(id, true).await?))
}

async fn cancel(call: Call) -> Answered<Json<BackfillView>> {
    let id = call.part("backfill");
    Ok(told(&call.state.engine.cancel_backfill(id).await?))
}
