//! The process and its store.

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::server::answer::{Document, Json, Plain};
use crate::server::problem::Problem;
use crate::server::route::{Answered, Call, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/health", "health", "Whether the process lives", health).open(),
        Route::get(
            "/ready",
            "ready",
            "Whether the process can do its work: its store answers",
            ready,
        )
        .open(),
        Route::get(
            "/metrics",
            "metrics",
            "What is counted, for Prometheus",
            metrics,
        ),
        Route::get("/openapi.json", "openapi", "This document", openapi),
        Route::get(
            "/store",
            "showStore",
            "What the store takes on the disk",
            show,
        ),
    ]
}

/// The process lives.
#[derive(Debug, Serialize, JsonSchema)]
struct Health {
    /// Always `ok`.
    status: &'static str,
    /// The version of flowrt.
    version: &'static str,
}

async fn health(_: Call) -> Answered<Json<Health>> {
    Ok(Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    }))
}

async fn ready(call: Call) -> Answered<Json<Health>> {
    let asked = call.state.engine.store_schema().await;
    asked.map_err(|error| {
        let detail = format!("the store does not answer: {}", error.message());
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", detail)
    })?;
    health(call).await
}

async fn metrics(call: Call) -> Answered<Plain> {
    let state = &call.state;
    Ok(Plain(state.metrics.text(&state.engine).await?))
}

async fn openapi(call: Call) -> Answered<Document> {
    Ok(Document((*call.state.document).clone()))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StoreQuery {
    /// At most so many of the largest runs are named: 5 if nothing is said.
    #[schemars(range(max = 100))]
    largest: Option<u32>,
}

async fn show(call: Call<StoreQuery>) -> Answered<Json<StoreView>> {
    let largest = call.query.largest.unwrap_or(5) as usize;
    let usage = call.state.engine.usage(largest).await?;
    let largest = usage.largest.into_iter().map(|run| LargeRun {
        run_id: run.id.to_string(),
        name: run.name,
        flow: run.flow,
        steps: run.steps,
        bytes: run.bytes,
    });
    let rows = usage.tables.into_iter();
    Ok(Json(StoreView {
        store: call.state.engine.url(),
        file_bytes: usage.file_bytes,
        log_bytes: usage.log_bytes,
        beside_bytes: usage.beside_bytes,
        free_bytes: usage.free_bytes,
        shrinks: usage.shrinks,
        rows: rows.map(|(name, rows)| (name, rows.into())).collect(),
        largest: largest.collect(),
    }))
}

/// What the store takes.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Store")]
struct StoreView {
    /// Its address.
    store: String,
    /// The database.
    file_bytes: u64,
    /// Its write-ahead log.
    log_bytes: u64,
    /// Files beside it.
    beside_bytes: u64,
    /// What of it is free for later runs.
    free_bytes: u64,
    /// It can give free space back to the disk.
    shrinks: bool,
    /// Rows by table.
    rows: Map<String, Value>,
    /// The largest runs.
    largest: Vec<LargeRun>,
}

/// A run and what it takes.
#[derive(Debug, Serialize, JsonSchema)]
struct LargeRun {
    /// Its id.
    run_id: String,
    /// Its name.
    name: String,
    /// Its flow.
    flow: String,
    /// How many steps are recorded.
    steps: u64,
    /// What their values take.
    bytes: u64,
}
