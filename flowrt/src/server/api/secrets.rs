//! Secrets: by name. No answer has a value.

use axum::http::Method;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::ops::SecretReport;
use crate::server::answer::{Done, Json};
use crate::server::route::{Answered, Call, Nothing, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/secrets",
            "listSecrets",
            "The secrets of the store, by name; never a value",
            list,
        ),
        Route::new(
            Method::PUT,
            "/secrets/{secret}",
            "setSecret",
            "Set a secret: it is encrypted before this is answered",
            set,
        ),
        Route::new(
            Method::DELETE,
            "/secrets/{secret}",
            "removeSecret",
            "Remove a secret",
            remove,
        ),
    ]
}

async fn list(call: Call) -> Answered<Json<Vec<SecretReport>>> {
    Ok(Json(call.state.engine.secrets().await?))
}

/// The value of a secret. Not `Debug`: it must not get into a log.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SecretValue {
    /// The value.
    #[schemars(length(min = 1))]
    value: String,
}

async fn set(call: Call<Nothing, SecretValue>) -> Answered<Done> {
    let name = call.part("secret");
    call.state.engine.set_secret(name, &call.body.value).await?;
    Ok(Done)
}

async fn remove(call: Call) -> Answered<Done> {
    call.state.engine.remove_secret(call.part("secret")).await?;
    Ok(Done)
}
