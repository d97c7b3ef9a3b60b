//! Deployments: shown, paused, run, deployed.

use axum::http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::runs::begun;
use crate::model::record::CacheUse;
use crate::ops::view::{RunView, read_time};
use crate::ops::{DeployAsk, DeployView, DeploymentReport, Start};
use crate::server::answer::{Begun, Document, Done, Json};
use crate::server::route::{Answered, Call, Nothing, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/deployments",
            "listDeployments",
            "Deployments, by name, each with its next start",
            list,
        ),
        Route::post(
            "/deployments",
            "deploy",
            "Deploy what a file in YAML says, or tell what that would change",
            deploy,
        ),
        Route::get(
            "/deployments/{deployment}",
            "showDeployment",
            "One deployment with its schedules",
            show,
        ),
        Route::get(
            "/deployments/{deployment}/parameters",
            "showDeploymentParameters",
            "The JSON Schema of its parameters, with its own values as defaults",
            parameters,
        ),
        Route::post(
            "/deployments/{deployment}/run",
            "runDeployment",
            "Put a run of it into its queue; when this is answered, the run will not be lost",
            run,
        )
        .keyed(),
        Route::post(
            "/deployments/{deployment}/pause",
            "pauseDeployment",
            "Let none of its schedules fire",
            pause,
        ),
        Route::post(
            "/deployments/{deployment}/resume",
            "resumeDeployment",
            "Let its schedules fire again; what has passed is not made up for",
            resume,
        ),
        Route::new(
            Method::DELETE,
            "/deployments/{deployment}",
            "deleteDeployment",
            "Take it and its schedules away; its runs stay",
            delete,
        ),
    ]
}

async fn list(call: Call) -> Answered<Json<Vec<DeploymentReport>>> {
    Ok(Json(call.state.engine.deployments().await?))
}

async fn show(call: Call) -> Answered<Json<DeploymentReport>> {
    let name = call.part("deployment");
    Ok(Json(call.state.engine.deployment(name).await?))
}

async fn parameters(call: Call) -> Answered<Document> {
    let name = call.part("deployment");
    Ok(Document(call.state.engine.deployment_schema(name).await?))
}

async fn pause(call: Call) -> Answered<Json<DeploymentReport>> {
    let name = call.part("deployment");
    Ok(Json(
        call.state.engine.switch_deployment(name, false).await?,
    ))
}

async fn resume(call: Call) -> Answered<Json<DeploymentReport>> {
    let name = call.part("deployment");
    Ok(Json(call.state.engine.switch_deployment(name, true).await?))
}

async fn delete(call: Call) -> Answered<Done> {
    let name = call.part("deployment");
    call.state.engine.delete_deployment(name).await?;
    Ok(Done)
}

/// A run of a deployment.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct DeploymentStart {
    /// Parameters of this run, in place of the deployment's.
    parameters: Map<String, Value>,
    /// What to call the run.
    name: Option<String>,
    /// What it does with results that other runs have kept.
    cache: CacheUse,
    /// It is not begun before that: RFC 3339.
    due: Option<String>,
}

async fn run(call: Call<Nothing, DeploymentStart>) -> Answered<Begun<RunView>> {
    let idempotency_key = call.key()?;
    let name = call.part("deployment").to_owned();
    let (engine, body) = (&call.state.engine, call.body);
    let start = Start {
        name: body.name,
        cache: body.cache,
        due: body.due.as_deref().map(read_time).transpose()?,
        idempotency_key,
        ..Start::default()
    };
    let once = engine
        .run_deployment_once(&name, body.parameters, start)
        .await?;
    Ok(begun(engine, &once.record, once.is_new).await?)
}

async fn deploy(call: Call<Nothing, DeployAsk>) -> Answered<Json<DeployView>> {
    Ok(Json(call.state.engine.deploy_as_asked(call.body).await?))
}
