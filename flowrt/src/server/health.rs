//! Whether the process lives.

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::State;

/// `/api/health`.
pub(super) fn routes() -> Router<State> {
    Router::new().route("/health", get(health))
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}
