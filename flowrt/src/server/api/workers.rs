//! Workers: who takes runs from queues.

use crate::ops::view::WorkerView;
use crate::server::answer::Json;
use crate::server::route::{Answered, Call, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get(
        "/workers",
        "listWorkers",
        "The workers that live, the oldest first, each with what it drives",
        list,
    )]
}

async fn list(call: Call) -> Answered<Json<Vec<WorkerView>>> {
    Ok(Json(call.state.engine.worker_views().await?))
}
